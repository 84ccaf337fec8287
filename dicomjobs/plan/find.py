"""From a find job to a step: one presentation context for its information model, and the identifiers as they will be encoded."""

from __future__ import annotations

from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.model.association import ContextTemplate, Proposal
from dicomjobs.model.job import FindJob
from dicomjobs.model.query import FIND_SOP_CLASS
from dicomjobs.plan.contexts import contexts_of_profile, number_contexts
from dicomjobs.plan.plan import FindStep, PlannedQuery


def plan_find(job: FindJob) -> FindStep:
    """Return the step of a query; its own profile, when it has one, is proposed as it stands."""
    sop_class_uid = FIND_SOP_CLASS[job.query.model]
    profile = job.association_profile
    if profile is None:
        template = ContextTemplate(abstract_syntax=sop_class_uid, transfer_syntaxes=FALLBACK)
        proposal = Proposal(contexts=number_contexts([template]))
    else:
        proposal = Proposal(
            contexts=contexts_of_profile(profile),
            roles=profile.roles,
            extended_negotiation=profile.extended_negotiation,
        )
    return FindStep(
        proposal=proposal,
        sop_class_uid=sop_class_uid,
        queries=(PlannedQuery(label="", identifier=job.query.identifier),),
        repeat=job.repeat,
        outputs=job.outputs,
        cancel_after=job.cancel_after,
        max_matches=job.max_matches,
        if_no_match=job.if_no_match,
        end_with=job.end_with,
    )

"""From a find job to a step: one presentation context for its information model, and the identifiers as they will be encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.model.association import ContextTemplate, ExtendedNegotiation, Proposal
from dicomjobs.model.job import FindJob
from dicomjobs.model.query import FIND_SOP_CLASS, NEGOTIABLE_BYTES, Identifier, Query, overlay
from dicomjobs.plan.contexts import number_contexts, proposal_of_profile
from dicomjobs.plan.plan import FindStep, PlannedQuery, PlannedRow

QueryFiles = dict[tuple[str, str], Identifier]
"""The data sets of query files, by path and by the character set assumed for text in a file that declares none."""

_SPECIFIC_CHARACTER_SET = 0x00080005


def assumed_character_set(job: FindJob) -> str:
    """Return the character set of text in query files that declare none: the one among the keys, else the peer's."""
    keys = (element.values for element in job.query.identifier if element.tag == _SPECIFIC_CHARACTER_SET)
    return "\\".join(next(keys, ())) or job.peer.character_set


def plan_find(job: FindJob, query_files: QueryFiles) -> FindStep:
    """Return the step of a query; its own profile, when it has one, is proposed as it stands."""
    sop_class_uid = FIND_SOP_CLASS[job.query.model]
    profile = job.association_profile
    if profile is None:
        template = ContextTemplate(abstract_syntax=sop_class_uid, transfer_syntaxes=FALLBACK)
        proposal = Proposal(contexts=number_contexts([template]))
    else:
        proposal = proposal_of_profile(profile)
    return FindStep(
        proposal=_with_negotiation(proposal, job.query, sop_class_uid),
        sop_class_uid=sop_class_uid,
        queries=tuple(_queries(job, query_files)),
        repeat=job.repeat,
        new_vrs=job.new_vrs,
        outputs=job.outputs,
        cancel_after=job.cancel_after,
        max_matches=job.max_matches,
        write_at_most=job.write_at_most,
        padding=job.padding,
        split=job.split,
        row_id=job.for_each.id if job.for_each else "",
        rows=tuple(PlannedRow(line=row.line, id=row.id) for row in job.for_each.rows) if job.for_each else (),
        if_no_match=job.if_no_match,
        end_with=job.end_with,
    )


def _queries(job: FindJob, query_files: QueryFiles) -> Iterator[PlannedQuery]:
    """Yield the keys laid over each query file, the keys alone where there is none."""
    assumed = assumed_character_set(job)
    for keys, rows in _keys(job):
        for path in job.query.files:
            yield PlannedQuery(label=path, identifier=overlay(query_files[path, assumed], keys), rows=rows)
        if not job.query.files:
            yield PlannedQuery(label="", identifier=keys, rows=rows)


def _keys(job: FindJob) -> list[tuple[Identifier, tuple[int, ...]]]:
    """Return the keys to ask with, each once, and the rows of a table that ask with them."""
    if job.for_each is None:
        return [(job.query.identifier, ())]
    folded: dict[Identifier, list[int]] = {}
    for place, row in enumerate(job.for_each.rows):
        folded.setdefault(row.identifier, []).append(place)
    return [(keys, tuple(places)) for keys, places in folded.items()]


def _with_negotiation(proposal: Proposal, query: Query, sop_class_uid: str) -> Proposal:
    """Add what a query wants to negotiate, in as few bytes as that takes (PS3.4 C.5.1.1.1)."""
    if not query.negotiate:
        return proposal
    wanted = [each in query.negotiate for each in NEGOTIABLE_BYTES]
    while not wanted[-1]:
        wanted.pop()
    extended = ExtendedNegotiation(sop_class_uid=sop_class_uid, information=bytes(wanted).hex())
    return replace(proposal, extended_negotiation=(*proposal.extended_negotiation, extended))

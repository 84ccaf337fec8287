"""`check --here`, the part that looks at files: presentation contexts that none of them can use, files that the peer does not take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import cache

from dicomjobs.cli.refusal import caution
from dicomjobs.config.workspace import Workspace
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.dicom.uids import name_of
from dicomjobs.disk.survey import survey
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AssociationProfile, ContextTemplate
from dicomjobs.model.job import Duplicates, StoreJob
from dicomjobs.model.send_set import SendSet
from dicomjobs.plan.route import NativeRoute, wanted_syntaxes
from dicomjobs.report.phrases import number_of

Kinds = Counter[tuple[str, str]]
"""How many files there are of each SOP class in each transfer syntax."""

_NAMED = 3


def context_warnings(workspace: Workspace) -> Diagnostics:
    """Return a warning for each context without a file, and for each kind of file that the peer does not accept."""
    kinds_of = cache(_kinds)
    found: list[Diagnostic] = []
    for job in workspace.jobs:
        if isinstance(job, StoreJob):
            of_job: list[Diagnostic] = []
            if isinstance(job.association_profile, AssociationProfile):
                of_job += _unused(job, job.association_profile, kinds_of(job.send_set))
            if acceptance := workspace.acceptances.get(job.peer):
                of_job += _unaccepted(job, acceptance, kinds_of(job.send_set))
            found += (workspace.whereabouts.located(each, ("jobs", job.name, "store")) for each in of_job)
    return tuple(dict.fromkeys(found))


def _kinds(send_set: SendSet) -> Kinds:
    """Survey the files of a send set that could be sent."""
    files = survey(send_set, duplicates=Duplicates.SKIP, now=time.time())
    return Counter((file.sop_class_uid, file.transfer_syntax) for file in files if not file.problem)


def _unused(job: StoreJob, profile: AssociationProfile, kinds: Kinds) -> Iterator[Diagnostic]:
    """Yield a warning when a profile has contexts on which none of the files can travel; nothing when there are no files."""
    idle = [context for context in profile.contexts if not any(_fits(context, *kind) for kind in kinds)]
    if kinds and idle:
        names = list(dict.fromkeys(name_of(context.abstract_syntax) for context in idle))
        listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        summary = (
            f"job {job.name}: {len(idle)} of {number_of(len(profile.contexts), 'presentation context')} of the profile "
            f"`{profile.name}` {'is' if len(idle) == 1 else 'are'} of no use to any file of `{job.send_set.name}`: {listed}"
        )
        yield caution("DJ617", summary, hint="leave them out; without a profile, what the files need is proposed")


def _fits(context: ContextTemplate, sop_class: str, transfer_syntax: str) -> bool:
    """Say whether a file of this kind can travel on a context, if need be in another native transfer syntax."""
    return context.abstract_syntax == sop_class and _is_wanted(transfer_syntax, context.transfer_syntaxes)


def _is_wanted(transfer_syntax: str, offered: tuple[str, ...]) -> bool:
    """Say whether a file in this transfer syntax can go out in one of those offered."""
    wanted = wanted_syntaxes(transfer_syntax, NativeRoute.OWN_SYNTAX)
    return any(not syntaxes.isdisjoint(offered) for syntaxes in wanted)


def _unaccepted(job: StoreJob, acceptance: Acceptance, kinds: Kinds) -> Iterator[Diagnostic]:
    """Yield a warning for each kind of file that would be refused; classes and syntaxes that are not probed are not judged."""
    for (sop_class, transfer_syntax), count in kinds.items():
        offered = acceptance.storage.get(sop_class, ())
        if acceptance.judges(sop_class) and not _is_wanted(transfer_syntax, offered):
            summary = (
                f"job {job.name}: as it was probed, the peer `{job.peer.name}` does not accept {name_of(sop_class)} in "
                f"{name_of(transfer_syntax)}, which {number_of(count, 'file')} of `{job.send_set.name}` "
                f"{'is' if count == 1 else 'are'}"
            )
            accepted = ", ".join(name_of(uid) for uid in offered[:_NAMED])
            hint = f"it accepts this class in {accepted}" if accepted else "it does not accept this class at all"
            yield caution("DJ618", summary, hint=hint)

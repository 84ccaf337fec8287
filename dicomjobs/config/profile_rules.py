"""What association profiles should offer: the default transfer syntax, and something that the peer accepts; they know no files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import assert_never

from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN, is_native
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AssociationProfile, ProposalPolicy, Proposing
from dicomjobs.model.job import StoreJob

_NAMED = 3
"""SOP classes that a warning names; the others are counted."""


def profiles_offer_the_default_transfer_syntax(site: Site) -> Iterator[Finding]:
    """PS3.5 10.1: every SOP class that is offered uncompressed is offered in Implicit VR Little Endian as well."""
    for at, profile in site.profiles.items():
        key, lacking = _lacking(profile)
        if lacking:
            yield Finding(
                at=(*at, key),
                code="DJ538",
                summary=f"{lacking} is not offered in ImplicitVRLittleEndian, the default transfer syntax",
                hint="add it to the transfer syntaxes: every application entity understands it (PS3.5 10.1)",
                severity=Severity.WARNING,
                at_key=True,
                given=(at,),
            )


def _lacking(profile: Proposing) -> tuple[str, str]:
    """Return the key under which the default transfer syntax is missing, and words for what lacks it, "" when nothing does."""
    match profile:
        case AssociationProfile():
            return "presentation_contexts", _listed(_without_default(profile))
        case ProposalPolicy():
            syntaxes = {uid for context in profile.transfer_syntaxes for uid in context}
            return "propose", "what is proposed uncompressed" if _lacks_default(syntaxes) else ""
        case _:
            assert_never(profile)


def _lacks_default(syntaxes: Collection[str]) -> bool:
    """Say whether some of the transfer syntaxes are native and none is the default one."""
    return any(map(is_native, syntaxes)) and IMPLICIT_VR_LITTLE_ENDIAN not in syntaxes


def _without_default(profile: AssociationProfile) -> tuple[str, ...]:
    """Return the abstract syntaxes with a native transfer syntax and without the default one."""
    offered: dict[str, set[str]] = {}
    for context in profile.contexts:
        offered.setdefault(context.abstract_syntax, set()).update(context.transfer_syntaxes)
    return tuple(uid for uid, syntaxes in offered.items() if _lacks_default(syntaxes))


def peers_accept_what_profiles_offer(site: Site) -> Iterator[Finding]:
    """A context of which the peer accepts no transfer syntax carries nothing; classes that are not probed are not judged."""
    for at, job in site.jobs.items():
        if not isinstance(job, StoreJob) or not isinstance(job.association_profile, AssociationProfile):
            continue
        acceptance = site.acceptances.get(job.peer)
        if acceptance and (refused := _refused(job.association_profile, acceptance)):
            yield Finding(
                at=(*at, "store", "association_profile"),
                code="DJ539",
                summary=f"as it was probed, the peer `{job.peer.name}` accepts nothing of what is offered for {_listed(refused)}",
                hint="offer what stands under its `accepts`, or probe it again",
                severity=Severity.WARNING,
                given=tuple(there for there, profile in site.profiles.items() if profile == job.association_profile),
            )


def _refused(profile: AssociationProfile, acceptance: Acceptance) -> tuple[str, ...]:
    """Return the storage classes of which no context would be accepted."""
    accepted: dict[str, bool] = {}
    for context in profile.contexts:
        taken = set(acceptance.storage.get(context.abstract_syntax, ())) & set(context.transfer_syntaxes)
        if acceptance.judges(context.abstract_syntax):
            accepted[context.abstract_syntax] = accepted.get(context.abstract_syntax, False) or bool(taken)
    return tuple(uid for uid, is_taken in accepted.items() if not is_taken)


def _listed(uids: Iterable[str]) -> str:
    """Name the first few, and count the others."""
    names = [name_of(uid) for uid in uids]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

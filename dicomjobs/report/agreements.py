"""What was agreed with a peer beside presentation contexts, as lines for a person: TLS, roles, extended negotiation.

It knows nothing of how lines are put together to a report.
"""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.dicom.escape import one_line
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.association import AcceptedRoles, ExtendedNegotiation, TlsSession
from dicomjobs.model.query import in_words
from dicomjobs.report.report import JobReport

MOST_LINES = 20
"""Different agreements of one job that are told: associations with one peer hardly differ."""


def agreement_lines(job: JobReport) -> tuple[str, ...]:
    """Return each agreement of a job's associations once, in the order in which they first came."""
    return tuple(dict.fromkeys(_lines(job)))[:MOST_LINES]


def _lines(job: JobReport) -> Iterator[str]:
    """Give the agreements of one association after the other."""
    for association in job.associations:
        if association.tls:
            yield _tls(association.tls)
        if association.weakened_by:
            yield f"weakened by {', '.join(weakness.value for weakness in association.weakened_by)}, as the peer's allow: permits"
        yield from map(_roles, association.roles)
        yield from map(_extended, association.extended_negotiation)


def _tls(tls: TlsSession) -> str:
    """Return what protects the association."""
    if not tls.peer_certificate_sha256:
        return f"{tls.version}, {tls.cipher}, no peer certificate"
    until = f", expires on {tls.peer_certificate_expires}" if tls.peer_certificate_expires else ""
    return f"{tls.version}, {tls.cipher}, peer certificate with SHA-256 {tls.peer_certificate_sha256}{until}"


def _roles(answer: AcceptedRoles) -> str:
    """Return the roles that the peer leaves to us."""
    accepted = [name for name, taken in (("SCU", answer.scu), ("SCP", answer.scp)) if taken]
    return f"{one_line(name_of(answer.sop_class_uid))}: accepted as {' and '.join(accepted) or 'neither SCU nor SCP'}"


def _extended(answer: ExtendedNegotiation) -> str:
    """Return what the peer answers to extended negotiation."""
    information = one_line(answer.information) or "nothing"
    return (
        f"{one_line(name_of(answer.sop_class_uid))}: extended negotiation answered with {information}{in_words(answer)}"
    )

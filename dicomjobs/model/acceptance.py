"""What a peer was found to accept when it was probed, and how that differs from what it accepted before.

It knows neither how a peer is probed nor how the result is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dicomjobs.dicom.uids import UidKind, kind_of, name_of
from dicomjobs.model.association import AsynchronousWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The transfer syntaxes accepted for each storage SOP class, alone; a class that is not accepted at all is not in it.

    `max_pdu` is in bytes, 0 for no limit; `scp_role` are classes for which the requestor may be the SCP.
    """

    storage: Mapping[str, tuple[str, ...]]
    scp_role: tuple[str, ...]
    max_pdu: int
    implementation_class_uid: str
    implementation_version: str
    asynchronous_window: AsynchronousWindow

    def judges(self, sop_class_uid: str) -> bool:
        """Say whether a class is one of those that are probed, so that its absence says something."""
        return sop_class_uid in self.storage or kind_of(sop_class_uid) is UidKind.STORAGE


def changes(before: Acceptance, after: Acceptance) -> Iterator[str]:
    """Yield a line for everything that is not as it was."""
    for sop_class in dict.fromkeys((*before.storage, *after.storage)):
        yield from _class_changes(sop_class, before.storage.get(sop_class, ()), after.storage.get(sop_class, ()))
    for sop_class in _missing(before.scp_role, after.scp_role):
        yield f"+ {name_of(sop_class)}: we may be the SCP"
    for sop_class in _missing(after.scp_role, before.scp_role):
        yield f"- {name_of(sop_class)}: we may no longer be the SCP"
    facts = (
        ("maximum PDU length", before.max_pdu, after.max_pdu),
        ("implementation class UID", before.implementation_class_uid, after.implementation_class_uid),
        ("implementation version", before.implementation_version, after.implementation_version),
        ("operations at once", before.asynchronous_window.invoked, after.asynchronous_window.invoked),
        ("operations asked of us at once", before.asynchronous_window.performed, after.asynchronous_window.performed),
    )
    yield from (f"~ {what}: {old} → {new}" for what, old, new in facts if old != new)


def _class_changes(sop_class: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    """Yield what changed for one SOP class."""
    name = name_of(sop_class)
    if not before:
        yield f"+ {name}: {_names(after)}"
    elif not after:
        yield f"- {name}: not accepted any more"
    else:
        if more := _missing(before, after):
            yield f"+ {name}: {_names(more)}"
        if less := _missing(after, before):
            yield f"- {name}: {_names(less)}"


def _missing(of: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is there and not in `of`."""
    known = frozenset(of)
    return tuple(uid for uid in there if uid not in known)


def _names(uids: tuple[str, ...]) -> str:
    """Return the names of some UIDs."""
    return ", ".join(map(name_of, uids))

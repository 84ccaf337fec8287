"""Names of UIDs: what a person may write where a UID is meant, and what to call a UID that was received.

It knows names only; what a SOP class or transfer syntax is good for is in the tables beside it. pydicom is not imported:
uids.tsv is made from PS3.6 annex A, dcmtk_uids.tsv holds the names that only DCMTK has, with the spellings of its older releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

from dicomjobs.dicom.table_file import table_text

_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")


class UidKind(Enum):
    """What a registered UID identifies; STORAGE is a SOP class that instances are stored with (PS3.4 B.5)."""

    TRANSFER_SYNTAX = "transfer_syntax"
    STORAGE = "storage"
    SOP_CLASS = "sop_class"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Tables:
    """The shipped tables: names to UIDs, UIDs to their first name, UIDs to kinds."""

    uids: dict[str, str]
    names: dict[str, str]
    kinds: dict[str, UidKind]


@cache
def _tables() -> _Tables:
    """Read both tables; PS3.6 comes first, so that its keyword is the name of a UID that DCMTK names otherwise."""
    kinds = {kind.value: kind for kind in UidKind}
    tables = _Tables({}, {}, {})
    for line in (table_text("uids.tsv") + table_text("dcmtk_uids.tsv")).splitlines():
        uid, kind, name = line.split("\t")
        tables.uids[name] = uid
        tables.names.setdefault(uid, name)
        tables.kinds.setdefault(uid, kinds[kind])
    return tables


def is_uid(text: str) -> bool:
    """Say whether a text is a UID: at most 64 characters, components without leading zeros (PS3.5 9.1)."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def uid_of(name: str) -> str | None:
    """Return the UID for a bare UID, a PS3.6 keyword or a DCMTK name; None for anything else."""
    return name if is_uid(name) else _tables().uids.get(name)


def name_of(uid: str) -> str:
    """Return the PS3.6 keyword of a UID, DCMTK's name where PS3.6 has none, or the UID itself."""
    return _tables().names.get(uid, uid)


def kind_of(uid: str) -> UidKind | None:
    """Return what a registered UID identifies, None for a UID that is not in the tables."""
    return _tables().kinds.get(uid)


def uids_of_kind(kind: UidKind) -> tuple[str, ...]:
    """Return every registered UID of a kind, in the order of the tables: that of PS3.6, then what only DCMTK names."""
    return tuple(uid for uid, its_kind in _tables().kinds.items() if its_kind is kind)


def uid_names(*kinds: UidKind) -> tuple[str, ...]:
    """Return every name whose UID is of one of the kinds, or every name there is; PS3.6 keywords come first."""
    tables = _tables()
    return tuple(name for name, uid in tables.uids.items() if not kinds or tables.kinds[uid] in kinds)

"""The names by which DCMTK itself knows UIDs, as its configuration files and dump2dcm write them; case counts.

It knows nothing of the keywords of PS3.6, which DCMTK understands only where its own name is the same.
"""

from __future__ import annotations

from enum import Enum
from functools import cache

from dicomjobs.dicom.table_file import table_text
from dicomjobs.dicom.uids import uid_of


class Since(Enum):
    """Which releases have a name: LASTING all since 3.6.7, NEWER only later ones than that, OLDER none since 3.6.8."""

    LASTING = "lasting"
    NEWER = "newer"
    OLDER = "older"


@cache
def _names() -> dict[str, Since]:
    """Read every name."""
    known = {since.value: since for since in Since}
    rows = (line.split("\t") for line in table_text("dcmtk_names.tsv").splitlines())
    return {name: known[since] for name, since in rows}


@cache
def _by_uid() -> dict[str, dict[Since, str]]:
    """Return the first name of each UID, for each of the times it has one in."""
    found: dict[str, dict[Since, str]] = {}
    for name, since in _names().items():
        if uid := uid_of(name):
            found.setdefault(uid, {}).setdefault(since, name)
    return found


def uid_named_by_dcmtk(name: str) -> str | None:
    """Return the UID that any release of DCMTK since 3.6.0 has under this name, None when none has."""
    return uid_of(name) if name in _names() else None


def since_of(name: str) -> Since:
    """Say which releases have a name; raises KeyError when none has."""
    return _names()[name]


def dcmtk_name_of(uid: str, *, since: Since = Since.LASTING) -> str | None:
    """Return DCMTK's name of a UID in those releases, None when it has none."""
    return _by_uid().get(uid, {}).get(since)


def dcmtk_names() -> tuple[str, ...]:
    """Return every name that DCMTK has today."""
    return tuple(name for name, since in _names().items() if since is not Since.OLDER)

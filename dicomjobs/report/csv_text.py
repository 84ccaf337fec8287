"""Lines of CSV that neither a spreadsheet nor a terminal can be fooled with (RFC 4180); it knows nothing of what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dicomjobs.dicom.escape import one_line

_LONGEST: Final = 1 << 20
_FORMULA: Final = tuple("=+-@\t\r")
_PLAIN: Final = re.compile(r"""(?![=+@\- ])[^\x00-\x1f\x7f-\U0010ffff",]*(?<! )\Z""")


def csv_line(fields: Iterable[str]) -> str:
    """Return one line with its newline."""
    return ",".join([field if _PLAIN.match(field) else _guarded(field) for field in fields]) + "\n"


def _guarded(field: str) -> str:
    """Quote a field, escape what would move a cursor or hide text, and put `'` before what a spreadsheet takes for a formula."""
    disarmed = f"'{field}" if field.startswith(_FORMULA) else field
    line = one_line(disarmed, _LONGEST).replace('"', '""')
    return f'"{line}"'

"""Lines of CSV that neither a spreadsheet nor a terminal can be fooled with (RFC 4180); it knows nothing of what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dicomjobs.dicom.escape import one_line

_LONGEST: Final = 1 << 20
_FORMULA: Final = tuple("=+-@\t\r")
_RISKY_START: Final = re.compile(",[=+@ -]")


def csv_line(fields: Sequence[str]) -> str:
    """Return one line with its newline; lines of plain fields, nearly all of a million, are recognised as a whole."""
    line = ",".join(fields)
    if not (line.count(",") == len(fields) - 1 and _is_plain(line)):
        line = ",".join([field if "," not in field and _is_plain(field) else _guarded(field) for field in fields])
    return line + "\n"


def _is_plain(text: str) -> bool:
    """Whether fields joined by commas can stand as they are: printable, no quotes, no formula, no space at an edge."""
    if not text.isprintable() or '"' in text:
        return False
    framed = f",{text},"
    return " ," not in framed and not _RISKY_START.search(framed)


def _guarded(field: str) -> str:
    """Quote a field, escape what would move a cursor or hide text, and put `'` before what a spreadsheet takes for a formula."""
    disarmed = f"'{field}" if field.startswith(_FORMULA) else field
    line = one_line(disarmed, _LONGEST).replace('"', '""')
    return f'"{line}"'

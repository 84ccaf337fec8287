"""DCMTK's data dictionary files (DCMDICTPATH): a line an attribute, its fields apart by tabs; it opens no file.

    (0019,"SIEMENS CT VA0  COAD",22)	DS	DetectorSpacing	1	PrivateTag
    (6000-60FF,0010)	US	OverlayRows	1	DICOM

Ranges are of even numbers unless they say `-o-` (odd) or `-u-` (both).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dicomjobs.diagnostics import Diagnostic, Location, Severity
from dicomjobs.dicom.data_dictionary import DictionaryEntry, NumberRange, Parity
from dicomjobs.dicom.value_representations import ALL

_NUMBERS = r"[0-9A-Fa-f]{1,4}(?:-(?:[eouEOU]-)?[0-9A-Fa-f]{1,4})?"
_TAG = re.compile(rf'\(\s*({_NUMBERS})\s*,\s*(?:"([^"]*)"\s*,\s*)?({_NUMBERS})\s*\)')
_VM = re.compile(r"[0-9]+(?:-(?:[0-9]*n|[0-9]+))?")
_OF_SEVERAL = {"xs": "US", "ox": "OW", "px": "OW", "lt": "OW", "up": "UL", "na": "", "pixelSQ": ""}
"""VRs that only DCMTK knows, and the one an identifier is encoded with; "" for what is no attribute of a data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryFile:
    """What a file says: its entries in order, and what is wrong with the lines that say nothing."""

    entries: tuple[DictionaryEntry, ...]
    diagnostics: tuple[Diagnostic, ...]


class _Wrong(Exception):
    """A line that is no entry: where in it, why, and what to write instead."""

    def __init__(self, field: str, words: str, hint: str) -> None:
        """Keep the field, the reason and the advice."""
        super().__init__(words)
        self.field = field
        self.words = words
        self.hint = hint


def read_dictionary(text: str, path: str, *, code: str) -> DictionaryFile:
    """Return the entries of a dictionary; every line that is none is a diagnostic of `code`."""
    entries: list[DictionaryEntry] = []
    diagnostics: list[Diagnostic] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            entries.extend(_entry(line))
        except _Wrong as wrong:
            diagnostics.append(_diagnostic(wrong, line, code, path, number))
    return DictionaryFile(entries=tuple(entries), diagnostics=tuple(diagnostics))


def _diagnostic(wrong: _Wrong, line: str, code: str, path: str, number: int) -> Diagnostic:
    """Place a mistake in its line."""
    column = max(line.find(wrong.field), 0) + 1
    place = Location(file=path, line=number, column=column, width=max(len(wrong.field), 1))
    return Diagnostic(
        code=code, severity=Severity.ERROR, summary=wrong.words, location=place, hint=wrong.hint, source_line=line
    )


def _entry(line: str) -> Iterator[DictionaryEntry]:
    """Yield the entry of a line, none for what is no attribute of a data set; raises _Wrong."""
    fields = [each.strip() for each in line.split("\t") if each.strip()]
    if len(fields) < 3:
        hint = "write tag, VR, name, VM and version with a tab after each"
        raise _Wrong(line.strip(), "an entry has at least a tag, a VR and a name, with tabs between them", hint)
    tag, vr, name = fields[:3]
    vm = fields[3] if len(fields) > 3 else "1"
    match = _TAG.fullmatch(tag)
    if match is None:
        raise _Wrong(tag, f"`{tag}` is no tag", 'write (gggg,eeee), or (gggg,"CREATOR",ee) for a private attribute')
    vr = _OF_SEVERAL.get(vr, vr)
    if vr and vr not in ALL:
        raise _Wrong(fields[1], f"there is no VR `{vr}`", "write one of PS3.5 table 6.2-1")
    if not _VM.fullmatch(vm):
        raise _Wrong(vm, f"`{vm}` is no value multiplicity", "write 1, 3, 1-n or 2-2n")
    if vr:
        yield DictionaryEntry(
            group=_range(match[1]), creator=(match[2] or "").rstrip(), element=_range(match[3]), vr=vr, name=name, vm=vm
        )


def _range(text: str) -> NumberRange:
    """Return the numbers that a text means."""
    first, *rest = text.split("-")
    last = rest[-1] if rest else first
    parity = Parity.ANY if not rest else Parity(rest[0].lower()) if len(rest) > 1 else Parity.EVEN
    return NumberRange(first=int(first, 16), last=int(last, 16), parity=parity)

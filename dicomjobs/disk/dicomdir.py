"""The files that a DICOMDIR names (PS3.3 F, PS3.10 8.6), one record after the other in flat memory.

Names in it are never believed to be inside its folder; whether the files are there is not looked at here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from dicomjobs.dicom.encoding import UNDEFINED_LENGTH, Encoding, encoding_of
from dicomjobs.disk.elements import elements
from dicomjobs.disk.header import LARGEST_VALUE, read_file_meta
from dicomjobs.disk.window import Damaged, Window

_TRANSFER_SYNTAX = 0x00020010
_RECORDS, _IN_USE, _FILE_ID = 0x00041220, 0x00041410, 0x00041500
_ITEM_END = 0xFFFEE00D
_WANTED = frozenset({_IN_USE, _FILE_ID, _ITEM_END})
_INACTIVE = b"\0\0"
_MOST_COMPONENTS = 8


def file_ids(window: Window) -> Iterator[tuple[str, ...]]:
    """Yield the components of each Referenced File ID (0004,1500) of records in use; one that is none has no components.

    The window is over a whole DICOMDIR, in any transfer syntax but a deflated one. Raises Damaged, also after some were given,
    and OSError.
    """
    position, meta = read_file_meta(window)
    encoding = encoding_of(meta.get(_TRANSFER_SYNTAX, b"").rstrip(b"\0 ").decode("latin-1"))
    for _tag, _vr, begin, length in elements(window, position, encoding, (_RECORDS,), last=_RECORDS):
        yield from _of_records(window, begin, begin + length, encoding)
        return


def _of_records(window: Window, position: int, end: int, encoding: Encoding) -> Iterator[tuple[str, ...]]:
    """Yield the file IDs of the records between two positions."""
    while position + 8 <= end:
        group, number, length = encoding.item.unpack(window.value(position, 8))
        position += 8
        if (group, number) != (0xFFFE, 0xE000):
            return  # the delimiter of a sequence of undefined length
        if length == UNDEFINED_LENGTH:
            record, depth, item_end = window, 1, end
        elif length <= LARGEST_VALUE:
            record, depth, item_end = Window(-1, length, window.value(position, length)), 0, position + length
        else:
            raise Damaged("a directory record is larger than any should be")
        file_id, in_use = b"", True
        for tag, _vr, begin, size in elements(record, position if depth else 0, encoding, _WANTED, depth=depth):
            if tag == _ITEM_END:
                item_end = begin
                break
            if tag == _IN_USE:
                in_use = record.value(begin, size) != _INACTIVE
            elif size <= LARGEST_VALUE:
                file_id = record.value(begin, size)
        if file_id.strip(b" \0") and in_use:
            yield _components(file_id)
        position = item_end


def _components(file_id: bytes) -> tuple[str, ...]:
    """Return the components of a file ID, none unless each of them is a plain name (PS3.10 8.5)."""
    names = tuple(part.strip(b" \0").decode("ascii", "surrogateescape") for part in file_id.split(b"\\"))
    plain = all(name and name not in {".", ".."} and not set(name) & set("/\0") for name in names)
    return names if plain and len(names) <= _MOST_COMPONENTS else ()


@dataclass(slots=True)
class Medium:
    """The folder of a DICOMDIR, in which names are found whatever case the file system shows them in."""

    folder: str
    _listings: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self, components: tuple[str, ...]) -> str:
        """Return the path of a file ID; as it is written when nothing of that name is there."""
        path = self.folder
        for name in components:
            exact = f"{path.rstrip('/')}/{name}"
            path = exact if os.path.lexists(exact) else f"{path.rstrip('/')}/{self._shown(path, name)}"
        return path

    def _shown(self, folder: str, name: str) -> str:
        """Return how a folder shows a name that it does not have in this case."""
        if folder not in self._listings:
            try:
                names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 - names, not paths
            except OSError:
                names = []
            self._listings[folder] = {each.upper(): each for each in names}
        return self._listings[folder].get(name.upper(), name)

"""A value of a checked document together with the way to it, so that whoever builds from it can say where a mistake is.

It knows the kinds of scalars and nothing of what any key means.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from dicomjobs.config.codes import error, warning
from dicomjobs.config.durations import parse_duration
from dicomjobs.config.places import Place, Places, Pointer, Unresolved, nearest_place
from dicomjobs.diagnostics import Diagnostic, Location

Word = TypeVar("Word", bound=Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found so far, and the places to show for it."""

    places: Places
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def location(self, pointer: Pointer, *, of_key: bool = False) -> Location | None:
        """Return where a value stands, or its key; the nearest thing around it when the user did not write it."""
        place = nearest_place(self.places, pointer)
        if place is None:
            return None
        return _key_or_value(place) if of_key or pointer not in self.places else place.value


def _key_or_value(place: Place) -> Location:
    """Return where the key stands, the value's place where there is no key."""
    return place.value if place.key is None else place.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A value, the way to it, and where its mistakes are written down.

    A text that depends on a value nobody gave is read as a harmless value of whatever kind is asked for, with nothing in
    it where a mapping is, and never complained about.
    """

    value: Any
    pointer: Pointer
    findings: Findings

    def __getitem__(self, key: str | int) -> Cursor:
        """Step into a mapping or a list."""
        inner = self.value if isinstance(self.value, Unresolved) else self.value[key]
        return Cursor(value=inner, pointer=(*self.pointer, key), findings=self.findings)

    def get(self, key: str) -> Cursor | None:
        """Step to a key, None when it is not there or has nothing after its colon."""
        return self[key] if isinstance(self.value, dict) and self.value.get(key) is not None else None

    def entries(self) -> Iterator[tuple[str, Cursor]]:
        """Yield the keys of a mapping with their values."""
        return ((key, self[key]) for key in self.value) if isinstance(self.value, dict) else iter(())

    def items(self) -> Iterator[Cursor]:
        """Yield the items of a list, or the one value that stands for a list of one."""
        return (self[place] for place in range(len(self.value))) if isinstance(self.value, list) else iter((self,))

    @property
    def unresolved(self) -> bool:
        """Whether this is a text that depends on a value nobody gave."""
        return isinstance(self.value, Unresolved)

    def text(self) -> str:
        """Read a text."""
        return self.value.text if isinstance(self.value, Unresolved) else str(self.value)

    def whole(self) -> int:
        """Read a whole number."""
        return 0 if isinstance(self.value, Unresolved) else int(self.value)

    def flag(self) -> bool:
        """Read true or false."""
        return False if isinstance(self.value, Unresolved) else bool(self.value)

    def seconds(self) -> float:
        """Read a duration, in seconds."""
        return parse_duration(self.text()) or 0.0

    def word(self, words: type[Word]) -> Word:
        """Read one of the words of an enumeration."""
        return next(iter(words)) if isinstance(self.value, Unresolved) else words(self.value)

    def path(self) -> str:
        """Read a path: absolute, relative to the file that wrote it."""
        return os.path.normpath(self._folder() / self.text())

    def pattern(self) -> str:
        """Read a path that may be a glob pattern; what is special to glob in the file's own folder is escaped."""
        text, folder = self.text(), str(self._folder())
        return os.path.normpath(Path(glob.escape(folder) if glob.has_magic(text) else folder) / text)

    def _folder(self) -> Path:
        """Return the folder of the file that wrote this value, absolute."""
        place = self.findings.location(self.pointer)
        return Path(place.file).parent.absolute() if place else Path.cwd()

    def error(self, code: str, summary: str, *, hint: str = "", detail: str = "", at_key: bool = False) -> None:
        """Write down what is wrong with this value, or with its key."""
        if not self.unresolved:
            place = self.findings.location(self.pointer, of_key=at_key)
            self.findings.diagnostics.append(error(code, summary, at=place, hint=hint, detail=detail))

    def warning(self, code: str, summary: str, *, hint: str = "", at_key: bool = False) -> None:
        """Write down what is doubtful about this value, or about its key."""
        if not self.unresolved:
            place = self.findings.location(self.pointer, of_key=at_key)
            self.findings.diagnostics.append(warning(code, summary, at=place, hint=hint))

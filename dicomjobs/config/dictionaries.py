"""The data dictionaries that a document names, read; what a line of one means is in `dcmtk/dictionary_file.py`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.config.codes import MOST_DIAGNOSTICS, error
from dicomjobs.config.cursor import Cursor
from dicomjobs.config.documents import LARGEST_FILE, small_file
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary, DictionaryEntry, dictionary_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionaries:
    """What all files say together, and each file with the SHA-256 of its bytes in hexadecimal digits."""

    dictionary: DataDictionary
    files: tuple[tuple[str, str], ...]


NO_DICTIONARIES = Dictionaries(dictionary=NOTHING_ELSE, files=())


def read_dictionaries(at: Cursor) -> tuple[Dictionaries, Diagnostics]:
    """Read the files of a list of paths in order, later entries over earlier ones; raises nothing."""
    if not at.value:
        return NO_DICTIONARIES, ()
    entries: list[DictionaryEntry] = []
    files: list[tuple[str, str]] = []
    diagnostics: list[Diagnostic] = []
    for item in at.items():
        if not item.unresolved:
            diagnostics.extend(_read(item, entries, files))
    return Dictionaries(dictionary=dictionary_of(tuple(entries)), files=tuple(files)), tuple(diagnostics)


def _read(item: Cursor, entries: list[DictionaryEntry], files: list[tuple[str, str]]) -> Iterator[Diagnostic]:
    """Read one file, and yield what is wrong with it."""
    from dicomjobs.dcmtk.dictionary_file import read_dictionary

    path, place = item.path(), item.findings.location(item.pointer)
    name = os.path.normpath(Path(place.file).parent / item.text()) if place else path
    try:
        content = small_file(path)
    except (OSError, ValueError) as problem:
        words = problem.strerror or problem if isinstance(problem, OSError) else "its name holds a NUL character"
        yield error("DJ562", f"cannot read the data dictionary {name}: {words}", at=place)
        return
    if len(content) > LARGEST_FILE:
        yield error("DJ562", f"the data dictionary {name} is larger than 1 MiB", at=place)
        return
    found = read_dictionary(content.decode("utf-8", "replace"), name, code="DJ563")
    yield from found.diagnostics[:MOST_DIAGNOSTICS]
    entries.extend(found.entries)
    files.append((path, hashlib.sha256(content).hexdigest()))

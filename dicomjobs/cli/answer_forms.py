"""The matches of a job in forms that hold each of them whole: one document with all, or a folder with a file for each.

It knows nothing of tables, or of when what is written gets its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import methodcaller
from pathlib import Path
from typing import Final

from dicomjobs.answers.dcmtk_xml import FOOT, HEAD, xml_file, xml_response
from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.answers.part10 import part10_head
from dicomjobs.answers.raw_elements import read_elements, trimmed, write_elements
from dicomjobs.cli.output_file import OutputFile, UnderWay
from dicomjobs.disk.deposit_folder import PartFolder
from dicomjobs.events import MatchesReceived
from dicomjobs.model.job import OutputFormat, Padding

Form = Callable[[bytes, MatchesReceived, Padding], bytes]
"""One answer, of matches that came together, written in a form."""


def _dicom(answer: bytes, matches: MatchesReceived, padding: Padding) -> bytes:
    """Return a DICOM file."""
    elements = read_elements(answer, matches.transfer_syntax)
    if padding is Padding.TRIM:
        answer = write_elements(trimmed(elements, matches.transfer_syntax), matches.transfer_syntax)
    return part10_head(answer, elements, matches.transfer_syntax) + answer


def _native_xml(answer: bytes, matches: MatchesReceived, _: Padding) -> bytes:
    """Return a document in the Native DICOM Model."""
    from dicomjobs.answers.native_xml import native_xml  # what it imports of the standard library is large

    return native_xml(decode_identifier(answer, matches.transfer_syntax, matches.character_set))


def _dicom_json(answer: bytes, matches: MatchesReceived, _: Padding) -> bytes:
    """Return an object in the DICOM JSON Model."""
    return json.dumps(
        decode_identifier(answer, matches.transfer_syntax, matches.character_set), allow_nan=False
    ).encode("ascii")


def _xml_response(answer: bytes, matches: MatchesReceived, padding: Padding) -> bytes:
    """Return an element of findscu's one file."""
    elements = read_elements(answer, matches.transfer_syntax)
    return xml_response(elements, matches.transfer_syntax, matches.character_set, padding)


def _xml_file(answer: bytes, matches: MatchesReceived, padding: Padding) -> bytes:
    """Return a file as findscu writes one for each answer."""
    elements = read_elements(answer, matches.transfer_syntax)
    return xml_file(elements, matches.transfer_syntax, matches.character_set, padding)


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """A form of one document: what begins it, stands between two answers and ends it."""

    form: Form
    head: bytes
    between: bytes
    foot: bytes


DOCUMENT_FORMS: Final = {
    OutputFormat.DICOM_JSON: DocumentForm(_dicom_json, b"[", b",\n", b"]\n"),
    OutputFormat.DCMTK_XML: DocumentForm(_xml_response, HEAD, b"", FOOT),
}

FOLDER_FORMS: Final[dict[OutputFormat, tuple[Form, str]]] = {
    OutputFormat.DICOM: (_dicom, "dcm"),
    OutputFormat.NATIVE_XML: (_native_xml, "xml"),
    OutputFormat.DCMTK_XML_EACH: (_xml_file, "xml"),
}
"""With the ending of the files' names."""


class Document:
    """One file that holds all answers."""

    def __init__(self, path: Path, written: OutputFormat, padding: Padding) -> None:
        """Begin it."""
        self._file = OutputFile(path)
        self._form = DOCUMENT_FORMS[written]
        self._padding = padding
        self._file.write(self._form.head)
        self._any = False

    @property
    def path(self) -> Path:
        """Where it goes."""
        return self._file.path

    @property
    def words(self) -> str:
        """Why there will be no file, "" while there will be one."""
        return self._file.words

    def take(self, matches: MatchesReceived) -> None:
        """Write matches; raises ProtocolError for one that cannot be read."""
        written = [self._form.form(answer, matches, self._padding) for answer in matches.identifiers]
        if written:
            self._file.write((self._form.between if self._any else b"") + self._form.between.join(written))
            self._any = True

    def publish(self) -> None:
        """End the document and give it its name."""
        self._file.write(self._form.foot)
        self._file.publish()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.discard()


class Folder(UnderWay[PartFolder]):
    """A folder with a file for each answer, numbered by responses as findscu numbers them."""

    def __init__(self, path: Path, written: OutputFormat, padding: Padding) -> None:
        """Begin; a folder inside the run's directory is made."""
        self._form, self._ending = FOLDER_FORMS[written]
        self._padding = padding
        super().__init__(path, lambda: PartFolder(path, belongs=names_of(self._ending)))

    def take(self, matches: MatchesReceived) -> None:
        """Write matches; raises ProtocolError for one that cannot be read."""
        for number, answer in enumerate(matches.identifiers, start=matches.response):
            written = self._form(answer, matches, self._padding)
            self.put(methodcaller("write", f"rsp{number:04d}.{self._ending}", written))


@cache
def names_of(ending: str) -> re.Pattern[str]:
    """Return what the files of a folder are called."""
    return re.compile(rf"rsp\d{{4,}}\.{ending}", re.ASCII)

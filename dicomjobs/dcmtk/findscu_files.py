"""The `outputs` of an imported findscu line: the files that it writes answers to, where they lie and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from dicomjobs.dcmtk.findscu_line import Extraction
from dicomjobs.dcmtk.job_text import Entry, Flow, Items, literal
from dicomjobs.dcmtk.peer_entries import PathOf

_FORMATS = {"--extract": "dicom", "--extract-xml": "dcmtk_xml_each", "--extract-xml-single": "dcmtk_xml"}


def extraction_entries(extraction: Extraction, path_of: PathOf) -> Iterator[Entry]:
    """Yield what is written."""
    if extraction.file:
        place = Entry(key="file", value=_in_folder(path_of(str(PurePath(extraction.directory) / extraction.file))))
    else:
        place = Entry(key="directory", value=_in_folder(path_of(extraction.directory)))
    output = Flow((Entry(key="format", value=_FORMATS[extraction.option]), place))
    yield Entry(key="outputs", value=Items((output,)))
    if extraction.limit:
        yield Entry(key="write_at_most", value=extraction.limit)
    if extraction.corrects:
        yield Entry(key="padding", value="trim")


def _in_folder(path: str) -> str:
    """Return a path that has a folder in it: without one it would mean a place in the run's own directory."""
    return literal(path if "/" in path else f"./{path}")

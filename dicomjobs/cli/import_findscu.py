"""`dicomjobs import findscu ARG…`: a script's command line becomes a job file that asks the same and gets the same files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.imported_line import job_of_line, read_command_file
from dicomjobs.dcmtk.dictionary_file import read_dictionary
from dicomjobs.dcmtk.findscu_job import Surroundings, findscu_job
from dicomjobs.dcmtk.findscu_line import read_findscu_line
from dicomjobs.dcmtk.peer_entries import PathOf
from dicomjobs.dicom.data_dictionary import DataDictionary, DictionaryEntry, dictionary_of

DICTIONARIES = "DCMDICTPATH"
"""The environment variable in which DCMTK's programs look for data dictionaries."""


def text_of(arguments: Arguments) -> str:
    """Return the job file; raises InvalidInput for a line that findscu refuses."""
    dictionaries = tuple(filter(None, os.environ.get(DICTIONARIES, "").split(os.pathsep)))
    dictionary = _read(dictionaries)

    def make(path_of: PathOf) -> str:
        said = read_findscu_line(arguments.line, read_command_file, dictionary)
        surroundings = Surroundings(
            arguments=arguments.line,
            path_of=path_of,
            dictionaries=dictionaries,
            today=datetime.now().astimezone().date(),
        )
        return findscu_job(said, surroundings)

    return job_of_line("findscu", make, arguments.output)


def _read(paths: Iterable[str]) -> DataDictionary:
    """Return what dictionaries say; what is wrong with one is told when the job is checked, which names it."""
    entries: list[DictionaryEntry] = []
    for path in paths:
        with suppress(OSError):
            entries += read_dictionary(Path(path).read_text("utf-8", "replace"), path, code="DJ563").entries
    return dictionary_of(tuple(entries))

"""The query files that jobs name, read before planning, so that the plan holds what is sent.

It knows how they are found and not what is in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from dicomjobs.cli.refusal import mistake
from dicomjobs.diagnostics import Diagnostic, Diagnostics, stop_on_errors
from dicomjobs.dicom.data_dictionary import DataDictionary, is_creator
from dicomjobs.model.job import FindJob, Job
from dicomjobs.model.query import Identifier, Query
from dicomjobs.plan.find import QueryFiles, assumed_character_set
from dicomjobs.plan.plan import InputFile


def read_query_files(jobs: Iterable[Job], dictionary: DataDictionary) -> tuple[QueryFiles, tuple[InputFile, ...]]:
    """Return the data sets of all query files and the files as inputs of the plan; raises InvalidInput naming all that are none."""
    found: QueryFiles = {}
    inputs: dict[str, InputFile] = {}
    stop_on_errors(tuple(_read_all(jobs, dictionary, found, inputs)))
    return found, tuple(inputs.values())


def query_file_problems(jobs: Iterable[Job], dictionary: DataDictionary) -> Diagnostics:
    """Return an error for each query file that a plan could not be made from; those with an open parameter are passed over."""
    return tuple(problem for problem in _read_all(jobs, dictionary, {}, {}) if "${" not in problem.summary)


def _read_all(
    jobs: Iterable[Job], dictionary: DataDictionary, found: QueryFiles, inputs: dict[str, InputFile]
) -> Iterator[Diagnostic]:
    """Read every query file, and yield what is wrong with those that cannot be."""
    for job in (job for job in jobs if isinstance(job, FindJob)):
        for path in job.query.files:
            from dicomjobs.disk.query_file import NotAQuery, read_query, read_query_file

            assumed = assumed_character_set(job)
            try:
                data = read_query_file(path)
                found[path, assumed] = read_query(data, assumed, dictionary)
                if words := _conflict(found[path, assumed], job.query):
                    yield mistake("DJ638", f"query {job.query.name}: {path}: {words}")
                inputs[path] = InputFile(path=path, sha256=sha256(data).hexdigest())
            except NotAQuery as error:
                yield mistake("DJ638", f"query {job.query.name}: {path}: {error}")
            except OSError as error:
                yield mistake("DJ601", f"query {job.query.name}: {path}: {error.strerror or error}")


def _conflict(data_set: Identifier, query: Query) -> str:
    """Say which block of private attributes the keys want for another creator than a file has it for, "" when they want none."""
    reserved = {element.tag: element.values for element in data_set if is_creator(element.tag)}
    for key in query.identifier if query.strict else ():
        if reserved.get(key.tag, key.values) != key.values:
            block, others = f"({key.tag >> 16:04X},{key.tag & 0xFFFF:04X})", "\\".join(reserved[key.tag])
            return f"it reserves {block} for {others}, the keys for {''.join(key.values)}; write their tags in another block"
    return ""

"""A query as it is typed at a shell, KEY=VALUE by KEY=VALUE: read by the same rules as one in a document.

It knows no command line; its mistakes have no place in a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dicomjobs.config.attribute_paths import NotAnAttribute, parse_path
from dicomjobs.config.build import build_site
from dicomjobs.config.documents import parse_document
from dicomjobs.config.evaluate import Scope
from dicomjobs.config.expand import expand_document
from dicomjobs.config.moment import Moment
from dicomjobs.config.parameters import MissingParameters
from dicomjobs.config.resolve import resolve_names
from dicomjobs.config.schema import check_shape, document_schema
from dicomjobs.config.validate import validate
from dicomjobs.diagnostics import Diagnostics, stop_on_errors
from dicomjobs.model.query import InformationModel, Query, QueryLevel

RETURN_KEYS: Mapping[QueryLevel | None, tuple[str, ...]] = {
    QueryLevel.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "NumberOfPatientRelatedStudies"),
    QueryLevel.STUDY: (
        *(
            "StudyDate",
            "StudyTime",
            "PatientID",
            "PatientName",
            "PatientBirthDate",
            "ModalitiesInStudy",
            "StudyDescription",
        ),
        *("AccessionNumber", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "StudyInstanceUID"),
    ),
    QueryLevel.SERIES: (
        *("Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined"),
        *("NumberOfSeriesRelatedInstances", "StudyInstanceUID", "SeriesInstanceUID"),
    ),
    QueryLevel.IMAGE: ("InstanceNumber", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
    None: (
        *("PatientID", "PatientName", "AccessionNumber", "RequestedProcedureDescription"),
        "ScheduledProcedureStepSequence[0].Modality",
        "ScheduledProcedureStepSequence[0].ScheduledStationAETitle",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime",
    ),
}
"""What is asked for at each level beside what was typed; None stands for the worklist."""


def query_of(
    keys: Sequence[tuple[str, str | None]], *, model: InformationModel, level: QueryLevel | None, now: datetime
) -> tuple[Query, Diagnostics]:
    """Return the query that keys mean, with the usual return keys; `now` is an aware time. The diagnostics returned are warnings.

    Raises InvalidInput with everything that is wrong.
    """
    typed = [_path(key) for key, _ in keys]
    asked = [*keys, *((key, None) for key in RETURN_KEYS[level] if not _speaks_of(typed, _path(key)))]
    read, unread = parse_document(_written(asked, model, level).encode(), "the command line")
    stop_on_errors(_unplaced(unread))
    assert read is not None
    scope = Scope(parameters={}, moment=Moment(time=now, zone=None), missing=MissingParameters.REFUSE)
    expanded, mistaken = expand_document(read.root, scope=scope)
    document, places, misshapen = check_shape(expanded.root, schema=document_schema())
    stop_on_errors(_unplaced((*mistaken, *misshapen)))
    references, _ = resolve_names(document, places=places)
    site, built = build_site(document, places=places, references=references, asconfig={})
    found = _unplaced((*built, *validate(site, document=document, places=places)))
    stop_on_errors(found)
    return site.queries["queries", "it"], found


def _path(key: str) -> tuple[int, ...]:
    """Return the tags on the way to what a key means, however it is spelt; nothing for a key that means nothing."""
    path = parse_path(key)
    return () if isinstance(path, NotAnAttribute) else tuple(step.attribute.tag for step in path)


def _speaks_of(typed: Sequence[tuple[int, ...]], path: tuple[int, ...]) -> bool:
    """Say whether a key was typed for a path or for a sequence that it leads through."""
    return any(each and path[: len(each)] == each for each in typed)


def _written(keys: Sequence[tuple[str, str | None]], model: InformationModel, level: QueryLevel | None) -> str:
    """Write the query as a document, a key that was typed twice twice."""
    pairs = ", ".join(f"{_quoted(key)}: {'' if value is None else _quoted(value)}" for key, value in keys)
    named = f", level: {level.value}" if level else ""
    return f"{{dicomjobs: 1, queries: {{it: {{model: {model.value}{named}, keys: {{{pairs}}}}}}}}}"


def _quoted(text: str) -> str:
    """Write a text in single quotes, in which nothing has another meaning."""
    return "'" + text.replace("'", "''") + "'"


def _unplaced(diagnostics: Diagnostics) -> Diagnostics:
    """Return diagnostics without places: there is no file to look them up in."""
    return tuple(replace(each, location=None, source_line="") for each in diagnostics)

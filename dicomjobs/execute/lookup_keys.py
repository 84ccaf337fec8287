"""The questions of a look-up: which keys ask for a series or for one instance, and whether a match is an answer to them; pure.

It knows identifiers as values, and no association.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dicomjobs.dicom.uids import is_uid
from dicomjobs.errors import ProtocolError
from dicomjobs.model.query import Element, Identifier, QueryLevel
from dicomjobs.plan.plan import PlannedInstance

SOP_INSTANCE_UID, QUERY_RETRIEVE_LEVEL, PATIENT_ID = 0x00080018, 0x00080052, 0x00100020
STUDY_INSTANCE_UID, SERIES_INSTANCE_UID = 0x0020000D, 0x0020000E
OF_STUDY, OF_SERIES = 0x00201208, 0x00201209
"""Number of Study and Number of Series Related Instances (PS3.4 C.3.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The keys of one query, "" for one that is only asked back, and where the answer for each UID belongs."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    wanted: Mapping[str, tuple[int, ...]]

    def one_by_one(self, seen: set[str]) -> Iterator[Question]:
        """Yield a question of its own for each instance that was not seen."""
        for uid, positions in self.wanted.items():
            if uid not in seen:
                yield Question(
                    study_instance_uid=self.study_instance_uid,
                    series_instance_uid=self.series_instance_uid,
                    sop_instance_uid=uid,
                    wanted={uid: positions},
                )


def questions(rows: Sequence[PlannedInstance]) -> Iterator[Question]:
    """Yield one question a series, and one an instance where the series is not known or only one of it is wanted."""
    by_series: dict[tuple[str, str], dict[str, tuple[int, ...]]] = {}
    for position, row in enumerate(rows):
        known = is_uid(row.study_instance_uid) and is_uid(row.series_instance_uid)
        series = (row.study_instance_uid, row.series_instance_uid) if known else ("", "")
        wanted = by_series.setdefault(series, {})
        wanted[row.sop_instance_uid] = (*wanted.get(row.sop_instance_uid, ()), position)
    for (study, other), wanted in by_series.items():
        whole = Question(study_instance_uid=study, series_instance_uid=other, sop_instance_uid="", wanted=wanted)
        if study and len(wanted) > 1:
            yield whole
        else:
            yield from whole.one_by_one(set())


def identifier_of(question: Question, *, patient_root: bool) -> Identifier:
    """Return the identifier at IMAGE level; in Patient Root the Patient ID is asked for, which makes the query relational."""
    return (
        _uid(SOP_INSTANCE_UID, question.sop_instance_uid),
        _level(QueryLevel.IMAGE),
        *_patient(patient_root=patient_root),
        _uid(STUDY_INSTANCE_UID, question.study_instance_uid),
        _uid(SERIES_INSTANCE_UID, question.series_instance_uid),
    )


def count_identifier(study_instance_uid: str, series_instance_uid: str, *, patient_root: bool) -> Identifier:
    """Return the identifier that asks for the number of instances of a series, or of a study when the series is ""."""
    study = (*_patient(patient_root=patient_root), _uid(STUDY_INSTANCE_UID, study_instance_uid))
    if not series_instance_uid:
        return (_level(QueryLevel.STUDY), *study, Element(tag=OF_STUDY, vr="IS"))
    series = (_uid(SERIES_INSTANCE_UID, series_instance_uid), Element(tag=OF_SERIES, vr="IS"))
    return (_level(QueryLevel.SERIES), *study, *series)


def count_in(identifier: Mapping[str, object], study_instance_uid: str, series_instance_uid: str) -> int:
    """Return the number of instances that a match tells; raises ProtocolError when it tells none, or of something else."""
    level = QueryLevel.SERIES if series_instance_uid else QueryLevel.STUDY
    check_match(identifier, QUERY_RETRIEVE_LEVEL, level.value)
    check_match(identifier, STUDY_INSTANCE_UID, study_instance_uid)
    check_match(identifier, SERIES_INSTANCE_UID, series_instance_uid)
    number = text_in(identifier, OF_SERIES if series_instance_uid else OF_STUDY)
    if not (number.isascii() and number.isdecimal()):
        raise ProtocolError(f"the peer does not say how many instances a {level.value.lower()} has")
    return int(number)


def _level(level: QueryLevel) -> Element:
    """Return the Query/Retrieve Level."""
    return Element(tag=QUERY_RETRIEVE_LEVEL, vr="CS", values=(level.value,))


def _patient(*, patient_root: bool) -> tuple[Element, ...]:
    """Return the key that only Patient Root has."""
    return (Element(tag=PATIENT_ID, vr="LO"),) if patient_root else ()


def _uid(tag: int, uid: str) -> Element:
    """Return a UID as a key, or as a return key."""
    return Element(tag=tag, vr="UI", values=(uid,) if uid else ())


def instance_in(identifier: Mapping[str, object], question: Question) -> str:
    """Return the SOP Instance UID of a match; raises ProtocolError when it is no match of the question."""
    uid = text_in(identifier, SOP_INSTANCE_UID)
    if not is_uid(uid) and uid not in question.wanted:
        raise ProtocolError("the peer answered a look-up at IMAGE level with a match that has no SOP Instance UID")
    check_match(identifier, QUERY_RETRIEVE_LEVEL, QueryLevel.IMAGE.value)
    check_match(identifier, SOP_INSTANCE_UID, question.sop_instance_uid)
    check_match(identifier, STUDY_INSTANCE_UID, question.study_instance_uid)
    check_match(identifier, SERIES_INSTANCE_UID, question.series_instance_uid)
    return uid


def check_match(identifier: Mapping[str, object], tag: int, asked: str) -> None:
    """Refuse a match that says something else than it was asked for; one that leaves the attribute out is let pass."""
    said = text_in(identifier, tag)
    if asked and said not in {"", asked}:
        raise ProtocolError(
            f"the peer answered a look-up with a match whose ({tag >> 16:04X},{tag & 0xFFFF:04X}) differs"
        )


def text_in(identifier: Mapping[str, object], tag: int) -> str:
    """Return the first value of an attribute in the DICOM JSON Model as text, "" when it has none."""
    attribute = identifier.get(f"{tag:08X}")
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    return "" if first is None else str(first)

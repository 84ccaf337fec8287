"""What the SCP of our own holds, as an index in memory that answers C-FIND at every level (PS3.4 C.6.1, C.6.2).

It knows headers and keys; nothing of files, of the wire, or of how an identifier is encoded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dicomjobs.dicom.attributes import by_keyword
from dicomjobs.model.query import QueryLevel
from dicomjobs.wire.matching import has_wildcard, matches
from dicomjobs.wire.received_header import TextElement

_KEYWORDS: Mapping[QueryLevel, str] = {
    QueryLevel.PATIENT: """PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex
        OtherPatientIDs OtherPatientNames EthnicGroup PatientComments""",
    QueryLevel.STUDY: """StudyInstanceUID StudyID StudyDate StudyTime AccessionNumber StudyDescription
        ReferringPhysicianName NameOfPhysiciansReadingStudy AdmittingDiagnosesDescription PatientAge PatientSize
        PatientWeight Occupation AdditionalPatientHistory""",
    QueryLevel.SERIES: """SeriesInstanceUID SeriesNumber Modality SeriesDate SeriesTime SeriesDescription Laterality
        BodyPartExamined ProtocolName PatientPosition FrameOfReferenceUID Manufacturer ManufacturerModelName
        StationName InstitutionName InstitutionalDepartmentName PerformingPhysicianName OperatorsName
        PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedProcedureStepID
        PerformedProcedureStepDescription""",
    QueryLevel.IMAGE: """SOPInstanceUID SOPClassUID InstanceNumber ImageType InstanceCreationDate InstanceCreationTime
        AcquisitionDate AcquisitionTime AcquisitionDateTime AcquisitionNumber ContentDate ContentTime NumberOfFrames
        Rows Columns BitsAllocated SliceLocation ContainerIdentifier""",
}


def _tag(keyword: str) -> int:
    """The tag of a PS3.6 keyword."""
    attribute = by_keyword(keyword)
    assert attribute is not None
    return attribute.tag


LEVEL_OF: Mapping[int, QueryLevel] = {
    _tag(keyword): level for level, keywords in _KEYWORDS.items() for keyword in keywords.split()
}
"""The attributes that can be matched and returned, with the level each belongs to (PS3.4 tables C.6-1 to C.6-4)."""

LAST_TAG = max(LEVEL_OF)
_DEPTH = {level: depth for depth, level in enumerate(QueryLevel)}
_PLACES = {tag: place for place, tag in enumerate(LEVEL_OF)}
_UNIQUE = {
    QueryLevel.PATIENT: _tag("PatientID"),
    QueryLevel.STUDY: _tag("StudyInstanceUID"),
    QueryLevel.SERIES: _tag("SeriesInstanceUID"),
    QueryLevel.IMAGE: _tag("SOPInstanceUID"),
}
_SOP_CLASS_UID, _MODALITY = _tag("SOPClassUID"), _tag("Modality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The attributes of one instance, in the order of LEVEL_OF."""

    values: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, elements: Iterable[TextElement]) -> Header:
        """The header that these elements make, others than those of LEVEL_OF being left out."""
        values: list[tuple[str, ...]] = [()] * len(_PLACES)
        for element in elements:
            place = _PLACES.get(element.tag)
            if place is not None:
                values[place] = element.values
        return cls(values=tuple(values))

    def __getitem__(self, tag: int) -> tuple[str, ...]:
        return self.values[_PLACES[tag]]

    def unique(self, level: QueryLevel) -> str:
        """The unique key of a level, "" when the instance has none."""
        return "\\".join(self[_UNIQUE[level]])

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID (0008,0016)."""
        return "\\".join(self[_SOP_CLASS_UID])


Members = Mapping[str, Header]


def _count(level: QueryLevel) -> Callable[[Members], tuple[str, ...]]:
    """How many entities of a level there are among some instances."""
    return lambda members: (str(len({header.unique(level) for header in members.values()})),)


def _distinct(tag: int) -> Callable[[Members], tuple[str, ...]]:
    """The values an attribute has among some instances, sorted."""
    return lambda members: tuple(sorted({value for header in members.values() for value in header[tag]}))


_COMPUTED: Mapping[int, tuple[QueryLevel, Callable[[Members], tuple[str, ...]]]] = {
    _tag("ModalitiesInStudy"): (QueryLevel.STUDY, _distinct(_MODALITY)),
    _tag("SOPClassesInStudy"): (QueryLevel.STUDY, _distinct(_SOP_CLASS_UID)),
    _tag("NumberOfPatientRelatedStudies"): (QueryLevel.PATIENT, _count(QueryLevel.STUDY)),
    _tag("NumberOfPatientRelatedSeries"): (QueryLevel.PATIENT, _count(QueryLevel.SERIES)),
    _tag("NumberOfPatientRelatedInstances"): (QueryLevel.PATIENT, _count(QueryLevel.IMAGE)),
    _tag("NumberOfStudyRelatedSeries"): (QueryLevel.STUDY, _count(QueryLevel.SERIES)),
    _tag("NumberOfStudyRelatedInstances"): (QueryLevel.STUDY, _count(QueryLevel.IMAGE)),
    _tag("NumberOfSeriesRelatedInstances"): (QueryLevel.SERIES, _count(QueryLevel.IMAGE)),
    _tag("InstanceAvailability"): (QueryLevel.PATIENT, lambda _members: ("ONLINE",)),
}
"""Attributes that no instance has: they are made from all instances of an entity (PS3.4 C.3.4)."""


def is_supported(tag: int, level: QueryLevel) -> bool:
    """Say whether an attribute is matched and returned at a level: it must belong to that level or one above it."""
    own = LEVEL_OF.get(tag) or (_COMPUTED[tag][0] if tag in _COMPUTED else None)
    return own is not None and _DEPTH[own] <= _DEPTH[level]


class Holdings:
    """The index; every method may be called from any thread."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self._lock = threading.Lock()
        self._entities: dict[QueryLevel, dict[str, dict[str, Header]]] = {level: {} for level in QueryLevel}
        self._pool: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._entities[QueryLevel.IMAGE])

    def __contains__(self, sop_instance_uid: str) -> bool:
        return sop_instance_uid in self._entities[QueryLevel.IMAGE]

    def add(self, header: Header) -> None:
        """Take an instance in; one with the same SOP Instance UID gives way to it."""
        uid = header.unique(QueryLevel.IMAGE)
        with self._lock:
            pooled = Header(values=tuple(self._pool.setdefault(values, values) for values in header.values))
            for former in self._entities[QueryLevel.IMAGE].get(uid, {}).values():
                self._forget(uid, former)
            for level, entities in self._entities.items():
                entities.setdefault(pooled.unique(level), {})[uid] = pooled

    def _forget(self, uid: str, former: Header) -> None:
        """Take an instance out of its upper entities, and those out of the index that are empty then."""
        for level in (QueryLevel.PATIENT, QueryLevel.STUDY, QueryLevel.SERIES):
            members = self._entities[level][former.unique(level)]
            del members[uid]
            if not members:
                del self._entities[level][former.unique(level)]

    def find(self, level: QueryLevel, keys: Sequence[TextElement]) -> Iterator[tuple[tuple[str, ...], ...]]:
        """Yield for each entity of the level that matches all supported keys its values for all keys, in their order."""
        with self._lock:
            candidates = list(self._candidates(level, {key.tag: key for key in keys}))
        for unique in candidates:
            with self._lock:
                answer = self._answer(level, unique, keys)
            if answer is not None:
                yield answer

    def _candidates(self, level: QueryLevel, keys: Mapping[int, TextElement]) -> Iterable[str]:
        """The unique keys of the entities that can match, found by the lowest unique key that has plain values."""
        for own in reversed(QueryLevel):
            key = keys.get(_UNIQUE[own])
            if _DEPTH[own] > _DEPTH[level] or key is None or not _is_plain(key):
                continue
            held = [self._entities[own][value] for value in key.values if value in self._entities[own]]
            return dict.fromkeys(header.unique(level) for members in held for header in members.values())
        return self._entities[level]

    def _answer(
        self, level: QueryLevel, unique: str, keys: Sequence[TextElement]
    ) -> tuple[tuple[str, ...], ...] | None:
        """An entity's values for the keys, None when one of them does not match or the entity is gone."""
        members = self._entities[level].get(unique)
        if members is None:
            return None
        header = next(iter(members.values()))
        values = []
        for key in keys:
            held = self._held(level, header, key.tag)
            if is_supported(key.tag, level) and not matches(key.vr, key.values, held):
                return None
            values.append(held)
        return tuple(values)

    def _held(self, level: QueryLevel, header: Header, tag: int) -> tuple[str, ...]:
        """What an entity has for an attribute, nothing when it is not supported at the level."""
        if not is_supported(tag, level):
            return ()
        if tag in LEVEL_OF:
            return header[tag]
        own, compute = _COMPUTED[tag]
        return compute(self._entities[own][header.unique(own)])


def _is_plain(key: TextElement) -> bool:
    """Whether a unique key has values, none of them empty or with a wildcard."""
    return bool(key.values) and all(value and not has_wildcard(key.vr, value) for value in key.values)

"""A query: an information model, a level and the keys of its identifier (PS3.4 C.4.1, K.4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dicomjobs.dicom.sop_classes import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
)


class InformationModel(Enum):
    """The query information models; values are the words of the YAML."""

    WORKLIST = "worklist"
    PATIENT = "patient"
    STUDY = "study"
    PATIENT_STUDY_ONLY = "patient_study_only"


FIND_SOP_CLASS: Mapping[InformationModel, str] = {
    InformationModel.WORKLIST: MODALITY_WORKLIST_FIND,
    InformationModel.PATIENT: PATIENT_ROOT_FIND,
    InformationModel.STUDY: STUDY_ROOT_FIND,
    InformationModel.PATIENT_STUDY_ONLY: PATIENT_STUDY_ONLY_FIND,
}
"""The SOP class that each information model is queried with (PS3.4 C.6, K.7)."""


class QueryLevel(Enum):
    """Query/Retrieve Level (0008,0052)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of an identifier: tag as 0xGGGGEEEE, two-letter VR, and its values as text, or the items of a sequence.

    No values and no items is a zero-length element: a return key, or universal matching (PS3.4 C.2.2.2.3).
    """

    tag: int
    vr: str
    values: tuple[str, ...] = ()
    items: tuple[tuple[Element, ...], ...] = ()


Identifier = tuple[Element, ...]
"""Elements in order of their tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A resolved query; `identifier` holds the keys, with Query/Retrieve Level in it unless it is a worklist query."""

    name: str
    model: InformationModel
    level: QueryLevel | None
    identifier: Identifier

"""A query: an information model, a level and the keys of its identifier (PS3.4 C.4.1, K.4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest

from dicomjobs.dicom.sop_classes import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
)
from dicomjobs.model.association import ExtendedNegotiation


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


class Negotiable(Enum):
    """What a requestor can propose for a query by extended negotiation; values are the words of the YAML."""

    RELATIONAL = "relational"
    COMBINED_DATETIME = "combined_datetime"
    FUZZY_NAMES = "fuzzy_names"
    TIMEZONE = "timezone"


NEGOTIABLE_BYTES = tuple(Negotiable)
"""Which byte of the Service-class-application-information stands for what, the first one first (PS3.4 table C.5-1)."""


def in_words(negotiation: ExtendedNegotiation) -> str:
    """Return what is proposed or granted for queries, ` (relational, timezone)`, "" for nothing and for other SOP classes."""
    if negotiation.sop_class_uid not in FIND_SOP_CLASS.values():
        return ""
    asked = bytes.fromhex(negotiation.information)
    words = [each.value for each, byte in zip(NEGOTIABLE_BYTES, asked, strict=False) if byte]
    return f" ({', '.join(words)})" if words else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A resolved query; `identifier` holds the keys, with Query/Retrieve Level in it where the query has a level.

    `files` are absolute paths of query files, each of which is one identifier with the keys laid over it; without any, the
    keys are the one identifier. `strict` is false where values go out as typed, whatever their VR allows.
    """

    name: str
    model: InformationModel
    level: QueryLevel | None
    files: tuple[str, ...]
    identifier: Identifier
    strict: bool
    negotiate: tuple[Negotiable, ...]


def overlay(base: Identifier, keys: Identifier) -> Identifier:
    """Lay keys over a data set: values are replaced, items merged one by one, what no key speaks of is kept.

    A sequence without items asks for the whole of it, so it changes nothing where the data set has items.
    """
    found = {element.tag: element for element in base}
    for key in keys:
        found[key.tag] = _merged(found.get(key.tag), key)
    return tuple(found[tag] for tag in sorted(found))


def _merged(element: Element | None, key: Element) -> Element:
    """Lay one key over the element that is there, if any."""
    if element is None or key.vr != "SQ" or element.vr != "SQ":
        return key
    items = zip_longest(element.items, key.items, fillvalue=())
    return replace(element, items=tuple(overlay(there, laid) for there, laid in items))

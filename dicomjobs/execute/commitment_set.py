"""The data sets of storage commitment: which instances we ask for, and what a result says of them (PS3.4 J.3.2, J.3.3).

Pure; a result comes from a peer and is hostile until read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dicomjobs.dicom.sop_classes import STORAGE_COMMITMENT_PUSH_MODEL
from dicomjobs.errors import ProtocolError
from dicomjobs.model.dimse import EventReport
from dicomjobs.model.query import Element, Identifier
from dicomjobs.plan.plan import PlannedInstance

TRANSACTION_UID = 0x00081195
_REFERENCED_SOP_SEQUENCE, _FAILED_SOP_SEQUENCE = 0x00081199, 0x00081198
_REFERENCED_SOP_CLASS_UID, _REFERENCED_SOP_INSTANCE_UID, _FAILURE_REASON = 0x00081150, 0x00081155, 0x00081197
_ALL_COMMITTED, _SOME_FAILED = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentResult:
    """What a peer says of one transaction: SOP Instance UIDs that it commits itself to keep, and others with the reason why not."""

    transaction_uid: str
    committed: frozenset[str]
    failed: Mapping[str, int]


def commitment_request(transaction_uid: str, rows: Iterable[PlannedInstance]) -> Identifier:
    """Return the action information: a Transaction UID and a reference to each instance (PS3.4 table J.3-1)."""
    return (
        Element(tag=TRANSACTION_UID, vr="UI", values=(transaction_uid,)),
        Element(
            tag=_REFERENCED_SOP_SEQUENCE,
            vr="SQ",
            items=tuple(
                (
                    Element(tag=_REFERENCED_SOP_CLASS_UID, vr="UI", values=(row.sop_class_uid,)),
                    Element(tag=_REFERENCED_SOP_INSTANCE_UID, vr="UI", values=(row.sop_instance_uid,)),
                )
                for row in rows
            ),
        ),
    )


def commitment_result(report: EventReport, information: Mapping[str, object]) -> CommitmentResult:
    """Return what a report says (PS3.4 table J.3-2); raises ProtocolError when it is none of storage commitment.

    An instance that is said to be both is one that failed.
    """
    if report.sop_class_uid != STORAGE_COMMITMENT_PUSH_MODEL or report.event_type not in {_ALL_COMMITTED, _SOME_FAILED}:
        raise ProtocolError("a report that is none of storage commitment")
    transaction_uid = _text(information, TRANSACTION_UID)
    if not transaction_uid:
        raise ProtocolError("a result of storage commitment without a Transaction UID")
    failed = {
        _text(item, _REFERENCED_SOP_INSTANCE_UID): _number(item, _FAILURE_REASON)
        for item in _items(information, _FAILED_SOP_SEQUENCE)
    }
    if failed and report.event_type == _ALL_COMMITTED:
        raise ProtocolError("a result of storage commitment that has failures and says that there are none")
    named = {_text(item, _REFERENCED_SOP_INSTANCE_UID) for item in _items(information, _REFERENCED_SOP_SEQUENCE)}
    return CommitmentResult(transaction_uid=transaction_uid, committed=frozenset(named - failed.keys()), failed=failed)


def _values(attributes: Mapping[str, object], tag: int) -> list[object]:
    """Return the values of an attribute in the DICOM JSON Model."""
    attribute = attributes.get(f"{tag:08X}")
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return values if isinstance(values, list) else []


def _items(attributes: Mapping[str, object], tag: int) -> list[Mapping[str, object]]:
    """Return the items of a sequence."""
    return [item for item in _values(attributes, tag) if isinstance(item, dict)]


def _text(attributes: Mapping[str, object], tag: int) -> str:
    """Return the first value of an attribute as text, "" when it has none."""
    values = _values(attributes, tag)
    return values[0] if values and isinstance(values[0], str) else ""


def _number(attributes: Mapping[str, object], tag: int) -> int:
    """Return the first value of an attribute as a number, 0 when it has none."""
    values = _values(attributes, tag)
    return values[0] if values and isinstance(values[0], int) else 0

"""A C-STORE-RQ, and the answer that nearly every one gets, cut from forms in which only Message ID and SOP Instance UID are blank.

It knows where the blanks are; what the elements mean is in `command_set.py`, and what else may be answered in `exchange.py`.
"""

from __future__ import annotations

from functools import lru_cache

from dicomjobs.model.dimse import Priority, StoreRequest
from dicomjobs.wire.command_set import encode_request, encode_stored, padded
from dicomjobs.wire.messages import command_pdu

_Form = tuple[bytes, bytes]
"""What is before the Message ID, and what is between it and the SOP Instance UID, which ends both PDUs."""


def store_pdus(request: StoreRequest, message_id: int, context_id: int) -> tuple[bytes, bytes]:
    """The command set of a request as a P-DATA-TF, and the P-DATA-TF that says it was stored (PS3.7 9.3.1)."""
    number, uid = message_id.to_bytes(2, "little"), padded(request.sop_instance_uid)
    asked, stored = _forms(request.sop_class_uid, int(request.priority), len(uid), context_id)
    return asked[0] + number + asked[1] + uid, stored[0] + number + stored[1] + uid


@lru_cache(maxsize=256)
def _forms(sop_class_uid: str, priority: int, uid_length: int, context_id: int) -> tuple[_Form, _Form]:
    """The forms of request and answer, of which one association needs a few for thousands of instances."""
    blank = StoreRequest(sop_class_uid=sop_class_uid, sop_instance_uid="0" * uid_length, priority=Priority(priority))
    asked = command_pdu(encode_request(blank, 0), context_id)
    stored = command_pdu(encode_stored(blank, 0), context_id)
    # both: headers of PDU and value (12), group length (12), SOP class (8 + UID), Command Field (10), 8 before the number
    number = 12 + 12 + 8 + len(padded(sop_class_uid)) + 10 + 8
    end = -uid_length or None
    return (asked[:number], asked[number + 2 : end]), (stored[:number], stored[number + 2 : end])

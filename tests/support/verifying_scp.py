"""What a peer of our own says when it is asked for the instances of the one series that `make_study` makes by default."""

from __future__ import annotations

from dicomjobs.model.query import Element
from dicomjobs.wire.identifier import encode_identifier
from tests.support.instances import make_uid
from tests.support.scripted_scp import (
    RELEASE_RP,
    Conversation,
    Step,
    accept,
    match,
    read_message,
    read_one_pdu,
    respond,
    send,
)
from tests.support.wire import EXPLICIT_LITTLE

STUDY, SERIES = make_uid("seed", 1), make_uid("seed", 1, 1)
UIDS = [make_uid("seed", 1, 1, number) for number in range(3)]
RELEASED = (read_one_pdu(), send(RELEASE_RP))


def named(*uids: str) -> Step:
    """Answer with matches at IMAGE level, and success."""
    return then(*(match(identifier_of_match(level="IMAGE", instance=uid)) for uid in uids), respond())


def counted(level: str, number: int) -> Step:
    """Answer with the number of instances of the series or study, and success."""
    return then(match(identifier_of_match(level=level, number=number)), respond())


def then(*steps: Step) -> Step:
    """Make one step of several."""

    def step(conversation: Conversation) -> None:
        for each in steps:
            each(conversation)

    return step


def identifier_of_match(*, level: str, instance: str = "", number: int = -1) -> bytes:
    """Return a match."""
    found = [(0x00080018, "UI", instance), (0x00080052, "CS", level), (0x0020000D, "UI", STUDY)]
    found += [(0x0020000E, "UI", SERIES)] if level != "STUDY" else []
    found += [(0x00201209 if level == "SERIES" else 0x00201208, "IS", str(number))] if number >= 0 else []
    elements = tuple(Element(tag=tag, vr=vr, values=(value,)) for tag, vr, value in found if value)
    return encode_identifier(elements, EXPLICIT_LITTLE, "ISO_IR 100")


def asked(*answers: Step) -> tuple[Step, ...]:
    """Return an association on which queries are answered one after the other, and which is then released."""
    return (accept(), *(step for answer in answers for step in (read_message(), answer)), *RELEASED)

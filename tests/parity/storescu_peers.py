"""What the one SCP of the table can be told to do: whom it accepts, and what it answers to the nth request of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dicomjobs.wire.pdu import AssociateAccept, ContextAnswer, UserInformation
from tests.support.recording_scp import Received, RecordingScp
from tests.support.scripted_scp import (
    RELEASE_RQ,
    Conversation,
    Step,
    abort_pdu,
    accept,
    read_association_request,
    read_request,
    reject_pdu,
)

Prepare = Callable[[RecordingScp], None]
Choose = Callable[[int, str, tuple[str, ...]], str]
"""From a proposed context's ID, abstract syntax and transfer syntaxes to the one that is accepted, empty for none."""

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def _choosing(choose: Choose) -> Step:
    """Accept of each context what the function chooses."""

    def step(conversation: Conversation) -> None:
        request = read_request(conversation)
        chosen = [
            (each.context_id, choose(each.context_id, each.abstract_syntax, each.transfer_syntaxes))
            for each in request.contexts
        ]
        answer = AssociateAccept(
            called_ae_title=request.called_ae_title,
            calling_ae_title=request.calling_ae_title,
            contexts=tuple(
                ContextAnswer(context_id=number, result=0 if syntax else 4, transfer_syntax=syntax or IMPLICIT)
                for number, syntax in chosen
            ),
            user=UserInformation(max_pdu_length=16384, implementation_class_uid="1.2.3"),
        )
        conversation.accept(answer)

    return step


def _rejecting(conversation: Conversation) -> None:
    """Answer with an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    read_request(conversation)
    conversation.socket.sendall(reject_pdu(1, 1, 7))


def _peer(establish: Step | None = None, answer: Callable[[int], int | bytes] = lambda _: 0) -> Prepare:
    """A peer that establishes so, and answers the nth request, from 1, so."""

    def prepare(scp: RecordingScp) -> None:
        def answered(_: Received) -> int | bytes:
            return answer(len(scp.received))

        scp.accepting, scp.answer = establish or accept(), answered

    return prepare


def _on(which: int, said: int | bytes) -> Prepare:
    """Answer one request so and all others with success."""
    return _peer(answer=lambda number: said if number == which else 0)


PEERS: Mapping[str, Prepare] = {
    "willing": _peer(),
    "rejects": _peer(_rejecting),
    "does not answer": _peer(read_association_request()),
    "accepts no context": _peer(_choosing(lambda *_: "")),
    "accepts only CT": _peer(_choosing(lambda _, sop_class, syntaxes: syntaxes[0] if sop_class == CT else "")),
    "takes the last syntax": _peer(_choosing(lambda _, __, syntaxes: syntaxes[-1])),
    "takes implicit only": _peer(_choosing(lambda _, __, syntaxes: IMPLICIT if IMPLICIT in syntaxes else "")),
    "takes explicit only": _peer(_choosing(lambda _, __, syntaxes: EXPLICIT if EXPLICIT in syntaxes else "")),
    "takes big endian only": _peer(_choosing(lambda _, __, syntaxes: BIG if BIG in syntaxes else "")),
    "takes native syntaxes only": _peer(
        _choosing(lambda _, __, syntaxes: next((each for each in (EXPLICIT, BIG, IMPLICIT) if each in syntaxes), ""))
    ),
    "takes the second context of a class": _peer(
        _choosing(lambda number, _, syntaxes: syntaxes[0] if number % 4 == 3 else "")
    ),
    "takes short PDUs": _peer(accept(max_pdu=4096)),
    "takes PDUs of any length": _peer(accept(max_pdu=0)),
    "confirms": _peer(accept(identity_response=b"")),
    "A700 on the first": _on(1, 0xA700),
    "A700 on the second": _on(2, 0xA700),
    "A900 on the second": _on(2, 0xA900),
    "C000 on the second": _on(2, 0xC000),
    "0122 on the second": _on(2, 0x0122),
    "B000 on the second": _on(2, 0xB000),
    "B007 on every one": _peer(answer=lambda _: 0xB007),
    "0111 on the second": _on(2, 0x0111),
    "FE00 on the second": _on(2, 0xFE00),
    "A700 on every one": _peer(answer=lambda _: 0xA700),
    "aborts on the second": _on(2, abort_pdu(source=0)),
    "releases on the second": _on(2, RELEASE_RQ),
    "is silent on the second": _on(2, b""),
}
"""What a line's peer does, by name."""

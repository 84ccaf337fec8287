"""Whatever bytes a peer sends, what reads them ends with a value or with a declared error, in bounded time and memory."""

from __future__ import annotations

from contextlib import suppress

from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.answers.native_xml import native_xml
from dicomjobs.answers.raw_elements import read_elements, write_elements
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.errors import AssociationError, MalformedPdu, ProtocolError
from dicomjobs.execute.commitment_set import commitment_result
from dicomjobs.model.association import Proposal, ProposedContext
from dicomjobs.model.dimse import EventReport
from dicomjobs.model.query import Element
from dicomjobs.wire.command_set import decode, encode_stored
from dicomjobs.wire.deadline import deadline_in
from dicomjobs.wire.exchange import Exchange, match_answer
from dicomjobs.wire.identifier import encode_identifier
from dicomjobs.wire.messages import Assembler
from dicomjobs.wire.negotiation import negotiated
from dicomjobs.wire.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    ContextAnswer,
    DataTransfer,
    DataValue,
    ReleaseRequest,
    ReleaseResponse,
    UserInformation,
)
from dicomjobs.wire.pdu_encode import encode
from dicomjobs.wire.upper_layer import UpperLayer
from tests.fuzz.mutations import fuzzed
from tests.support.wire import CT, EXPLICIT_LITTLE, IMPLICIT_LITTLE, MR, STORE_CT, a_peer

PEER = a_peer(104)
PROPOSAL = Proposal(
    contexts=tuple(
        ProposedContext(context_id=number, abstract_syntax=uid, transfer_syntaxes=(EXPLICIT_LITTLE, IMPLICIT_LITTLE))
        for number, uid in ((1, CT), (3, MR))
    )
)
ACCEPT = encode(
    AssociateAccept(
        called_ae_title="ANY-SCP",
        calling_ae_title="DICOMJOBS",
        contexts=(
            ContextAnswer(context_id=1, result=0, transfer_syntax=EXPLICIT_LITTLE),
            ContextAnswer(context_id=3, result=3, transfer_syntax=EXPLICIT_LITTLE),
        ),
        user=UserInformation(
            max_pdu_length=16384,
            implementation_class_uid="1.2.3",
            implementation_version="FUZZED",
            identity_response=b"yes",
        ),
    )
)
STORED = encode_stored(STORE_CT, 1)
FOUND = (
    Element(tag=0x00080005, vr="CS", values=("ISO_IR 192",)),
    Element(tag=0x00080052, vr="CS", values=("IMAGE",)),
    Element(tag=0x00080018, vr="UI", values=("1.2.3",)),
    Element(tag=0x00081199, vr="SQ", items=((Element(tag=0x00081155, vr="UI", values=("1.2.3",)),),)),
    Element(tag=0x00081195, vr="UI", values=("1.2.4",)),
    Element(tag=0x00100010, vr="PN", values=("Doe^Jane",)),
    Element(tag=0x00201209, vr="IS", values=("12",)),
    Element(tag=0x00280010, vr="US", values=("512",)),
)
ANSWERS = [encode_identifier(FOUND, syntax, "ISO_IR 192") for syntax in FALLBACK]


def _data(command: bytes, data: bytes | None = None) -> bytes:
    """Return a message as PDUs."""
    values = [DataValue(1, True, True, command)] + ([] if data is None else [DataValue(1, False, True, data)])
    return b"".join(encode(DataTransfer((value,))) for value in values)


@fuzzed(ACCEPT, encode(AssociateReject(result=1, source=1, diagnostic=3)), encode(Abort(source=2, diagnostic=1)))
def test_what_comes_before_the_association_stands(data: bytes) -> None:
    """An A-ASSOCIATE-AC is a possible answer or a protocol error."""
    layer = UpperLayer("peer:104", max_pdu_length=16384)
    with suppress(ProtocolError):
        for pdu in layer.feed(data):
            if isinstance(pdu, AssociateAccept):
                negotiation = negotiated(PEER, PROPOSAL, pdu, tls=None, address="peer:104")
                assert {each.context_id for each in negotiation.accepted} <= {1, 3}


@fuzzed(_data(STORED), _data(STORED, ANSWERS[0]), encode(ReleaseRequest()), encode(ReleaseResponse()))
def test_what_comes_while_it_stands(data: bytes) -> None:
    """Only the answer to the request is an answer to it."""
    layer, assembler = UpperLayer("peer:104", max_pdu_length=16384), Assembler("peer:104")
    assert list(layer.feed(ACCEPT))
    exchange = Exchange(
        message_id=1,
        field=0x0001,
        context_id=1,
        sop_class_uid=CT,
        sop_instance_uid=STORE_CT.sop_instance_uid,
        deadline=deadline_in(1, "dimse", "nothing"),
    )
    with suppress(AssociationError):
        for pdu in layer.feed(data):
            for value in pdu.values if isinstance(pdu, DataTransfer) else ():
                message = assembler.add(value)
                if message is not None and not exchange.answered:
                    response = match_answer(exchange, message, "peer:104")
                    assert message.command.answers_to == 1
                    assert 0 <= response.status <= 0xFFFF


@fuzzed(STORED, STORED + bytes.fromhex("0000020904000000") + b"oops")
def test_a_command_set(data: bytes) -> None:
    """Decoded or malformed."""
    with suppress(MalformedPdu):
        command = decode(data)
        assert 0 <= command.field <= 0xFFFF


@fuzzed(*ANSWERS)
def test_an_answer_to_a_query(data: bytes) -> None:
    """In every syntax and form in which it is read and written."""
    for syntax in FALLBACK:
        with suppress(ProtocolError):
            found = decode_identifier(data, syntax, "ISO_IR 100")
            native_xml(found)
        with suppress(ProtocolError):
            elements = read_elements(data, syntax)
            write_elements(elements, syntax)


@fuzzed(*ANSWERS)
def test_a_result_of_storage_commitment(data: bytes) -> None:
    """Whatever is in it, no instance is both committed and failed."""
    for event_type in (1, 2, 3):
        report = EventReport(
            sop_class_uid="1.2.840.10008.1.20.1",
            sop_instance_uid="1.2.840.10008.1.20.1.1",
            event_type=event_type,
            transfer_syntax=EXPLICIT_LITTLE,
            data=data,
        )
        with suppress(ProtocolError):
            result = commitment_result(report, decode_identifier(data, EXPLICIT_LITTLE, "ISO_IR 6"))
            assert not result.committed & result.failed.keys()

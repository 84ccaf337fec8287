"""`verify: commitment`: the peer says that it keeps what it was sent, on our association or its own; what it does not say is not proven."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.dicom.sop_classes import STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL
from dicomjobs.model.query import Element, Identifier
from dicomjobs.wire.identifier import encode_identifier
from dicomjobs.wire.pdu import DataTransfer, DataValue
from dicomjobs.wire.pdu_encode import encode
from tests.support.command import Ended, RunDirectory, dicomjobs, latest, peer_yaml, store_yaml
from tests.support.instances import make_study, make_uid
from tests.support.job_files import write
from tests.support.peers import free_port, orthanc
from tests.support.scripted_scp import (
    RELEASE_RP,
    Conversation,
    Step,
    accept,
    close,
    element,
    read_message,
    read_one_pdu,
    respond,
    scripted_sessions,
    send,
)
from tests.support.wire import EXPLICIT_LITTLE

FILES = 3
UIDS = [make_uid("seed", 1, 1, number) for number in range(FILES)]
RELEASED = (read_one_pdu(), send(RELEASE_RP))
STORED = (accept(), *(read_message(), respond()) * FILES, *RELEASED)
ASKED = (accept(), read_message(), respond())
"""The N-ACTION-RQ is taken; its result is still to come."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of one series."""
    folder = tmp_path_factory.mktemp("files")
    make_study(folder, FILES, rows=4)
    return folder


def transaction_of(conversation: Conversation) -> str:
    """Return the Transaction UID of the request that was read last."""
    asked = decode_identifier(conversation.data, EXPLICIT_LITTLE, "ISO_IR 6")
    return str(asked["00081195"]["Value"][0])  # type: ignore[index]


def result(transaction: str, committed: Sequence[str] = (), failed: Sequence[tuple[str, int]] = ()) -> bytes:
    """Return the event information of a result."""

    def reference(uid: str, *more: Element) -> Identifier:
        of_class = Element(tag=0x00081150, vr="UI", values=(CTImageStorage,))
        return (of_class, Element(tag=0x00081155, vr="UI", values=(uid,)), *more)

    elements = [Element(tag=0x00081195, vr="UI", values=(transaction,))]
    if committed:
        elements.append(Element(tag=0x00081199, vr="SQ", items=tuple(map(reference, committed))))
    if failed:
        items = tuple(reference(uid, Element(tag=0x00081197, vr="US", values=(str(why),))) for uid, why in failed)
        elements.append(Element(tag=0x00081198, vr="SQ", items=items))
    return encode_identifier(tuple(elements), EXPLICIT_LITTLE, "ISO_IR 6")


def reported(
    committed: Sequence[str] = UIDS,
    failed: Sequence[tuple[str, int]] = (),
    *,
    transaction: str = "",
    event_type: int = 0,
    data: bytes | None = None,
    answer: int = 0,
) -> Step:
    """Send an N-EVENT-REPORT-RQ on the association that stands, and read the answer, which must have the status `answer`."""

    def step(conversation: Conversation) -> None:
        uid = STORAGE_COMMITMENT_INSTANCE.encode()
        command = element(0x0002, STORAGE_COMMITMENT_PUSH_MODEL.encode()) + element(0x0100, struct.pack("<H", 0x0100))
        command += element(0x0110, struct.pack("<H", 7)) + element(0x0800, struct.pack("<H", 1))
        command += element(0x1000, uid + b"\0" * (len(uid) & 1))
        command += element(0x1002, struct.pack("<H", event_type or (2 if failed else 1)))
        told = result(transaction or transaction_of(conversation), committed, failed) if data is None else data
        number = conversation.context_id
        values = (DataValue(number, True, True, command), DataValue(number, False, True, told))
        conversation.socket.sendall(b"".join(encode(DataTransfer((value,))) for value in values))
        asked = conversation.data
        read_message()(conversation)
        conversation.data = asked
        assert conversation.command.field == 0x8100
        assert conversation.command.answers_to == 7
        assert conversation.command.status == answer

    return step


def on_an_own_association(port: int, *, called: str = "DICOMJOBS", established: bool = True) -> Step:
    """Send the result on an association of the peer's own, by pynetdicom."""

    def step(conversation: Conversation) -> None:
        entity = ApplicationEntity("ANY-SCP")
        entity.add_requested_context(STORAGE_COMMITMENT_PUSH_MODEL)
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid = STORAGE_COMMITMENT_PUSH_MODEL
        role.scu_role, role.scp_role = False, True
        association = entity.associate("127.0.0.1", port, ae_title=called, ext_neg=[role])
        assert association.is_established is established
        if established:
            information = Dataset()
            information.TransactionUID = transaction_of(conversation)
            information.ReferencedSOPSequence = [_reference(uid) for uid in UIDS]
            status, _ = association.send_n_event_report(
                information, 1, STORAGE_COMMITMENT_PUSH_MODEL, STORAGE_COMMITMENT_INSTANCE
            )
            assert status.Status == 0
            association.release()

    return step


def _reference(uid: str) -> Dataset:
    """Return an item of a Referenced SOP Sequence."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, uid
    return item


def run(
    tmp_path: Path, files: Path, port: int, *, listen: int = 0, within: str = "20s", called: str = "ANY-SCP"
) -> tuple[Ended, RunDirectory]:
    """Send and ask for storage commitment."""
    more = {"reports_at": f"{{port: {listen}, address: 127.0.0.1}}"} if listen else {}
    times = {"timeouts": "{connect: 2s, acse: 2s, dimse: 2s, network: 2s}"}
    peer = peer_yaml(port, called=called, **times, **more)
    text = store_yaml(port, files, peer=peer, more=f"verify: commitment, verify_within: {within}")
    (tmp_path / "job").mkdir(exist_ok=True)
    ended = dicomjobs("run", write(tmp_path / "job", text), "--reports", tmp_path / "reports")
    return ended, latest(tmp_path / "reports")


def asked(
    tmp_path: Path, files: Path, *sessions: Sequence[Step], listen: int = 0, within: str = "20s"
) -> tuple[Ended, RunDirectory]:
    """Send to a peer that stores everything and then follows a script."""
    with scripted_sessions(STORED, *sessions) as port:
        return run(tmp_path, files, port, listen=listen, within=within)


def rows(ran: RunDirectory) -> list[tuple[str, str, str]]:
    """Return outcome, reason and proof of each row."""
    return [(row["outcome"], row["reason"], row["proof"]) for row in ran.rows]


COMMITTED = [("delivered", "", "commitment")] * FILES
BY_STATUS = [("delivered", "", "status")] * FILES


def test_a_result_on_the_same_association_is_a_proof(tmp_path: Path, files: Path) -> None:
    """One request, one result; both are told of in the report."""
    ended, ran = asked(tmp_path, files, (*ASKED, reported(), *RELEASED))

    assert (ended.code, rows(ran)) == (0, COMMITTED)
    assert ran.job("send")["proofs"] == {"status": 0, "count": 0, "query": 0, "commitment": FILES}
    assert "verified: 3 by storage commitment" in ended.out


def test_a_result_that_comes_before_the_response_counts(tmp_path: Path, files: Path) -> None:
    """A fast peer; the response that follows is the answer to the request all the same."""

    def late_response(conversation: Conversation) -> None:
        command, number = conversation.command, conversation.message_id
        reported()(conversation)
        conversation.command, conversation.message_id = command, number
        respond()(conversation)

    ended, ran = asked(tmp_path, files, (accept(), read_message(), late_response, *RELEASED))

    assert (ended.code, rows(ran)) == (0, COMMITTED)


def test_a_result_on_an_association_of_the_peers_own_is_a_proof(tmp_path: Path, files: Path) -> None:
    """After it has released ours, or while ours still stands."""
    listen = free_port()
    release_ours = (send(bytes.fromhex("05 00 00000004 00000000")), read_one_pdu())

    ended, ran = asked(tmp_path, files, (*ASKED, *release_ours, on_an_own_association(listen)), listen=listen)
    again, ran_again = asked(tmp_path, files, (*ASKED, on_an_own_association(listen), *RELEASED), listen=listen)

    assert (ended.code, rows(ran), again.code, rows(ran_again)) == (0, COMMITTED, 0, COMMITTED)


def test_our_listener_is_called_by_our_ae_title_alone(tmp_path: Path, files: Path) -> None:
    """Whoever calls another is not let in."""
    listen = free_port()
    stranger = on_an_own_association(listen, called="SOMEBODY", established=False)

    ended, _ = asked(tmp_path, files, (*ASKED, stranger, on_an_own_association(listen), *RELEASED), listen=listen)

    assert ended.code == 0


def test_our_listener_outlives_whoever_else_calls(tmp_path: Path, files: Path) -> None:
    """Garbage, a PDU that stalls, one without measure, silence: the result is heard all the same, and nothing is left behind."""
    listen, before = free_port(), set(threading.enumerate())
    calls = (b"garbage!", b"\x01\0\0\0", b"\x01\0\xff\xff\xff\xff", b"")

    def strangers(conversation: Conversation) -> None:
        with ExitStack() as stack:
            for call in calls:
                stack.enter_context(socket.create_connection(("127.0.0.1", listen))).sendall(call)
            on_an_own_association(listen)(conversation)

    ended, ran = asked(tmp_path, files, (*ASKED, strangers, *RELEASED), listen=listen)

    assert (ended.code, rows(ran)) == (0, COMMITTED)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (0x0112, "the peer does not have the instance"),
        (0x0119, "another SOP class"),
        (0x0122, "does not commit itself to this SOP class"),
        (0x0ABC, "0ABCH"),
    ],
)
def test_an_instance_the_peer_does_not_commit_itself_to_is_missing(
    reason: int, words: str, tmp_path: Path, files: Path
) -> None:
    """With the reason in words; the others are proven."""
    ended, ran = asked(tmp_path, files, (*ASKED, reported(UIDS[1:], [(UIDS[0], reason)]), *RELEASED))

    assert (ended.code, rows(ran)) == (6, [("missing", "not_committed", ""), *COMMITTED[1:]])
    assert words in ran.job("send")["failures"][0]["words"]


@pytest.mark.parametrize("reason", [0x0110, 0x0131, 0x0213])
def test_a_reason_that_may_pass_is_asked_again(reason: int, tmp_path: Path, files: Path) -> None:
    """In a transaction of its own, and three times at most."""
    first = reported(UIDS[:2], [(UIDS[2], reason)])
    once_more = (read_message(), respond(), reported([], [(UIDS[2], reason)]))

    in_time, ran = asked(tmp_path, files, (*ASKED, first, read_message(), respond(), reported([UIDS[2]]), *RELEASED))
    never, ran_again = asked(tmp_path, files, (*ASKED, first, *once_more, *once_more, *RELEASED))

    assert (in_time.code, rows(ran)) == (0, COMMITTED)
    assert (never.code, rows(ran_again)[2]) == (6, ("missing", "not_committed", ""))


NOT_PROVEN: dict[str, tuple[Sequence[Sequence[Step]], str]] = {
    "silence": ([(*ASKED, *RELEASED)], "no result of storage commitment came within 0.4 s"),
    "no service": ([(accept(results={1: 3}), *RELEASED)], "the peer offers no storage commitment ("),
    "refused": ([(accept(), read_message(), respond(status=0x0124), *RELEASED)], "not authorized"),
    "closed": ([(*ASKED, close())], "closed the connection"),
    "closed twice before the response": ([(accept(), read_message(), close())] * 2, "closed the connection"),
    "another transaction": (
        [(*ASKED, reported(transaction="1.2.3", answer=0x0115), *RELEASED)],
        "no result of storage commitment",
    ),
    "no data": ([(*ASKED, reported(data=b"", answer=0x0110), *RELEASED)], "no result of storage commitment"),
    "garbage": ([(*ASKED, reported(data=b"garbage!", answer=0x0110), *RELEASED)], "no result of storage commitment"),
    "another event": ([(*ASKED, reported(event_type=3, answer=0x0110), *RELEASED)], "no result of storage commitment"),
    "failures in a success": (
        [(*ASKED, reported(UIDS[1:], [(UIDS[0], 0x0112)], event_type=1, answer=0x0110), *RELEASED)],
        "no result of storage commitment",
    ),
    "nothing named": ([(*ASKED, reported([]), *RELEASED)], "does not name them"),
    "others named": ([(*ASKED, reported(["1.2.3"]), *RELEASED)], "does not name them"),
}


@pytest.mark.parametrize(("sessions", "words"), NOT_PROVEN.values(), ids=NOT_PROVEN.keys())
def test_what_the_peer_does_not_say_stays_delivered_by_its_status(
    sessions: Sequence[Sequence[Step]], words: str, tmp_path: Path, files: Path
) -> None:
    """The job has not got the proof that it asked for: exit code 6, and nothing is called missing."""
    ended, ran = asked(tmp_path, files, *sessions, within="0.4s")

    assert (ended.code, rows(ran)) == (6, BY_STATUS)
    (failure,) = ran.job("send")["failures"]
    assert failure["reason"] == "not_verified"
    assert words in failure["words"]


def test_a_peer_without_storage_commitment_is_to_be_queried(tmp_path: Path, files: Path) -> None:
    """The report says what to type instead."""
    _, ran = asked(tmp_path, files, (accept(results={1: 3}), *RELEASED))

    (failure,) = ran.job("send")["failures"]
    assert failure["try"] == "use `verify: query`"
    assert "abstract syntax not supported" in failure["words"]


def test_a_result_that_does_not_come_may_be_on_its_way_to_somebody_else(tmp_path: Path, files: Path) -> None:
    """The hint says as whom the peer has to know us."""
    listen = free_port()
    _, ran = asked(tmp_path, files, (*ASKED, *RELEASED), listen=listen, within="0.4s")

    (failure,) = ran.job("send")["failures"]
    assert f"must know the AE title 'DICOMJOBS' as this host and port {listen} (reports_at)" in failure["try"]


def test_a_port_that_is_taken_is_a_fault_of_this_computer(tmp_path: Path, files: Path) -> None:
    """Exit code 7, and what was delivered is told."""
    with socket.create_server(("127.0.0.1", 0)) as taken, scripted_sessions(STORED) as port:
        ended, ran = run(tmp_path, files, port, listen=taken.getsockname()[1])

    assert (ended.code, rows(ran)) == (7, BY_STATUS)
    assert "cannot be listened on" in ran.job("send")["failures"][0]["words"]


@contextmanager
def committing_orthanc(tmp_path: Path, listen: int) -> Iterator[int]:
    """Orthanc, which reports on an association of its own to the AE that it knows under our title."""
    modalities = {"us": {"AET": "DICOMJOBS", "Host": "127.0.0.1", "Port": listen}}
    with orthanc(tmp_path, DicomModalities=modalities) as peer:
        yield peer.port


def test_orthanc_commits_itself(tmp_path: Path, files: Path) -> None:
    """A real archive, end to end."""
    listen = free_port()
    with committing_orthanc(tmp_path, listen) as port:
        ended, ran = run(tmp_path, files, port, listen=listen, called="ORTHANC")

    assert (ended.code, rows(ran)) == (0, COMMITTED)


def test_the_plan_says_what_is_asked_for(tmp_path: Path, files: Path) -> None:
    """And where the results are waited for."""
    peer = peer_yaml(11112, reports_at="{port: 11113}")
    text = store_yaml(11112, files, peer=peer, more="verify: commitment")

    ended = dicomjobs("plan", write(tmp_path, text))

    assert "storage commitment is asked for" in ended.out
    assert "0.0.0.0:11113" in ended.out

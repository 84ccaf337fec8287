"""Payloads from real files: their bytes unchanged, or the reason why not one byte of them may be sent."""

from __future__ import annotations

import hashlib
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomjobs.disk.payloads import CHUNK_BYTES
from dicomjobs.disk.read import DIGEST_BYTES, WHOLE_BYTES, FileStore
from dicomjobs.errors import NotSendable
from dicomjobs.execute.ports import FilePayload, Files
from dicomjobs.model.data_set_form import DataSetForm
from dicomjobs.pixels.convert import convert
from dicomjobs.plan.plan import PlannedInstance
from tests.support.instances import NATIVE, MadeInstance, encode_data_set, file_meta, make_instance


@pytest.fixture
def store() -> Files:
    """A file store, known only as the port that execution sees."""
    return FileStore(convert)


def content(payload: FilePayload) -> bytes:
    """Return all bytes of a payload and close it; they are as many as it promises."""
    data = b"".join(bytes(chunk) for chunk in payload.chunks())
    assert len(data) == payload.length
    payload.close()
    return data


def refusal(store: Files, instance: PlannedInstance) -> tuple[str, str]:
    """Return why an instance cannot be sent."""
    with pytest.raises(NotSendable) as caught:
        content(store.payload(instance))
    return caught.value.reason, caught.value.words


def open_files() -> int:
    """Return how many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def sparse(path: Path, size: int) -> MadeInstance:
    """Make an instance whose pixels are a hole of about `size` bytes in its file, 4096 columns wide."""
    rows = size // 8192
    made = make_instance(path, rows=0)
    head = path.read_bytes() + encode_data_set(
        [(0x00280002, "US", 1), (0x00280010, "US", rows), (0x00280011, "US", 4096), (0x00280100, "US", 16)],
        ExplicitVRLittleEndian,
    )
    head += b"\xe0\x7f\x10\x00OW\0\0" + (rows * 8192).to_bytes(4, "little")
    path.write_bytes(head)
    os.truncate(path, len(head) + rows * 8192)
    return replace(made, size=len(head) + rows * 8192)


@pytest.mark.parametrize("transfer_syntax", [*NATIVE, RLELossless])
@pytest.mark.parametrize("rows", [0, 16, 512, 1024])
def test_the_bytes_of_the_data_set_come_unchanged(
    tmp_path: Path, store: Files, transfer_syntax: str, rows: int
) -> None:
    """In one chunk or in several, in every transfer syntax; nothing stays open."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax, rows=rows)
    before = open_files()

    assert content(store.payload(made.planned())) == made.path.read_bytes()[made.offset :]
    assert open_files() == before


def test_a_small_data_set_is_one_chunk_with_its_digest(tmp_path: Path, store: Files) -> None:
    """Up to 64 KiB the SHA-256 is there."""
    made = make_instance(tmp_path / "a.dcm", rows=100)
    payload = store.payload(made.planned())
    (chunk,) = payload.chunks()

    assert len(chunk) < DIGEST_BYTES
    assert payload.sha256 == hashlib.sha256(chunk).hexdigest()


def test_a_large_data_set_comes_in_bounded_chunks_without_a_digest(tmp_path: Path, store: Files) -> None:
    """No chunk is above 1 MiB."""
    made = make_instance(tmp_path / "a.dcm", rows=1200)
    payload = store.payload(made.planned())
    sizes = [len(chunk) for chunk in payload.chunks()]
    payload.close()

    assert len(sizes) == 3
    assert max(sizes) == CHUNK_BYTES
    assert payload.sha256 == ""


def test_memory_stays_flat_for_half_a_gigabyte(tmp_path: Path, store: Files) -> None:
    """The peak of resident memory rises by less than 32 MiB."""
    made = sparse(tmp_path / "large.dcm", 500 * 1024 * 1024)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    payload = store.payload(made.planned())
    total = sum(len(chunk) for chunk in payload.chunks())
    payload.close()

    assert total == made.size - made.offset
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_two_large_payloads_at_once_do_not_share_a_buffer(tmp_path: Path, store: Files) -> None:
    """The next instance is prepared while one is being sent."""
    first = make_instance(tmp_path / "a.dcm", rows=600, number=1)
    second = make_instance(tmp_path / "b.dcm", rows=600, number=2)
    one, two = store.payload(first.planned()), store.payload(second.planned())
    chunk_of_one, chunk_of_two = next(one.chunks()), next(two.chunks())

    assert bytes(chunk_of_one) == first.path.read_bytes()[first.offset :]
    assert bytes(chunk_of_two) == second.path.read_bytes()[second.offset :]
    one.close()
    two.close()


@pytest.mark.parametrize("rows", [16, 512])
def test_another_instance_of_the_same_size_and_time_is_refused(tmp_path: Path, store: Files, rows: int) -> None:
    """It would be sent under a UID that is not its own, and that one called delivered."""
    planned = make_instance(tmp_path / "a.dcm", number=1, rows=rows).planned()
    other = make_instance(tmp_path / "b.dcm", number=2, rows=rows)
    os.utime(other.path, ns=(planned.mtime_ns, planned.mtime_ns))
    other.path.replace(planned.path)

    assert refusal(store, planned) == ("changed_since_plan", "the file holds another instance since the plan was made")


@pytest.mark.parametrize("rows", [16, 512])
def test_a_file_that_changed_since_the_plan_is_refused(tmp_path: Path, store: Files, rows: int) -> None:
    """Longer, shorter, newer, gone, or something else altogether."""
    made = make_instance(tmp_path / "a.dcm", rows=rows)
    planned = made.planned()
    before = open_files()

    assert refusal(store, replace(planned, size=planned.size + 2))[0] == "changed_since_plan"
    assert refusal(store, replace(planned, mtime_ns=planned.mtime_ns + 1))[0] == "changed_since_plan"
    made.path.unlink()
    assert refusal(store, planned) == ("changed_since_plan", "the file is gone since the plan was made")
    os.mkfifo(made.path)
    assert refusal(store, planned) == ("changed_since_plan", "what is there now is not a regular file")
    assert open_files() == before


def test_a_file_that_cannot_be_opened_is_refused_in_the_systems_words(tmp_path: Path, store: Files) -> None:
    """A link that leads to itself serves root as well."""
    made = make_instance(tmp_path / "a.dcm")
    planned = made.planned()
    made.path.unlink()
    made.path.symlink_to(made.path)

    assert refusal(store, planned) == ("unreadable", "Too many levels of symbolic links")


@pytest.mark.parametrize("change", ["append", "touch", "truncate"])
def test_a_file_that_changes_while_it_is_sent_never_gets_to_its_last_chunk(
    tmp_path: Path, store: Files, change: str
) -> None:
    """The peer must not be given a whole message made of two versions."""
    made = make_instance(tmp_path / "a.dcm", rows=1200)
    payload = store.payload(made.planned())
    chunks = payload.chunks()
    next(chunks)
    match change:
        case "append":
            with made.path.open("ab") as file:
                file.write(b"more")
        case "touch":
            os.utime(made.path, (1, 1))
        case _:
            os.truncate(made.path, made.offset + CHUNK_BYTES + 10)

    with pytest.raises(NotSendable) as caught:
        list(chunks)
    payload.close()

    assert caught.value.reason == "changed_while_sending"


@pytest.mark.parametrize("transfer_syntax", [*NATIVE, RLELossless])
@pytest.mark.parametrize("rows", [16, 512])
def test_a_truncated_file_is_refused_before_its_first_chunk(
    tmp_path: Path, store: Files, transfer_syntax: str, rows: int
) -> None:
    """However it is truncated: the plan was made after that, so size and time agree."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=transfer_syntax, rows=rows)
    before = open_files()
    padding = 1 if transfer_syntax == DeflatedExplicitVRLittleEndian else 0
    for lost in (1 + padding, 20, 100):
        os.truncate(made.path, made.size - lost)
        with pytest.raises(NotSendable) as caught:
            store.payload(replace(made, size=made.size - lost).planned())
        assert caught.value.reason == "truncated_file"
    assert open_files() == before


def test_an_odd_number_of_bytes_is_refused(tmp_path: Path, store: Files) -> None:
    """No element may have an odd length (PS3.5 7.1.1), and no PDV either."""
    head = file_meta(sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax=ImplicitVRLittleEndian)
    data = head + b"\x10\x00\x20\x00\x03\x00\x00\x00ABC"
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=ImplicitVRLittleEndian)
    made.path.write_bytes(data)

    assert refusal(store, replace(made, size=len(data), offset=len(head)).planned())[0] == "truncated_file"


@pytest.mark.parametrize("rows", [16, 2048])
def test_a_deflated_data_set_of_odd_length_gets_its_padding(tmp_path: Path, store: Files, rows: int) -> None:
    """PS3.5 A.5 asks for it; older writers did not."""
    made = make_instance(tmp_path / "a.dcm", transfer_syntax=DeflatedExplicitVRLittleEndian, rows=rows)
    whole = made.path.read_bytes()
    for _ in range(2):
        made.path.write_bytes(whole)
        sent = content(store.payload(replace(made, size=len(whole)).planned()))
        assert sent == whole[made.offset :] + b"\0" * (len(whole[made.offset :]) % 2)
        whole += b"\0"


@pytest.mark.parametrize("rows", [16, 512])
def test_a_converted_data_set_is_what_the_converter_makes(tmp_path: Path, store: Files, rows: int) -> None:
    """And its length is its own."""
    made = make_instance(tmp_path / "a.dcm", rows=rows)
    original = made.path.read_bytes()[made.offset :]

    form = DataSetForm(transfer_syntax=ExplicitVRBigEndian)
    sent = content(store.rewritten(made.planned(), form))

    assert sent == convert(original, ExplicitVRLittleEndian, form)


def test_what_cannot_be_converted_or_read_is_not_sendable(tmp_path: Path, store: Files) -> None:
    """Encapsulated pixels stay what they are; a changed or truncated file is refused as ever."""
    encapsulated = make_instance(tmp_path / "a.dcm", transfer_syntax=RLELossless)
    changed = replace(make_instance(tmp_path / "b.dcm").planned(), mtime_ns=5)
    cut = make_instance(tmp_path / "c.dcm")
    os.truncate(cut.path, cut.size - 8)

    for instance, reason in (
        (encapsulated.planned(), "not_convertible"),
        (changed, "changed_since_plan"),
        (replace(cut, size=cut.size - 8).planned(), "truncated_file"),
    ):
        with pytest.raises(NotSendable) as caught:
            store.rewritten(instance, DataSetForm(transfer_syntax=ImplicitVRLittleEndian))
        assert caught.value.reason == reason


def test_whole_reads_end_where_streaming_begins(tmp_path: Path, store: Files) -> None:
    """On both sides of the limit the bytes are the same."""
    for more in (0, 2):
        made = make_instance(tmp_path / "a.dcm", rows=0)
        pad = WHOLE_BYTES - (made.size - made.offset) - 12 + more
        with made.path.open("ab") as file:
            file.write(encode_data_set([(0xFFFCFFFC, "OB", b"\0" * pad)], ExplicitVRLittleEndian))
        planned = replace(made, size=made.path.stat().st_size).planned()

        assert content(store.payload(planned)) == made.path.read_bytes()[made.offset :]

"""Names, heads and durability of received files."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from dicomjobs.wire.received_files import (
    NotPart10,
    ReceivedInstance,
    file_head,
    file_name,
    held_files,
    skip_file_meta,
    write_instance,
)


def instance(**changes: str) -> ReceivedInstance:
    """An instance to be written, its data set being nonsense."""
    fields = {
        "sop_class_uid": CTImageStorage,
        "sop_instance_uid": "1.2.3",
        "study_instance_uid": "1.2",
        "transfer_syntax": ExplicitVRLittleEndian,
        "calling_ae_title": "SENDER",
    }
    return ReceivedInstance(**(fields | changes), data=memoryview(b"\x02\x00nonsense"))


@given(st.text(max_size=80))
def test_no_text_names_anything_outside(text: str) -> None:
    """A name is a UID or 64 hexadecimal digits, never a path (PS3.5 9.1)."""
    name = file_name(text)

    assert name == text or (len(name) == 64 and set(name) <= set("0123456789abcdef"))
    assert set(name) <= set("0123456789abcdef.")
    assert name not in {"", ".", ".."}


def test_the_head_is_read_by_pydicom_and_by_ourselves() -> None:
    """File Meta Information with every element in order, its group length right (PS3.10 7.1)."""
    data = file_head(instance())
    meta = dcmread(io.BytesIO(data)).file_meta
    stream = io.BytesIO(data + b"the data set")

    assert meta.FileMetaInformationGroupLength == len(data) - 144
    assert meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert meta.SourceApplicationEntityTitle == "SENDER"
    assert data[:128] == bytes(128)
    assert skip_file_meta(stream) == ExplicitVRLittleEndian
    assert stream.read() == b"the data set"


def test_a_deflated_data_set_may_begin_like_file_meta() -> None:
    """The group length says where the data set begins, whatever its first two bytes are."""
    data = file_head(instance(transfer_syntax=DeflatedExplicitVRLittleEndian))
    stream = io.BytesIO(data + b"\x02\x00nonsense")

    assert skip_file_meta(stream) == DeflatedExplicitVRLittleEndian
    assert stream.read() == b"\x02\x00nonsense"


@pytest.mark.parametrize("data", [b"", b"text", bytes(128) + b"DICM", bytes(128) + b"DICM\x02\x00"])
def test_what_is_no_dicom_file_is_said_to_be_none(data: bytes) -> None:
    """No prefix, or nothing behind it."""
    with pytest.raises(NotPart10):
        skip_file_meta(io.BytesIO(data))


def test_a_file_is_replaced_at_once_and_nothing_else_is_left(tmp_path: Path) -> None:
    """A reader that has the former file open keeps it; the folder holds one file."""
    write_instance(str(tmp_path), instance(calling_ae_title="FIRST"))
    [path] = held_files(str(tmp_path))
    with Path(path).open("rb") as former:
        write_instance(str(tmp_path), instance(calling_ae_title="SECOND"))

        assert b"FIRST" in former.read()
    assert b"SECOND" in Path(path).read_bytes()
    assert len(list(tmp_path.rglob("*"))) == 2


def test_a_write_that_fails_leaves_the_former_file(tmp_path: Path) -> None:
    """The name changes hands only when the new file is whole."""
    write_instance(str(tmp_path), instance())
    [path] = held_files(str(tmp_path))
    before = Path(path).read_bytes()
    Path(path).rename(path + ".kept")
    Path(path).mkdir()
    with pytest.raises(OSError, match="directory"):
        write_instance(str(tmp_path), instance(calling_ae_title="SECOND"))

    assert Path(path + ".kept").read_bytes() == before
    assert not [name for name in os.listdir(Path(path).parent) if name.endswith(".part")]  # noqa: PTH208  # hidden ones too


def test_files_are_found_oldest_first_without_hidden_ones_and_links(tmp_path: Path) -> None:
    """The newest of two files with one UID is the last that an index reads."""
    (tmp_path / "folder").mkdir()
    for age, name in enumerate(("new", "folder/middle", "old", ".hidden")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "link").symlink_to(tmp_path / "new")
    (tmp_path / "folder" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")

    assert [Path(path).name for path in held_files(str(tmp_path))] == ["old", "middle", "new"]

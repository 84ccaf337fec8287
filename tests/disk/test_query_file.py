"""Query files in every form they come in: what is read of one is what stands in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.dcmtk.dictionary_file import read_dictionary
from dicomjobs.dicom.data_dictionary import dictionary_of
from dicomjobs.dicom.deflate import deflate
from dicomjobs.disk.query_file import LARGEST, NotAQuery, read_query
from dicomjobs.model.query import Element
from dicomjobs.wire.identifier import encode_identifier
from tests.support.peers import need_program

EXPLICIT = "1.2.840.10008.1.2.1"

DUMP = """\
# a comment
(0008,0000) UL 99
(0008,0005) CS [ISO_IR 100]
(0002,0010) UI =LittleEndianExplicit
(0008,0052) CS [STUDY]     # [a bracket in a comment is none
(0008,0016) UI =CTImageStorage
(0008,0060) CS [CT\\MR]
(0008,0090)
(0008,1140) SQ (Sequence with explicit length #=0)
(fffe,e0dd) na (SequenceDelimitationItem for re-encod.)
(0009,0010) LO [ACME 1]
(0009,1001) UN 41\\42
(0010,0010) PN [M%sller^*]
(0010,4000) LT [a \\ backslash]
(0018,1250) SH [A B]
(0018,9087) FD 1.5\\2.5
(0020,000d) UI (no value available)
(0028,0009) AT (0018,1063)
(0028,0010) US 512\\3
(0028,0120) xs 7
(0040,0100) SQ
  (fffe,e000) -
    (0008,0060) CS [CT]
    (0040,0008) SQ
      (fffe,e000) na
      (fffe,e00d) na
    (fffe,e0dd) na
  (fffe,e00d) -
(fffe,e0dd) -
(7fe0,0010) OW 0001\\abcd
""".replace("%s", "\u00fc")


@pytest.fixture(params=["+te", "+ti", "+tb", "+td"])
def syntax(request: pytest.FixtureRequest) -> str:
    """An option of dump2dcm for the transfer syntax that it writes."""
    return str(request.param)


def _dcm(folder: Path, *options: str) -> bytes:
    """Return what dump2dcm makes of the dump."""
    source, made = folder / "query.dump", folder / "query.dcm"
    source.write_bytes(DUMP.encode("latin-1"))
    subprocess.run([need_program("dump2dcm"), "-q", *options, str(source), str(made)], check=True)
    return made.read_bytes()


def test_a_dump_and_the_file_that_dump2dcm_makes_of_it_are_the_same_query(tmp_path: Path, syntax: str) -> None:
    """In every transfer syntax, with explicit and undefined lengths; an unknown VR is lost where none is written."""
    from_file = read_query(_dcm(tmp_path, syntax, "-e"), "ISO_IR 192")

    assert from_file == read_query(DUMP.encode("latin-1"), "ISO_IR 192")
    assert from_file == read_query(DUMP.encode("utf-8"), "ISO_IR 192")


@pytest.mark.parametrize("syntax", ["+te", "+ti"])
def test_a_bare_data_set_is_read_in_the_encoding_that_it_has(tmp_path: Path, syntax: str) -> None:
    """There is no File Meta Information to say which."""
    assert read_query(_dcm(tmp_path, "-F", syntax), "ISO_IR 6") == read_query(DUMP.encode("latin-1"), "ISO_IR 6")


def test_the_same_bytes_are_made_again(tmp_path: Path) -> None:
    """All of the data set but group lengths, padding included."""
    data = _dcm(tmp_path, "-F", "+te", "-g")

    assert encode_identifier(read_query(data, "ISO_IR 6"), EXPLICIT, "ISO_IR 192") == data


def test_text_without_a_declared_character_set_is_in_the_assumed_one(tmp_path: Path) -> None:
    """And is declared when it is sent."""
    data = b"(0010,0010) PN [M\xfcller]\n"

    assert read_query(data, "ISO_IR 100") == (Element(tag=0x00100010, vr="PN", values=("M\u00fcller",)),)
    with pytest.raises(NotAQuery, match="no text in ISO_IR 6"):
        read_query(data, "ISO_IR 6")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no element"),
        (b"hello, world", "damaged"),
        (b"\xff" * 64, "damaged"),
        (b"(0010,0010) PN [A]\n(0010\n", "line 2"),
        (b"(0010,0010) PN [A]\n(fffe,e00d) -\n", "line 2"),
        (b"(0008,0016) UI =NoSuchClass\n", "NoSuchClass"),
        (b"(7fe0,0010) OW =pixels.raw\n", "file of its own"),
        (b"(0008,0005) CS [KLINGON]\n(0010,0010) PN [\xff]\n", "no character set"),
    ],
)
def test_what_is_no_query_is_refused_in_words(data: bytes, words: str) -> None:
    """Whatever it is."""
    with pytest.raises(NotAQuery, match=words):
        read_query(data, "ISO_IR 192")


def test_a_dicom_file_cut_off_is_refused(tmp_path: Path) -> None:
    """Not sent in part."""
    data = _dcm(tmp_path)

    with pytest.raises(NotAQuery):
        read_query(data[:-3], "ISO_IR 192")


def test_a_private_element_without_a_vr_has_the_one_of_a_dictionary() -> None:
    """Which knows its creator."""
    creator = Element(tag=0x00190010, vr="LO", values=("ACME",))
    spacing = Element(tag=0x00191022, vr="DS", values=("1.5",))
    data = encode_identifier((creator, spacing), "1.2.840.10008.1.2", "")
    entry = read_dictionary('(0019,"ACME",22)\tDS\tDetectorSpacing\n', "site.dic", code="DJ563").entries

    assert read_query(data, "ISO_IR 6", dictionary_of(entry)) == (creator, spacing)
    assert read_query(data, "ISO_IR 6")[1].vr == "UN"


def test_a_deflated_file_is_not_inflated_without_end(tmp_path: Path) -> None:
    """A few kilobytes can hold gigabytes."""
    data = _dcm(tmp_path, "+td")
    bomb = data[: 144 + int.from_bytes(data[140:144], "little")] + deflate(b"\0" * (LARGEST + 1))

    with pytest.raises(NotAQuery, match="more than"):
        read_query(bomb, "ISO_IR 192")


def _encoded(syntax: str) -> bytes:
    """Return the dump as a bare data set."""
    return encode_identifier(read_query(DUMP.encode("utf-8"), "ISO_IR 6"), syntax, "ISO_IR 192")


BARE = [_encoded(syntax) for syntax in (EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2")]


@settings(deadline=None)
@given(
    data=st.sampled_from([*BARE, b"\0" * 128 + b"DICM" + BARE[0], DUMP.encode("latin-1")]),
    place=st.integers(0, 400),
    change=st.binary(max_size=6),
)
def test_changed_bytes_are_a_query_or_refused_in_words(data: bytes, place: int, change: bytes) -> None:
    """Nothing else, whatever a disk made of them."""
    changed = data[:place] + change + data[place + len(change) :]

    try:
        found = read_query(changed, "ISO_IR 192")
    except NotAQuery:
        return

    assert all(element.tag >> 16 > 0x0002 for element in found)

"""Text in every character set of PS3.3 C.12.1.1.2, compared with the codecs and with pydicom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding
from pydicom.valuerep import PersonName

from dicomjobs.dicom.character_sets import CODECS, DEFAULT, CharacterSet, character_set_of, is_defined_term
from dicomjobs.dicom.code_extensions import DESIGNATIONS

RESETS = "^=\\\t\n\f\r"


def known(text: str) -> CharacterSet:
    """The character set of a value of (0008,0005), which must be known."""
    found = character_set_of(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ISO_IR 6", "Buc^Jerome"),
        ("ISO_IR 100", "Buc^Jérôme"),
        ("ISO_IR 101", "Dvořák^Antonín"),
        ("ISO_IR 109", "Ĝusta^Ĥoro"),
        ("ISO_IR 110", "Bērziņš^Jānis"),
        ("ISO_IR 144", "Щукин^Юлия"),
        ("ISO_IR 127", "قباني^لنزار"),
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 138", "שרון^דבורה"),
        ("ISO_IR 148", "Çavuşoğlu^Müğe"),
        ("ISO_IR 166", "สมชาย"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("GBK", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 203", "Šoš^€"),
    ],
)
def test_text_comes_back_from_a_character_set_without_extensions(name: str, text: str) -> None:
    """The bytes are those of pydicom's codec, where pydicom has one."""
    raw = known(name).encode(text, RESETS)

    assert known(name).decode(raw, RESETS.encode()) == text
    assert name not in python_encoding or raw == text.encode(python_encoding[name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO 2022 IR 6\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        ("ISO 2022 IR 6\\ISO 2022 IR 159\\ISO 2022 IR 87", "Aoki^Ryu=丂^龔"),
        ("\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", "Äneas^Щукин^Юлия"),
        ("ISO 2022 IR 6\\ISO 2022 IR 126", "Dionysios^Διονυσιος"),
    ],
)
def test_text_comes_back_from_a_character_set_with_extensions(name: str, text: str) -> None:
    """Names in several scripts survive, and so do pydicom's bytes for them."""
    encodings = [python_encoding[term] for term in name.split("\\")]
    theirs = PersonName(text, encodings).encode(encodings)

    assert known(name).decode(known(name).encode(text, RESETS), RESETS.encode()) == text
    assert known(name).decode(theirs, RESETS.encode()) == text


def test_the_examples_of_the_standard_have_the_bytes_of_the_standard() -> None:
    """PS3.5 H.3.1, H.3.2, I.2 and K.2 print these person names byte by byte."""
    kanji = known("\\ISO 2022 IR 87").encode("Yamada^Tarou=山田^太郎", RESETS)
    katakana = known("ISO 2022 IR 13\\ISO 2022 IR 87").encode("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", RESETS)
    hangul = known("\\ISO 2022 IR 149").encode("Hong^Gildong=洪^吉洞=홍^길동", RESETS)
    hanzi = known("\\ISO 2022 IR 58").encode("Zhang^XiaoDong=张^小东", RESETS)

    assert kanji == b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
    assert katakana == b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
    assert hangul == b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
    assert hanzi == b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ISO_IR 6", "é"),
        ("ISO_IR 100", "Ł"),
        ("ISO_IR 13", "山"),
        ("ISO_IR 13", "¥"),
        ("ISO_IR 192", "\ud800"),
        ("\\ISO 2022 IR 87", "é"),
        ("\\ISO 2022 IR 149", "\U0001f600"),
    ],
)
def test_a_character_that_is_not_in_the_set_is_refused(name: str, text: str) -> None:
    """Nothing is replaced by a question mark, and a yen sign does not turn into the delimiter of values."""
    with pytest.raises(ValueError):  # noqa: PT011  the sentence is the caller's: it knows the attribute
        known(name).encode(text, RESETS)


def test_a_delimiter_ends_what_an_escape_sequence_began() -> None:
    """PS3.5 6.1.2.5.3: after ^ the first character set is in force again, elsewhere ^ is a character like any other."""
    raw = b"\x1b-L\xbb^\xc4"

    assert known("ISO 2022 IR 100\\ISO 2022 IR 144").decode(raw, b"^") == "Л^Ä"
    assert known("ISO 2022 IR 100\\ISO 2022 IR 144").decode(raw, b"\\") == "Л^Ф"


def test_a_backslash_inside_two_byte_characters_is_no_delimiter() -> None:
    """龔 is 6D 5C in JIS X 0212."""
    assert known("\\ISO 2022 IR 159").decode(b"\x1b$(Dm\\\x1b(B", b"\\") == "龔"


def test_bytes_without_a_meaning_are_shown_as_replacement_characters() -> None:
    """A wrong declaration costs characters, not the answer."""
    assert known("ISO_IR 192").decode(b"M\xfcller", b"") == "M�ller"
    assert DEFAULT.decode(b"M\xfcller", b"") == "M�ller"
    assert known("\\ISO 2022 IR 87").decode(b"\x1b$B;3\xff", b"").startswith("山")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 100", "ISO_IR 100"),
        ("iso_ir 192 ", "ISO_IR 192"),
        ("ISO_IR 6\\ISO 2022 IR 87", "ISO 2022 IR 6\\ISO 2022 IR 87"),
        ("ISO_IR 192\\ISO 2022 IR 87", "ISO_IR 192"),
        ("ISO 2022 IR 100\\UNHEARD OF", "ISO 2022 IR 100"),
    ],
)
def test_spellings_that_are_met_in_practice_are_understood(spelling: str, name: str) -> None:
    """What they decode to is what the right spelling decodes to."""
    raw = b"\xc3\xa4\x1b$B;3\x1b(B"

    assert known(spelling).decode(raw, b"") == known(name).decode(raw, b"")


@pytest.mark.parametrize("name", ["UTF-8", "ISO_IR 999", "ISO 2022 IR 999", "nonsense\\ISO 2022 IR 87"])
def test_an_unknown_character_set_is_nothing(name: str) -> None:
    """The caller decides what to fall back to."""
    assert character_set_of(name) is None
    assert not is_defined_term(name)


def test_nothing_declared_is_the_default_repertoire() -> None:
    """An empty (0008,0005) is ISO_IR 6."""
    assert character_set_of("") == DEFAULT


@pytest.mark.parametrize(
    "term", [*filter(None, CODECS), *DESIGNATIONS, "\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87"]
)
def test_every_defined_term_is_one_and_is_known(term: str) -> None:
    """The tables of PS3.3, and combinations of those that allow it."""
    assert is_defined_term(term)
    assert character_set_of(term) is not None


@pytest.mark.parametrize(
    "text", ["", "ISO_IR 192\\ISO 2022 IR 87", "iso_ir 100", "ISO 2022 IR 6\\", "ISO_IR 100\\ISO_IR 101"]
)
def test_what_the_standard_does_not_define_is_no_defined_term(text: str) -> None:
    """A job file must say it right, even where we would understand it from a peer."""
    assert not is_defined_term(text)


@given(
    st.sampled_from([*CODECS, *DESIGNATIONS, "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159"]), st.binary(max_size=60)
)
def test_any_bytes_decode_in_any_character_set(name: str, raw: bytes) -> None:
    """Nothing a peer sends is an error here."""
    assert isinstance(known(name).decode(raw, b"^=\\"), str)


@given(
    st.sampled_from(
        [
            "\\ISO 2022 IR 87\\ISO 2022 IR 159",
            "ISO 2022 IR 100\\ISO 2022 IR 149",
            "\\ISO 2022 IR 58",
            "ISO_IR 192",
            "ISO_IR 13",
        ]
    ),
    st.text(st.sampled_from("Aa ^=\\山田ｱ홍길é丂东ひ"), max_size=20),
)
def test_what_can_be_encoded_is_read_again(name: str, text: str) -> None:
    """Either every character is there, or the text is refused."""
    try:
        raw = known(name).encode(text, RESETS)
    except ValueError:
        return

    assert known(name).decode(raw, RESETS.encode()) == text

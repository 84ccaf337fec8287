"""Plain elements are matched as the walk finds them, and nothing else is matched."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomjobs.dicom.encoding import Encoding, encoding_of
from dicomjobs.disk import completeness, header
from dicomjobs.disk.skim import VALUE, plain_elements
from dicomjobs.disk.window import Damaged, Window
from tests.support.instances import Elements, encode_data_set

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
SOME: Elements = [
    (0x00080016, "UI", "1.2"),
    (0x00080018, "UI", "1.2.3"),
    (0x00100010, "PN", "A" * 64),
    (0x00200000, "UL", 7),
    (0x0020000E, "UI", "1.4"),
    (0x00280002, "US", 1),
    (0x00280004, "CS", "RGB"),
    (0x00280008, "IS", "2"),
    (0x00280008, "IS", "1" * 18),
    (0x00280010, "US", 2),
    (0x00280011, "US", 3),
    (0x00280100, "US", 8),
    (0x7FE00010, "OW", bytes(12)),
]


def matched(data: bytes, syntax: str, wanted: tuple[int, ...], last: int) -> tuple[int, tuple[bytes | None, ...]]:
    """Return how many bytes are plain elements, and the values of the wanted ones."""
    encoding = encoding_of(syntax)
    match = plain_elements(encoding.byte_order, wanted, last, explicit=encoding.explicit).match(data)
    assert match
    return match.end(), tuple(found and found[VALUE:] for found in match.groups())


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_elements_are_matched_up_to_the_last_and_the_wanted_values_kept(syntax: str) -> None:
    """The last is matched itself when it is wanted; an unwanted one of its group is left to the walk."""
    data = encode_data_set(SOME, syntax)

    end, values = matched(data, syntax, (0x00080018, 0x00200000, 0x0020000E), 0x0020000E)
    before, none = matched(data, syntax, (), 0x0020000E)

    assert values == (b"1.2.3\0", b"\7\0\0\0" if syntax != ExplicitVRBigEndian else b"\0\0\0\7", b"1.4\0")
    assert end == len(encode_data_set(SOME[:5], syntax))
    assert (before, none) == (len(encode_data_set(SOME[:3], syntax)), ())


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    "element",
    [
        (0x00100020, "LO", "A" * 66),
        (0x00080018, "UI", "1" * 66),
        (0x00081140, "SQ", [[(0x00081150, "UI", "1." * 40)]]),
        (0xFFFEE00D, "UI", ""),
        (0x7FE00010, "OW", b"1234"),
    ],
)
def test_the_match_ends_before_what_is_not_plain(syntax: str, element: tuple[int, str, object]) -> None:
    """A long value, wanted or not, a sequence, a delimiter, pixel data."""
    first = encode_data_set(SOME[:1], syntax)
    data = first + encode_data_set([element, (0x00101010, "AS", "010Y")], syntax)

    assert matched(data, syntax, (0x00080018,), 0x7FE00010) == (len(first), (None,))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_element_that_is_cut_off_is_not_matched(syntax: str) -> None:
    """Wherever it is cut."""
    one, two = (encode_data_set(SOME[:count], syntax) for count in (1, 2))
    for cut in range(len(one), len(two)):
        assert matched(two[:cut], syntax, (0x00080018,), 0x7FE00010) == (len(one), (None,))


def test_of_elements_with_the_same_tag_the_last_one_counts() -> None:
    """As it does for the walk."""
    twice = encode_data_set([(0x00280010, "US", 1), (0x00280011, "US", 2), (0x00280010, "US", 3)], SYNTAXES[0])

    assert matched(twice, SYNTAXES[0], (0x00280010,), 0x7FE00010)[1] == (b"\3\0",)


def test_a_wanted_value_that_is_too_long_is_passed_over() -> None:
    """It is plain, but not kept; an earlier one stays."""
    data = encode_data_set([(0x00280008, "IS", "2"), (0x00280008, "IS", "3" * 18), (0x00280010, "US", 3)], SYNTAXES[1])
    pattern = plain_elements("little", (0x00280008, 0x00280010), 0x7FE00010, explicit=True, longest=16)
    match = pattern.match(data)

    assert match
    assert (match.end(), match.groups()) == (len(data), (b"IS\2\0002 ", b"US\2\0\3\0"))


def nothing_plain(_byte_order: str, wanted: tuple[int, ...], _last: int, **_options: int) -> re.Pattern[bytes]:
    """Return a pattern that leaves all elements to the walk, with as many groups as are asked for."""
    return re.compile(b"((?!))?" * len(wanted))


def verdict(judge: Callable[[], object]) -> object:
    """Return what comes of a judgement, or the words by which it is refused."""
    try:
        return judge()
    except Damaged as damage:
        return str(damage)


def judged(data: bytes, encoding: Encoding) -> tuple[object, object]:
    """Return the verdicts on a data set: whether it is complete, and the values that its header has."""
    return (
        verdict(lambda: completeness.check_complete(Window(-1, len(data), data), 0, encoding, native=True)),
        verdict(lambda: header._values(Window(-1, len(data), data), 0, encoding, frozenset())),
    )


@settings(max_examples=500, deadline=None)
@given(data=st.data(), syntax=st.sampled_from(SYNTAXES))
def test_every_verdict_is_the_one_that_the_walk_alone_comes_to(data: st.DataObject, syntax: str) -> None:
    """Whatever bytes have changed, elements been repeated, or put in disorder."""
    nested: Elements = [(0x00081140, "SQ", [[(0x00081150, "UI", "1.2")]]), (0x00091001, "UN", b"12")]
    chosen = data.draw(st.lists(st.sampled_from([*SOME, *nested]), max_size=16))
    mutated = bytearray(encode_data_set(chosen if data.draw(st.booleans()) else SOME, syntax))
    for position in data.draw(st.lists(st.integers(0, max(len(mutated) - 1, 0)), max_size=4 if mutated else 0)):
        mutated[position] = data.draw(st.integers(0, 255) | st.integers(0, 8))
    encoding = encoding_of(syntax)
    skimmed = judged(bytes(mutated), encoding)

    with pytest.MonkeyPatch.context() as patch:
        for module in (completeness, header):
            patch.setattr(module, "plain_elements", nothing_plain)
        walked = judged(bytes(mutated), encoding)

    assert skimmed == walked

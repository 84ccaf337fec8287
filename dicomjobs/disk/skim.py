"""Plain elements many at a time: a regular expression matches those with a short value, as nearly all of a header are.

It judges nothing: at whatever is not plain it stops, and `elements.py` says what that is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from struct import Struct

from dicomjobs.dicom.encoding import SHORT_VRS

_LONGEST = 64
VALUE = 4
"""Where the value of a plain element begins behind its tag: after VR and length, of two bytes each, or a length of four."""


@lru_cache
def plain_elements(
    byte_order: str, wanted: tuple[int, ...], last: int, *, explicit: bool, longest: int = _LONGEST
) -> re.Pattern[bytes]:
    """Return the pattern of any number of plain elements; what is behind the tag of each wanted one is in its group.

    Plain is an element with a value of an even length of at most 64 bytes, when it is wanted and its tag is less than `last`,
    or when its group is; the element `last` ends the match if it is wanted. Of elements with the same tag the last one counts,
    and none that has more than `longest` bytes. `wanted` is in ascending order; `explicit` says whether VRs are written
    (PS3.5 7.1).
    """
    order = "<" if byte_order == "little" else ">"
    skipped = b"%b..%b" % (_group_below(last >> 16, order), _rest(order, _LONGEST, explicit=explicit))
    rest = _rest(order, longest, explicit=explicit)
    kept = {tag: b"%b(%b)" % (_exactly(Struct(order + "HH").pack(tag >> 16, tag & 0xFFFF)), rest) for tag in wanted}
    ending = b"(?:%b)?" % kept.pop(last) if last in kept else b""
    # The wanted ones come first: what is too long for its own alternative is left to the one that skips.
    return re.compile(b"(?:(?:%b)|%b)*%b" % (b"|".join(kept.values()) or b"(?!)", skipped, ending), re.DOTALL)


def _rest(order: str, longest: int, *, explicit: bool) -> bytes:
    """Return the pattern of a plain element behind its tag, with a value of up to so many bytes."""
    length = Struct(order + ("H" if explicit else "I"))
    sizes = range(0, longest + 1, 2)
    value = b"|".join(b"%b.{%d}" % (_exactly(length.pack(size)), size) for size in sizes)
    return b"%b(?:%b)" % (_SHORT_VR if explicit else b"", value)


def _group_below(group: int, order: str) -> bytes:
    """Return the pattern of all groups less than one, or of most of them: less in the more significant byte will do."""
    high, low = divmod(group, 256)
    parts = (b".", _byte_below(high)) if high else (_byte_below(low), b"\\x00")
    return b"".join(parts if order == "<" else reversed(parts))


def _byte_below(byte: int) -> bytes:
    """Return the pattern of all bytes less than one."""
    return b"[\\x00-\\x%02x]" % (byte - 1) if byte else b"(?!)"


def _exactly(data: bytes) -> bytes:
    """Return the pattern of some bytes."""
    return b"".join(b"\\x%02x" % byte for byte in data)


def _one_of(vrs: frozenset[bytes]) -> bytes:
    """Return the pattern of some VRs, by their first letters."""
    by_first = groupby(sorted(vrs), key=itemgetter(0))
    return b"(?:%b)" % b"|".join(b"%c[%b]" % (first, bytes(vr[1] for vr in each)) for first, each in by_first)


_SHORT_VR = _one_of(SHORT_VRS)

"""The value representations of PS3.5 table 6.2-1, in the groups that an encoder and a decoder need; it knows no values."""

from __future__ import annotations

from collections.abc import Mapping

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Those with two reserved bytes and a length of 32 bits in explicit VR (PS3.5 7.1.2)."""

CHARACTER_SET_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Text that Specific Character Set (0008,0005) applies to (PS3.5 6.1.2.3)."""

PLAIN_TEXT = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
"""Text in the default character repertoire, ISO 646."""

SINGLE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
"""Text of one value, in which a backslash is a character like any other."""

LEADING_SPACES_IGNORED = frozenset({"AE", "CS", "DS", "IS", "LO", "SH"})
"""Text whose leading spaces are padding; trailing ones are for every text."""

NUMBERS: Mapping[str, str] = {
    "FD": "d",
    "FL": "f",
    "SL": "i",
    "SS": "h",
    "SV": "q",
    "UL": "I",
    "US": "H",
    "UV": "Q",
}
"""Binary numbers, with the letter that the struct module has for each."""

BINARY: Mapping[str, int] = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
"""Byte streams, with the size in bytes of the words whose byte order the transfer syntax sets."""

NEW_VRS = frozenset({"OD", "OF", "OL", "OV", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Those that came to the standard after the first ones, so that a peer of the first years does not know them."""

ALL = CHARACTER_SET_TEXT | PLAIN_TEXT | set(NUMBERS) | set(BINARY) | {"AT", "SQ"}
"""Every value representation."""

"""As much of DER (X.690) as is needed to see what kind of key a file holds, what a certificate may do, and until when it is good.

It verifies nothing; OpenSSL does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from itertools import islice

_BOOLEAN, _INTEGER, _OCTET_STRING, _UTC_TIME, _GENERALIZED_TIME, _SEQUENCE = 0x01, 0x02, 0x04, 0x17, 0x18, 0x30
_EXTENSIONS = 0xA3  # [3] of a certificate (RFC 5280 4.1)
_BASIC_CONSTRAINTS, _KEY_USAGE = b"\x55\x1d\x13", b"\x55\x1d\x0f"  # 2.5.29.19 and 2.5.29.15 (RFC 5280 4.2.1)
_TRUE = (_BOOLEAN, b"\xff")
_TIMES = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
_DEEPEST_LENGTH = 4  # bytes of a length; more would be a value of 4 GB


class NotDer(ValueError):
    """The bytes are not what they should be in DER."""


class KeyKind(Enum):
    """The forms of a private key; the values are the labels that PEM has for them (RFC 7468, RFC 5915)."""

    ENCRYPTED_PKCS8 = "ENCRYPTED PRIVATE KEY"
    PKCS8 = "PRIVATE KEY"
    PKCS1 = "RSA PRIVATE KEY"
    SEC1 = "EC PRIVATE KEY"


Value = tuple[int, bytes]
"""A tag and what is inside."""


def key_kind(data: bytes) -> KeyKind:
    """See which form a private key has. Raises NotDer."""
    match [tag for tag, _ in islice(_members(_only(data)), 2)]:
        case [first, second] if (first, second) == (_SEQUENCE, _OCTET_STRING):
            return KeyKind.ENCRYPTED_PKCS8
        case [first, second] if (first, second) == (_INTEGER, _SEQUENCE):
            return KeyKind.PKCS8
        case [first, second] if (first, second) == (_INTEGER, _INTEGER):
            return KeyKind.PKCS1
        case [first, second] if (first, second) == (_INTEGER, _OCTET_STRING):
            return KeyKind.SEC1
        case _:
            raise NotDer("this is no private key")


def certificate_expires(data: bytes) -> datetime:
    """Return when a certificate expires, its notAfter (RFC 5280 4.1.2.5). Raises NotDer."""
    fields = _members(_first(_only(data)))
    # after [0] version, serial number, signature and issuer, the first SEQUENCE of two times is the validity
    validity = next((value for tag, value in fields if tag == _SEQUENCE and _are_times(value)), None)
    if validity is None:
        raise NotDer("this is no certificate")
    return _time(_members(validity)[1])


def is_authority_without_key_usage(data: bytes) -> bool:
    """Say whether a certificate is an authority's and lacks keyUsage, which it has to have (RFC 5280 4.2.1.3). Raises NotDer."""
    extensions = dict(_extensions(data))
    constraints = extensions.get(_BASIC_CONSTRAINTS)
    return constraints is not None and _TRUE in _members(_only(constraints)) and _KEY_USAGE not in extensions


def _extensions(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield object identifier and value of each extension of a certificate."""
    for tag, value in _members(_first(_only(data))):
        for _, extension in _members(_only(value)) if tag == _EXTENSIONS else ():
            match _members(extension):
                case [(_, identifier), *_, (tag_of_value, content)] if tag_of_value == _OCTET_STRING:
                    yield identifier, content
                case _:
                    raise NotDer("an extension that is none")


def revocation_list_expires(data: bytes) -> datetime | None:
    """Return when the next list is due, nextUpdate (RFC 5280 5.1.2.5), None where a list does not say. Raises NotDer."""
    times = [value for value in _members(_first(_only(data))) if value[0] in _TIMES]
    if not times:
        raise NotDer("this is no certificate revocation list")
    return _time(times[1]) if len(times) > 1 else None


def _are_times(data: bytes) -> bool:
    """Whether a sequence is one of two times."""
    try:
        tags = [tag for tag, _ in _members(data)]
    except NotDer:
        return False
    return len(tags) == 2 and all(tag in _TIMES for tag in tags)


def _time(value: Value) -> datetime:
    """Read a time."""
    tag, text = value
    try:
        return datetime.strptime(text.decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        raise NotDer("a time that is none") from None


def _only(data: bytes) -> bytes:
    """Return the inside of the one SEQUENCE that the data are."""
    members = _members(data)
    if len(members) != 1 or members[0][0] != _SEQUENCE:
        raise NotDer("this is not one sequence")
    return members[0][1]


def _first(data: bytes) -> bytes:
    """Return the inside of the first member of a sequence, itself a sequence."""
    members = _members(data)
    if not members or members[0][0] != _SEQUENCE:
        raise NotDer("this does not begin with a sequence")
    return members[0][1]


def _members(data: bytes) -> list[Value]:
    """Take the values apart that stand one behind the other."""
    members, position = [], 0
    while position < len(data):
        tag, (start, end) = data[position], _extent(data, position + 1)
        members.append((tag, data[start:end]))
        position = end
    return members


def _extent(data: bytes, position: int) -> tuple[int, int]:
    """Return where the value begins and ends whose length stands at a position."""
    length = data[position] if position < len(data) else 0x80
    start = position + 1
    if length >= 0x80:
        size = length & 0x7F
        if not 0 < size <= _DEEPEST_LENGTH:
            raise NotDer("a length that is none")
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise NotDer("a value that runs over the end")
    return start, start + length

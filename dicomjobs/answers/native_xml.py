"""Answers in the Native DICOM Model (PS3.19 A.1), one XML document each, made from the DICOM JSON Model.

It knows nothing of files. Characters that XML 1.0 cannot hold are written as their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from dicomjobs.dicom.attributes import by_tag

_NAMESPACE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS: Final = {"\r": "&#13;"}
"""What a reader of XML would change into something else."""


def native_xml(identifier: Mapping[str, object]) -> bytes:
    """Return one answer in the DICOM JSON Model as an XML document in UTF-8."""
    root = f'<NativeDicomModel xmlns="{_NAMESPACE}" xml:space="preserve">\n'
    return (_HEAD + root + "".join(_attributes(identifier)) + "</NativeDicomModel>\n").encode()


def _attributes(data_set: Mapping[str, object]) -> Iterator[str]:
    """Yield the attributes of a data set or item."""
    creators = {tag: element for tag, element in data_set.items() if _is_creator(int(tag, 16))}
    for tag, element in data_set.items():
        if isinstance(element, Mapping):
            yield f"<DicomAttribute {_named(tag, str(element['vr']), creators)}>\n"
            yield from _values(element)
            yield "</DicomAttribute>\n"


def _named(tag: str, vr: str, creators: Mapping[str, object]) -> str:
    """Return what identifies an attribute: tag, VR, keyword, and the creator of a private one."""
    number = int(tag, 16)
    known = by_tag(number)
    named = f'tag="{tag}" vr="{vr}"' + (f' keyword="{known.keyword}"' if known else "")
    creator = creators.get(f"{number & 0xFFFF0000 | number >> 8 & 0xFF:08X}") if number & 0x10000 else None
    values = creator.get("Value") if isinstance(creator, Mapping) else None
    return named + (f" privateCreator={quoteattr(_visible(str(values[0])))}" if isinstance(values, list) else "")


def _is_creator(tag: int) -> bool:
    """Say whether an attribute reserves a block of private ones (PS3.5 7.8.1)."""
    return tag & 0x10000 != 0 and 0x10 <= tag & 0xFFFF <= 0xFF


def _values(element: Mapping[str, object]) -> Iterator[str]:
    """Yield the values of an attribute, numbered from 1; an empty one among several only counts."""
    if isinstance(binary := element.get("InlineBinary"), str):
        yield f"<InlineBinary>{binary}</InlineBinary>\n"
    values = element.get("Value")
    for number, value in enumerate(values if isinstance(values, list) else (), start=1):
        if element["vr"] == "SQ" and isinstance(value, Mapping):
            yield f'<Item number="{number}">\n{"".join(_attributes(value))}</Item>\n'
        elif isinstance(value, Mapping):
            yield f'<PersonName number="{number}">\n{"".join(_name(value))}</PersonName>\n'
        elif value is not None:
            yield f'<Value number="{number}">{_text(str(value))}</Value>\n'


def _name(name: Mapping[str, object]) -> Iterator[str]:
    """Yield the component groups of a person's name, and their components (PS3.5 6.2.1)."""
    for group in _GROUPS:
        if text := str(name.get(group, "")):
            parts = zip(_COMPONENTS, text.split("^", len(_COMPONENTS) - 1), strict=False)
            inside = "".join(f"<{component}>{_text(part)}</{component}>" for component, part in parts if part)
            yield f"<{group}>{inside}</{group}>\n"


def _text(text: str) -> str:
    """Return text with what is markup replaced."""
    return escape(_visible(text), _BREAKS)


def _visible(text: str) -> str:
    """Return text with what XML cannot hold written as its numbers."""
    return _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)

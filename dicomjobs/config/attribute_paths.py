"""How people write attributes as keys: keywords, tags, and DCMTK's paths into sequences; it knows no values.

`PatientID`, `(0010,0020)`, `0010,0020`, `00100020`, `(0040,0100)[0].ScheduledStationAETitle`, `ScheduledProcedureStepSequence[0].Modality`,
and for private attributes `(0019,"SIEMENS CT VA0  COAD",22)` or a name of a data dictionary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dicomjobs.config.suggest import nearest
from dicomjobs.dicom.attributes import Attribute, by_keyword, by_tag, keywords
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary, DictionaryEntry, is_creator, is_private

_TAG = re.compile(r"\(?(?P<group>[0-9A-Fa-f]{4}),? ?(?P<element>[0-9A-Fa-f]{4})\)?", re.ASCII)
_PRIVATE = re.compile(
    r'\((?P<group>[0-9A-Fa-f]{4}),\s*"(?P<creator>[^"\\]{1,64})",\s*(?P<element>[0-9A-Fa-f]{1,4})\)', re.ASCII
)
_STEP = re.compile(r'(?P<name>(?:[^\[\]."]|"[^"]*")+)(?:\[(?P<item>[0-9]{1,4})\])?', re.ASCII)
_BETWEEN_STEPS = re.compile(r'\.(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A full stop that is in no creator's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a path: an attribute, and the 0-based item of it that the next step is in, None in the last one."""

    attribute: Attribute
    item: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAnAttribute:
    """Why a key means no attribute, and what to type instead."""

    summary: str
    hint: str


def attribute_of(name: str, dictionary: DataDictionary = NOTHING_ELSE) -> Attribute | NotAnAttribute:
    """Return the attribute that a keyword, a tag or a name of a dictionary means; what nobody lists has VR UN."""
    if known := by_keyword(name):
        return known
    if listed := dictionary.by_name.get(name):
        return _listed(listed)
    if private := _PRIVATE.fullmatch(name):
        return _of_creator(private, dictionary)
    tag = _TAG.fullmatch(name)
    if tag is None:
        return _unknown_keyword(name, dictionary)
    number = int(tag["group"] + tag["element"], 16)
    if (known := by_tag(number)) is None and (entry := dictionary.find(number, "")):
        return Attribute(tag=number, keyword=entry.name, vr=entry.vr, vm=entry.vm)
    return known or Attribute(tag=number, keyword="", vr="LO" if is_creator(number) else "UN", vm="1")


def _listed(entry: DictionaryEntry) -> Attribute:
    """Return the attribute of an entry, the first of several groups and elements."""
    tag = entry.group.first << 16 | entry.element.first
    return Attribute(tag=tag, keyword=entry.name, vr=entry.vr, vm=entry.vm, creator=entry.creator)


def _of_creator(written: re.Match[str], dictionary: DataDictionary) -> Attribute | NotAnAttribute:
    """Return the private attribute that a group, a creator and an element mean."""
    tag, creator = int(written["group"], 16) << 16 | int(written["element"], 16), written["creator"]
    if not is_private(tag):
        hint = "leave the creator out, or write the private group, whose number is odd"
        return NotAnAttribute(summary=f"group {tag >> 16:04X} is not private, so it has no creators", hint=hint)
    entry = dictionary.find(tag, creator)
    vr, keyword, vm = (entry.vr, entry.name, entry.vm) if entry else ("UN", "", "1")
    return Attribute(tag=tag, keyword=keyword, vr=vr, vm=vm, creator=creator)


def parse_path(key: str, dictionary: DataDictionary = NOTHING_ELSE) -> tuple[Step, ...] | NotAnAttribute:
    """Return the steps that a key under `keys:` means, one for a plain keyword or tag."""
    steps: list[Step] = []
    written = _BETWEEN_STEPS.split(key.strip())
    for place, text in enumerate(written):
        step = _step(text, dictionary, last=place == len(written) - 1)
        if isinstance(step, NotAnAttribute):
            return step
        steps.append(step)
    return tuple(steps)


def _step(text: str, dictionary: DataDictionary, *, last: bool) -> Step | NotAnAttribute:
    """Read one step; all but the last name an item of a sequence."""
    match = _STEP.fullmatch(text.strip())
    if match is None:
        return NotAnAttribute(summary=f"`{text}` is no attribute", hint=HOW_TO_WRITE)
    attribute = attribute_of(match["name"].strip(), dictionary)
    if isinstance(attribute, NotAnAttribute):
        return attribute
    if not last and attribute.vr != "SQ":
        return NotAnAttribute(summary=f"{name_of(attribute)} is no sequence, so nothing can be inside it", hint="")
    if last and match["item"] and attribute.vr != "SQ":
        return NotAnAttribute(
            summary=f"{name_of(attribute)} is no sequence, so it has no items", hint="write its name alone"
        )
    if last and match["item"]:
        return NotAnAttribute(
            summary=f"`{text}` names a whole item; an attribute in it must follow",
            hint=f"for example `{text}.Modality`, or write the item as a mapping",
        )
    return Step(attribute=attribute, item=None if last else int(match["item"] or 0))


HOW_TO_WRITE = 'write a keyword (PatientID), a tag in quotes ("(0010,0020)") or a path ("(0040,0100)[0].Modality")'


def _unknown_keyword(name: str, dictionary: DataDictionary) -> NotAnAttribute:
    """Say that a keyword is none, and which one was probably meant."""
    if not name[:1].isalpha():
        return NotAnAttribute(summary=f"`{name}` is no attribute", hint=HOW_TO_WRITE)
    meant = nearest(name.replace(" ", "").replace("'", ""), (*keywords(), *dictionary.by_name))
    hint = f"did you mean `{meant}`?" if meant else HOW_TO_WRITE
    return NotAnAttribute(summary=f"PS3.6 has no attribute `{name}`", hint=hint)


def name_of(attribute: Attribute) -> str:
    """Return what to call an attribute: its keyword, or its tag."""
    return attribute.keyword or tag_text(attribute.tag)


def tag_text(tag: int) -> str:
    """Write a tag as (gggg,eeee)."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"

"""How people write attributes as keys: keywords, tags, and DCMTK's paths into sequences; it knows no values.

`PatientID`, `(0010,0020)`, `0010,0020`, `00100020`, `(0040,0100)[0].ScheduledStationAETitle`, `ScheduledProcedureStepSequence[0].Modality`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dicomjobs.config.suggest import nearest
from dicomjobs.dicom.attributes import Attribute, by_keyword, by_tag, keywords

_TAG = re.compile(r"\(?(?P<group>[0-9A-Fa-f]{4}),? ?(?P<element>[0-9A-Fa-f]{4})\)?", re.ASCII)
_STEP = re.compile(r"(?P<name>[^\[\].]+)(?:\[(?P<item>[0-9]{1,4})\])?", re.ASCII)


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


def attribute_of(name: str) -> Attribute | NotAnAttribute:
    """Return the attribute that a keyword or a tag means; what PS3.6 does not list has VR UN."""
    if known := by_keyword(name):
        return known
    tag = _TAG.fullmatch(name)
    if tag is None:
        return _unknown_keyword(name)
    number = int(tag["group"] + tag["element"], 16)
    return by_tag(number) or Attribute(tag=number, keyword="", vr="LO" if _is_private_creator(number) else "UN", vm="1")


def _is_private_creator(tag: int) -> bool:
    """Say whether an attribute reserves a block of private ones (PS3.5 7.8.1)."""
    return tag & 0x10000 != 0 and 0x10 <= tag & 0xFFFF <= 0xFF


def parse_path(key: str) -> tuple[Step, ...] | NotAnAttribute:
    """Return the steps that a key under `keys:` means, one for a plain keyword or tag."""
    steps: list[Step] = []
    written = key.strip().split(".")
    for place, text in enumerate(written):
        step = _step(text, last=place == len(written) - 1)
        if isinstance(step, NotAnAttribute):
            return step
        steps.append(step)
    return tuple(steps)


def _step(text: str, *, last: bool) -> Step | NotAnAttribute:
    """Read one step; all but the last name an item of a sequence."""
    match = _STEP.fullmatch(text.strip())
    if match is None:
        return NotAnAttribute(summary=f"`{text}` is no attribute", hint=HOW_TO_WRITE)
    attribute = attribute_of(match["name"].strip())
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


def _unknown_keyword(name: str) -> NotAnAttribute:
    """Say that a keyword is none, and which one was probably meant."""
    if not name[:1].isalpha():
        return NotAnAttribute(summary=f"`{name}` is no attribute", hint=HOW_TO_WRITE)
    meant = nearest(name.replace(" ", "").replace("'", ""), keywords())
    hint = f"did you mean `{meant}`?" if meant else HOW_TO_WRITE
    return NotAnAttribute(summary=f"PS3.6 has no attribute `{name}`", hint=hint)


def name_of(attribute: Attribute) -> str:
    """Return what to call an attribute: its keyword, or its tag."""
    return attribute.keyword or tag_text(attribute.tag)


def tag_text(tag: int) -> str:
    """Write a tag as (gggg,eeee)."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"

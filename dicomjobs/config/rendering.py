"""How a time is written in the place where its expression stands; it knows no expression and no parameter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from dicomjobs.config.moment import Moment


class Kind(Enum):
    """What a text is used for, which decides how times are written and what an expression may come out as."""

    TEXT = auto()
    PATH = auto()
    ATTRIBUTE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a text is used for; `vr` is the value representation of an attribute's value, "" elsewhere.

    `rows` says whether the cells of a table may stand in it.
    """

    kind: Kind
    vr: str = ""
    rows: bool = False


PLAIN_TEXT = Usage(kind=Kind.TEXT)
PATH = Usage(kind=Kind.PATH)

_FORMS_OF_VR = {"DA": "%Y%m%d", "TM": "%H%M%S", "DT": "%Y%m%d%H%M%S"}
"""How PS3.5 6.2 writes dates, times and both."""

_FORMS_OF_ATTRIBUTES = {"today": "%Y%m%d", "now": "%Y%m%d%H%M%S"}
_FORMS_OF_TEXT = {"today": "%Y-%m-%d", "now": "%Y-%m-%dT%H:%M:%S"}


def render_time(word: str, moment: Moment, *, form: str, usage: Usage) -> str:
    """Write a moment: in the given form, else as the VR wants it, else as ISO 8601 (2026-11-21, 2026-11-21T22:30:45)."""
    if not form:
        by_word = _FORMS_OF_ATTRIBUTES if usage.kind is Kind.ATTRIBUTE else _FORMS_OF_TEXT
        form = _FORMS_OF_VR.get(usage.vr, by_word[word])
    return moment.time.strftime(form)

"""A query, its `keys:` as the identifier that goes over the wire (PS3.4 C.4.1.1.3); it knows not which levels a model has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dicomjobs.config.attribute_paths import NotAnAttribute, Step, name_of, parse_path, tag_text
from dicomjobs.config.cursor import Cursor
from dicomjobs.config.places import Unresolved
from dicomjobs.config.row_keys import has_cells
from dicomjobs.config.suggest import nearest
from dicomjobs.config.value_forms import misfit, old_form
from dicomjobs.dicom.attributes import Attribute
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary, creator_tag, is_creator, is_private
from dicomjobs.dicom.uids import is_uid, uid_names, uid_of
from dicomjobs.dicom.value_representations import CHARACTER_SET_TEXT, PLAIN_TEXT, SINGLE_TEXT
from dicomjobs.model.query import Element, Identifier, InformationModel, Negotiable, Query, QueryLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An element that is being put together from the keys that speak of it: its values, or the items of a sequence."""

    attribute: Attribute
    cursor: Cursor
    values: tuple[str, ...] = ()
    items: list[_Item] = field(default_factory=list)


_Item = dict[int, _Draft]
"""A data set that is being put together, by tag."""


_LEVEL = 0x00080052
"""Query/Retrieve Level."""


def build_query(at: Cursor, *, name: str, dictionary: DataDictionary = NOTHING_ELSE) -> Query:
    """Return the query that a mapping means, its level laid into the keys (PS3.4 C.4.1.1.3.1)."""
    draft: _Item = {}
    strict = at["strict"].flag()
    rules = replace(STRICT if strict else AS_TYPED, dictionary=dictionary)
    _lay_keys(draft, at["keys"], rules)
    level = at.get("level")
    if level is not None:
        _lay_level(draft, level)
    return Query(
        name=name,
        model=at["model"].word(InformationModel),
        level=level.word(QueryLevel) if level else None,
        files=tuple(item.path() for item in at["files"].items()),
        identifier=_elements(draft),
        strict=strict,
        negotiate=tuple(item.word(Negotiable) for item in at["negotiate"].items()),
    )


def _lay_level(draft: _Item, level: Cursor) -> None:
    """Lay the level into the identifier, unless a key says another one."""
    written = draft.get(_LEVEL)
    if written is not None and written.values != (level.text(),):
        words = f"QueryRetrieveLevel among the keys is not the level of this query, `{level.text()}`"
        written.cursor.error("DJ508", words, hint="leave the key out: `level` makes it", at_key=True)
    attribute = Attribute(tag=_LEVEL, keyword="QueryRetrieveLevel", vr="CS", vm="1")
    draft[_LEVEL] = _Draft(attribute=attribute, cursor=level, values=(level.text(),))


def _elements(draft: _Item) -> Identifier:
    """Return a finished data set."""
    return tuple(
        Element(tag=tag, vr=d.attribute.vr, values=d.values, items=tuple(map(_elements, d.items)))
        for tag, d in sorted(draft.items())
    )


def _lay_keys(draft: _Item, keys: Cursor, rules: Rules) -> None:
    """Lay every key of a mapping into a data set, those first that reserve blocks for private attributes."""
    known: list[tuple[tuple[Step, ...], Cursor]] = []
    for key, value in keys.entries():
        path = parse_path(key, rules.dictionary)
        if isinstance(path, NotAnAttribute):
            value.error("DJ501", path.summary, hint=path.hint, at_key=True)
        else:
            known.append((path, value))
    for path, value in sorted(known, key=lambda each: not _reserves(each[0][-1].attribute)):
        inner = _inner(draft, path, value, rules)
        _lay(inner, _settled(inner, path[-1].attribute, value, rules), value, rules)


def _reserves(attribute: Attribute) -> bool:
    """Say whether a key is the element of a creator."""
    return is_creator(attribute.tag) and not attribute.creator


def _inner(draft: _Item, path: tuple[Step, ...], value: Cursor, rules: Rules) -> _Item:
    """Return the data set that the last step of a path is in, made when no key has spoken of it yet."""
    for step in path[:-1]:
        attribute = _settled(draft, step.attribute, value, rules)
        sequence = draft.setdefault(attribute.tag, _Draft(attribute=attribute, cursor=value))
        item = step.item or 0
        sequence.items.extend({} for _ in range(len(sequence.items), item + 1))
        draft = sequence.items[item]
    return draft


def _lay(draft: _Item, attribute: Attribute, value: Cursor, rules: Rules) -> None:
    """Lay one key into a data set, unless another key has spoken of the same attribute."""
    earlier = draft.get(attribute.tag)
    if attribute.tag >> 16 in rules.foreign_groups:
        hint = "leave it out: an identifier has no elements of these groups"
        value.error("DJ504", f"{name_of(attribute)} is no attribute of a data set", hint=hint, at_key=True)
    elif earlier is not None and not (attribute.vr == "SQ" and _has_items(value.value)):
        first = earlier.cursor.findings.location(earlier.cursor.pointer, of_key=True)
        where = f"; the other is at {first.file}:{first.line}" if first else ""
        value.error("DJ502", f"{name_of(attribute)} is written twice{where}", hint="keep one of them", at_key=True)
    elif attribute.vr == "SQ":
        _lay_sequence(draft, attribute, value, rules)
    else:
        draft[attribute.tag] = _Draft(attribute=attribute, cursor=value, values=_values(attribute, value, rules))


def _settled(draft: _Item, attribute: Attribute, value: Cursor, rules: Rules) -> Attribute:
    """Return a private attribute in the block of its creator, which is reserved if it is not yet (PS3.5 7.8.1); any other as it is.

    One that is written by its tag alone has the VR that a dictionary gives for whoever has reserved its block.
    """
    if attribute.creator:
        block = _block_of(draft, attribute, value)
        return replace(attribute, tag=attribute.tag | block << 8, creator="")
    reserved = draft.get(creator_tag(attribute.tag)) if is_private(attribute.tag) and not attribute.keyword else None
    entry = rules.dictionary.find(attribute.tag, "\\".join(reserved.values)) if reserved else None
    return replace(attribute, keyword=entry.name, vr=entry.vr, vm=entry.vm) if entry else attribute


def _block_of(draft: _Item, attribute: Attribute, value: Cursor) -> int:
    """Return the block of an attribute's creator: the one it has, a fixed one, or the first that is free."""
    group, creator = attribute.tag & 0xFFFF0000, (attribute.creator,)
    fixed = attribute.tag >> 8 & 0xFF
    blocks = (fixed,) if fixed else range(0x10, 0x100)
    block = next((each for each in blocks if (d := draft.get(group | each)) and d.values == creator), 0)
    block = block or next((each for each in blocks if group | each not in draft), 0)
    if not block:
        words = f"{tag_text(group | blocks[0])} is reserved for another creator than {attribute.creator}"
        value.error("DJ502", words, hint="write the tag itself, in a block that is its creator's", at_key=True)
    reserving = Attribute(tag=group | block, keyword="", vr="LO", vm="1")
    draft.setdefault(group | block, _Draft(attribute=reserving, cursor=value, values=creator))
    return 0 if fixed else block


def _has_items(value: Any) -> bool:
    """Say whether a value is the items of a sequence: mappings, in a list or alone."""
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _lay_sequence(draft: _Item, attribute: Attribute, value: Cursor, rules: Rules) -> None:
    """Lay the items of a sequence into a data set; nothing after the colon asks for it whole."""
    if any(item.unresolved for item in value.items()):
        return
    if not (_has_items(value.value) or value.value in (None, "")):
        summary = f"{name_of(attribute)} is a sequence: it has items with attributes, not a value"
        value.error("DJ503", summary, hint=f"write [{{Attribute: value}}], or nothing after `{value.pointer[-1]}:`")
        return
    sequence = draft.setdefault(attribute.tag, _Draft(attribute=attribute, cursor=value))
    for place, item in enumerate(value.items() if _has_items(value.value) else ()):
        sequence.items.extend({} for _ in range(len(sequence.items), place + 1))
        _lay_keys(sequence.items[place], item, rules)


def _values(attribute: Attribute, key: Cursor, rules: Rules) -> tuple[str, ...]:
    """Return the values of a key as typed, several when the text has backslashes (PS3.5 6.4)."""
    if isinstance(key.value, dict) or (isinstance(key.value, list) and any(isinstance(v, dict) for v in key.value)):
        summary = f"{name_of(attribute)} is no sequence: it has a value, not items"
        key.error("DJ503", summary, hint=f"write a text after `{key.pointer[-1]}:` (VR {attribute.vr})")
        return ()
    if key.value in (None, "", []):
        return ()
    return tuple(rules.value(value, attribute, item) for item in key.items() for value in _split(item, attribute))


def _split(item: Cursor, attribute: Attribute) -> list[str]:
    """Return the values in one text: bytes one by one, everything else at its backslashes, where the VR has any (PS3.5 6.4)."""
    text = "" if item.value is None else item.text()
    if attribute.vr in {"OB", "UN"} and re.fullmatch("[0-9A-Fa-f]+", text) and len(text) % 2 == 0:
        return re.findall("..", text)
    return [text] if attribute.vr in SINGLE_TEXT else text.split("\\")


def _checked(value: str, attribute: Attribute, item: Cursor) -> str:
    """Return one value, complaining where its VR does not allow it; names of UIDs become UIDs."""
    if not value or isinstance(item.value, Unresolved) or has_cells(value):
        return value
    if attribute.vr == "UI" and not is_uid(value):
        return _uid(value, attribute, item)
    if problem := misfit(value, attribute.vr):
        hint = f"nothing is known of this attribute: {problem.hint}" if attribute.vr == "UN" else problem.hint
        item.error("DJ505", f"{name_of(attribute)} (VR {attribute.vr}) {problem.words}", hint=hint)
    elif newer := old_form(value, attribute.vr):
        words = f"{name_of(attribute)}: `{value}` has the form of ACR-NEMA, which peers need not understand"
        item.warning("DJ506", words, hint=f"write `{newer}`")
    return value


def _encodable(value: str, attribute: Attribute, item: Cursor) -> str:
    """Return one value as typed, complaining only where there would be no bytes for it: a word for a binary number."""
    if attribute.vr in PLAIN_TEXT and not value.isascii():
        words = f"{name_of(attribute)} (VR {attribute.vr}) cannot be `{value}`: no character set applies to it"
        item.error("DJ505", words, hint="write ASCII characters")
    is_text = attribute.vr in CHARACTER_SET_TEXT or attribute.vr in PLAIN_TEXT
    return value if is_text else _checked(value, attribute, item)


def _uid(value: str, attribute: Attribute, item: Cursor) -> str:
    """Return the UID of a name; wildcards go out as typed, with a warning."""
    if uid := uid_of(value):
        return uid
    if set(value) & set("*?") and not misfit(value, "UI"):
        words = f"{name_of(attribute)}: PS3.4 C.2.2.2.4 has no wildcards in UIDs, so most peers match nothing"
        item.warning("DJ507", words)
        return value
    meant = nearest(value, uid_names()) if value[0].isalpha() else None
    hint = f"did you mean `{meant}`?" if meant else "write a UID, at most 64 digits and dots, or its name in PS3.6"
    item.error("DJ505", f"{name_of(attribute)} (VR UI) cannot be `{value}`", hint=hint)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How much a query has to keep: what becomes of one value, and the groups that no key may be of."""

    value: Callable[[str, Attribute, Cursor], str]
    foreign_groups: frozenset[int]
    dictionary: DataDictionary = NOTHING_ELSE


STRICT = Rules(value=_checked, foreign_groups=frozenset({0x0000, 0x0002, 0xFFFE}))
"""The forms of PS3.5 6.2, and no element that is in no data set."""

AS_TYPED = Rules(value=_encodable, foreign_groups=frozenset({0xFFFE}))
"""`strict: false`."""

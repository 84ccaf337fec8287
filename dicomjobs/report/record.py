"""A parsed JSON object whose fields are taken out one by one, each with its type; it knows no event."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

E = TypeVar("E", bound=Enum)

_ABSENT = object()


class Record:
    """The fields of one object; every method raises ValueError, in a sentence, when a field is not what it must be."""

    __slots__ = ("_fields",)

    def __init__(self, fields: object) -> None:
        """Take over a parsed object, which is used up."""
        if type(fields) is not dict:
            raise ValueError("a JSON object is needed here")
        self._fields: dict[str, object] = fields

    def _take(self, name: str, default: object) -> object:
        """Take one field out."""
        value = self._fields.pop(name, default)
        if value is _ABSENT:
            raise ValueError(f'the field "{name}" is missing')
        return value

    def text(self, name: str, default: object = _ABSENT) -> str:
        """Take a text."""
        value = self._take(name, default)
        if type(value) is not str:
            raise ValueError(f'the field "{name}" must be a text')
        return value

    def whole(self, name: str, default: object = _ABSENT) -> int:
        """Take a whole number that is not negative."""
        value = self._take(name, default)
        if type(value) is not int or value < 0:
            raise ValueError(f'the field "{name}" must be a whole number that is not negative')
        return value

    def whole_or_none(self, name: str, default: object = _ABSENT) -> int | None:
        """Take a whole number that is not negative, or null."""
        value = self._take(name, default)
        if value is None:
            return None
        self._fields[name] = value
        return self.whole(name)

    def number(self, name: str, default: object = _ABSENT) -> float:
        """Take a number."""
        value = self._take(name, default)
        if type(value) is float:
            return value
        if type(value) is int:
            return float(value)
        raise ValueError(f'the field "{name}" must be a number')

    def flag(self, name: str, default: object = _ABSENT) -> bool:
        """Take true or false."""
        value = self._take(name, default)
        if type(value) is not bool:
            raise ValueError(f'the field "{name}" must be true or false')
        return value

    def one_of(self, name: str, choices: dict[str, E], default: object = _ABSENT) -> E:
        """Take one of a fixed set of words."""
        value = self.text(name, default)
        if value not in choices:
            raise ValueError(f'the field "{name}" must be one of {", ".join(choices)}')
        return choices[value]

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self._take(name, _ABSENT)
        if type(values) is not list or any(type(value) is not str for value in values):
            raise ValueError(f'the field "{name}" must be a list of texts')
        return tuple(values)

    def records(self, name: str) -> tuple[Record, ...]:
        """Take a list of objects."""
        values = self._take(name, _ABSENT)
        if type(values) is not list:
            raise ValueError(f'the field "{name}" must be a list')
        return tuple(Record(value) for value in values)

    def record_or_none(self, name: str) -> Record | None:
        """Take an object, or null."""
        value = self._take(name, _ABSENT)
        return None if value is None else Record(value)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Take a list of whole numbers."""
        values = self._take(name, _ABSENT)
        if type(values) is not list or any(type(value) is not int for value in values):
            raise ValueError(f'the field "{name}" must be a list of whole numbers')
        return tuple(values)

    def finish(self) -> None:
        """Make sure that nothing is left over."""
        if self._fields:
            raise ValueError(f'the field "{next(iter(self._fields))}" is not known')

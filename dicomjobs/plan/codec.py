"""The head of a plan as JSON and back: a dataclass is an object of its fields, an enum its value, a tag eight hex digits.

It is driven by the dataclasses' own annotations, so a new field of the model needs no line here.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from dicomjobs.model.query import Element
from dicomjobs.plan.plan import FORMAT_VERSION, EchoStep, FindStep, Plan, StoreStep
from dicomjobs.plan.row_codec import StalePlan

STEP_KINDS: dict[str, type] = {"echo": EchoStep, "find": FindStep, "store": StoreStep}
"""The word that stands for each kind of step, the same as in the YAML."""

_KIND_OF_STEP = {step: kind for kind, step in STEP_KINDS.items()}


def encode_plan(plan: Plan) -> str:
    """Return plan.json: the same plan gives the same bytes."""
    head = {"dicomjobs_plan": plan.format_version, **_to_json(plan)}
    del head["format_version"]
    return json.dumps(head, indent=1, ensure_ascii=True) + "\n"


def decode_plan(text: str | bytes) -> Plan:
    """Return the plan of a plan.json; raises StalePlan with a sentence when it cannot be one of ours."""
    try:
        head = json.loads(text)
        version = head.pop("dicomjobs_plan")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StalePlan("this is not a plan.json that dicomjobs wrote") from error
    if version != FORMAT_VERSION:
        raise StalePlan(f"this plan has format version {version}; this dicomjobs reads version {FORMAT_VERSION}")
    try:
        plan = _from_json(Plan, {"format_version": version, **head})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StalePlan(f"this plan is damaged: {type(error).__name__}: {error}") from error
    if not isinstance(plan, Plan):
        raise StalePlan("this plan is damaged")
    return plan


def _to_json(value: Any) -> Any:
    """Turn a value of the model into JSON's types."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: _to_json(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, Element):
            found["tag"] = f"{value.tag:08X}"
        kind = _KIND_OF_STEP.get(type(value))
        return {"kind": kind, **found} if kind else found
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(_to_json(item) for item in value)
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value


def _from_json(wanted: Any, value: Any) -> Any:
    """Turn JSON back into a value of the annotated type."""
    if get_origin(wanted) is UnionType:
        return _from_union(get_args(wanted), value)
    if get_origin(wanted) in {tuple, frozenset}:
        make = get_origin(wanted)
        return make(_from_json(get_args(wanted)[0], item) for item in value)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(value)
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _dataclass_from_json(wanted, value)
    if wanted is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, wanted):
        raise TypeError(f"{value!r} is not {wanted.__name__}")
    return value


def _from_union(choices: tuple[Any, ...], value: Any) -> Any:
    """Turn JSON into the member of a union that it is: nothing, or the step that `kind` names."""
    if value is None and NoneType in choices:
        return None
    some = [choice for choice in choices if choice is not NoneType]
    if len(some) == 1:
        return _from_json(some[0], value)
    given = dict(value)
    return _from_json(STEP_KINDS[given.pop("kind")], given)


def _dataclass_from_json(wanted: type, value: dict[str, Any]) -> Any:
    """Make a dataclass from its object; unknown and missing fields are errors."""
    hints = _hints(wanted)
    if wanted is Element:
        value = {**value, "tag": int(value["tag"], 16)}
    if unknown := value.keys() - hints.keys():
        raise KeyError(f"unknown field {min(unknown)}")
    return wanted(**{name: _from_json(hints[name], item) for name, item in value.items()})


@cache
def _hints(wanted: type) -> dict[str, Any]:
    """Return the annotations of a dataclass, evaluated once."""
    return get_type_hints(wanted)

"""What a rule says when it does not hold; the rules are in *_rules.py, and `validate.py` finds the places in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicomjobs.config.build import Site
from dicomjobs.config.places import Pointer
from dicomjobs.diagnostics import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that does not hold, and the value, or its key, where the user has to change something.

    `given` are other values that the rule looked at: it says nothing as long as one of them, or part of one, is not known.
    """

    at: Pointer
    code: str
    summary: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    at_key: bool = False
    given: tuple[Pointer, ...] = ()


Rule = Callable[[Site], Iterator[Finding]]
"""Yields a finding for every place of a site where the rule does not hold."""

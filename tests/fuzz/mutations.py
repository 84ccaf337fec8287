"""Damaged inputs: real ones with bytes turned over, cut, doubled and put in, as Hypothesis draws it; how many, the environment says.

FUZZ_EXAMPLES is the number of inputs for each target, 100 by default: `make fuzz` has it at 20,000.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import thread_time
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
SECONDS = 2
"""How much of the processor's time one input may take; other processes' time is not counted."""

_NUMBERS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0")
_TEXTS = (b"\x1b[31m", b"\xc2\x85", b"{{", b"&*!", b": ", b"\n- ", b'"')
_PLACE = st.integers(0, 2**20)
_CHANGE = st.one_of(
    st.tuples(st.just("flip"), _PLACE, st.integers(0, 7)),
    st.tuples(st.just("set"), _PLACE, st.integers(0, 255)),
    st.tuples(st.just("write"), _PLACE, st.sampled_from(_NUMBERS + _TEXTS)),
    st.tuples(st.just("insert"), _PLACE, st.binary(max_size=8)),
    st.tuples(st.just("delete"), _PLACE, st.integers(1, 64)),
    st.tuples(st.just("double"), _PLACE, st.integers(1, 64)),
    st.tuples(st.just("cut"), _PLACE, st.none()),
)


class Input(bytes):
    """Bytes that are not shown whole when there are very many."""

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if len(shown) < 4000 else f"{shown[:4000]}… of {len(self)} bytes"


def damaged(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a seed with up to six changes, or, seldom, bytes that come from nowhere."""
    changed = st.tuples(st.sampled_from(list(seeds)), st.lists(_CHANGE, max_size=6)).map(lambda drawn: _apply(*drawn))
    return st.one_of(changed, changed, changed, st.binary(max_size=200))


def _apply(seed: bytes, changes: list[Any]) -> bytes:
    """Return a seed after some changes, each at a place that is taken modulo its length."""
    data = bytearray(seed)
    for kind, place, value in changes:
        at = place % (len(data) + 1)
        match kind:
            case "flip" if at < len(data):
                data[at] ^= 1 << value
            case "set" if at < len(data):
                data[at] = value
            case "write":
                data[at : at + len(value)] = value
            case "insert":
                data[at:at] = value
            case "delete":
                del data[at : at + value]
            case "double":
                data[at:at] = data[at : at + value]
            case "cut":
                del data[at:]
            case _:
                pass
    return Input(data)


Test = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What takes one input, and inputs to begin with."""

    take: Test
    seeds: tuple[bytes, ...]


TARGETS: Final[dict[str, Target]] = {}
"""Every target by the name of its test, for other ways to find inputs."""


def fuzzed(*seeds: bytes, share: float = 1.0) -> Callable[[Test], Callable[[], None]]:
    """Make a test of a function that takes one input; `share` is for targets that are slow."""

    def decorate(test: Test) -> Callable[[], None]:
        TARGETS[test.__name__] = Target(take=test, seeds=seeds)
        examples = max(10, int(EXAMPLES * share))
        chosen = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)

        def timed(data: bytes) -> None:
            began = thread_time()
            test(data)
            assert thread_time() - began <= SECONDS

        timed.__doc__, timed.__name__, timed.__module__ = test.__doc__, test.__name__, test.__module__
        return chosen(given(data=damaged(seeds))(timed))

    return decorate

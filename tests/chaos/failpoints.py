"""Points at which a run under test is killed: calls of the real program, wrapped from outside; the program itself knows none of them."""

from __future__ import annotations

import importlib
import os
import resource
import signal
from collections.abc import Callable
from typing import Any

STEPS = {
    "commit": "dicomjobs.ledger.writer:Writer._commit",
    "claim": "dicomjobs.ledger.ledger:_PeerJournal.claim",
    "mark": "dicomjobs.ledger.marks:MarkFile.note",
    "send": "dicomjobs.wire.association:Association.send",
    "settled-mark": "dicomjobs.ledger.marks:MarkFile.note_settled",
    "settle": "dicomjobs.ledger.ledger:_PeerJournal.settle",
    "barrier": "dicomjobs.ledger.ledger:_PeerJournal.barrier",
    "recover": "dicomjobs.ledger.ledger:recover_dead_runs",
    "open": "dicomjobs.ledger.ledger:connect",
    "close": "dicomjobs.ledger.ledger:Ledger.close",
    "connect": "dicomjobs.cli.wiring:connect",
    "reports": "dicomjobs.cli.run:write_reports",
    "latest": "dicomjobs.cli.run:point_latest_at",
    "event": "dicomjobs.cli.sinks:EventLog.write",
}
"""Every step by its name, as `module:function`."""

ONCE = frozenset({"barrier", "recover", "open", "close", "connect", "reports", "latest"})
"""Steps that a run takes once or twice, and not for every instance."""

FEW = frozenset({"claim", "commit", "event"})
"""Steps that a run takes a few times."""


def kill_at(step: str, when: str, count: int) -> None:
    """Have this process kill itself `before` or `after` the call of a step with this number, from 1."""
    calls = iter(range(1, 1 << 30))

    def reached(moment: str, number: int) -> None:
        if moment == when and number == count:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            number = next(calls)
            reached("before", number)
            result = function(*args, **kwargs)
            reached("after", number)
            return result

        return wrapped

    owner, name = _found(step)
    setattr(owner, name, wrapper(getattr(owner, name)))


def _found(step: str) -> tuple[Any, str]:
    """Return what holds the function of a step, and its name there."""
    module, _, path = STEPS[step].partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    assert callable(getattr(owner, name))
    return owner, name


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond a size in bytes: as a disk that is full, but for this process alone."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

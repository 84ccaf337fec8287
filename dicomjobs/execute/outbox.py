"""How events get from lanes to the caller: in batches, through a bounded queue, so that a slow sink slows sending down.

A lane is a function that runs in a thread of its own and hands its events to an Emitter.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from dicomjobs.events import Event

BATCH_EVENTS = 64
BATCH_SECONDS = 0.05
_QUEUED_BATCHES = 64
_LOOK_UP_SECONDS = 0.2

Batch = list[tuple[float, Event]]
"""Events with their wall times, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class _LaneEnded:
    """The last thing a lane puts into the queue: the bug that ended it, or None."""

    bug: BaseException | None


_Item = Batch | _LaneEnded


@dataclass(slots=True)
class Emitter:
    """One lane's way to the outbox; used by that lane alone."""

    wall: Callable[[], float]
    _queue: queue.Queue[_Item]
    _batch: Batch = field(default_factory=list)
    _flushed: float = 0.0

    def emit(self, event: Event) -> None:
        """Add an event; a batch leaves when it is full or the one before left 50 ms ago: a slow peer's events leave at once."""
        at = self.wall()
        self._batch.append((at, event))
        if len(self._batch) >= BATCH_EVENTS or not 0 <= at - self._flushed < BATCH_SECONDS:
            self._flushed = at
            self.flush()

    def flush(self) -> None:
        """Hand over what there is; waits while the queue is full."""
        if self._batch:
            self._queue.put(self._batch)
            self._batch = []


Lane = Callable[[Emitter], None]


def run_lanes(lanes: Sequence[Lane], *, wall: Callable[[], float]) -> Iterator[Batch]:
    """Run lanes side by side and yield their batches; a lane's bug is raised here once all lanes have ended.

    The threads are daemons: a lane that could not be ended must not keep the process alive.
    """
    outbox: queue.Queue[_Item] = queue.Queue(_QUEUED_BATCHES)
    for number, lane in enumerate(lanes):
        emitter = Emitter(wall, outbox)
        threading.Thread(target=_run_lane, args=(lane, emitter, outbox), name=f"lane-{number + 1}", daemon=True).start()
    ended: list[_LaneEnded] = []
    try:
        while len(ended) < len(lanes):
            item = _next(outbox)
            if isinstance(item, _LaneEnded):
                ended.append(item)
            else:
                yield item
    finally:  # also when the caller gives up: a lane that waits for room in the queue would never end
        while len(ended) < len(lanes):
            item = _next(outbox)
            ended += [item] if isinstance(item, _LaneEnded) else []
    for lane_ended in ended:
        if lane_ended.bug:
            raise lane_ended.bug


def _next(outbox: queue.Queue[_Item]) -> _Item:
    """Wait for the next item, looking up now and then.

    A signal that arrives on the brink of an endless wait would be handled only after it, and the wait might be for that signal.
    """
    while True:
        with suppress(queue.Empty):
            return outbox.get(timeout=_LOOK_UP_SECONDS)


def _run_lane(lane: Lane, emitter: Emitter, outbox: queue.Queue[_Item]) -> None:
    """Run a lane to its end and say so, whatever happened; the one boundary at which a bug is carried to another thread."""
    bug: BaseException | None = None
    try:
        lane(emitter)
    except BaseException as error:  # raised again by run_lanes, in the thread of its caller
        bug = error
    emitter.flush()
    outbox.put(_LaneEnded(bug))

"""How long the lanes of a job bear with a peer: the waits and probes that `retry.py` decides on, carried out; it sends no instance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from dicomjobs.execute.ports import Ports
from dicomjobs.execute.retry import CALM, Standing, Trouble, after_probe, after_success, after_trouble
from dicomjobs.model.resume import Retry
from dicomjobs.model.stop import StopState

_OTHERS_PROBE_SECONDS = 0.05


class Patience:
    """The standing of one job's peer, shared by its lanes; safe to use from all of them."""

    def __init__(self, retry: Retry, ports: Ports) -> None:
        """Begin with a peer that nothing is known against."""
        self._retry = retry
        self._ports = ports
        self._standing: Standing = CALM
        self._probing = False
        self._lock = threading.Lock()

    @property
    def calm(self) -> bool:
        """Whether nothing stands in the way of the next instance; costs next to nothing."""
        standing = self._standing
        return not (standing.in_a_row or standing.over)

    @property
    def over(self) -> bool:
        """Whether the peer is not to be asked again in this run."""
        return self._standing.over

    def succeeded(self) -> None:
        """Note that an instance was answered as it should be."""
        if self._standing.in_a_row:
            with self._lock:
                self._standing = after_success(self._standing)

    def failed(self, trouble: Trouble) -> None:
        """Note a failure that may pass."""
        with self._lock:
            now, chance = self._ports.monotonic(), self._ports.chance()
            self._standing = after_trouble(self._standing, trouble, self._retry, now=now, chance=chance)

    def allows(self, probe: Callable[[], bool]) -> bool:
        """Wait until the next instance may begin; false when none may any more. A signal ends the wait at once, and it is allowed.

        `probe` asks the peer with C-ECHO and tells whether it answered.
        """
        while self._ports.stop.state is StopState.RUNNING:
            with self._lock:
                standing = self._standing
                if standing.over:
                    return False
                left = standing.until - self._ports.monotonic()
                if left <= 0 and not standing.open:
                    return True
                mine = left <= 0 and not self._probing
                self._probing = self._probing or mine
            if mine:
                self._probe(probe)
            else:
                self._ports.pause(left if left > 0 else _OTHERS_PROBE_SECONDS)
        return True

    def _probe(self, probe: Callable[[], bool]) -> None:
        """Ask the peer, for all lanes."""
        try:
            if probe():
                with self._lock:
                    self._standing = after_probe(self._standing)
            else:
                self.failed(Trouble.ASSOCIATION)
        finally:
            self._probing = False

    def wait(self, seconds: float) -> bool:
        """Let time pass before something is tried again; false when the budget of waits does not have it. A signal ends the wait."""
        if seconds > 0:
            with self._lock:
                spent = self._standing.spent + seconds
                if spent > self._retry.budget:
                    return False
                self._standing = replace(self._standing, spent=spent)
            self._ports.pause(seconds)
        return True

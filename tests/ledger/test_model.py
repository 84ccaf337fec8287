"""The ledger against a model of it in plain dictionaries, over any sequence of calls, kills, reboots and reopenings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dicomjobs.events import Outcome
from dicomjobs.execute.ports import ClaimItem, Phase, Verdict
from dicomjobs.ledger.ledger import open_ledger
from tests.support.ledgers import ARCHIVE, ask, die, is_sound, planned, settle, uid

UIDS = 4
KEPT = (Outcome.DELIVERED, Outcome.DELIVERED_WITH_WARNING, Outcome.FAILED, Outcome.UNKNOWN, Outcome.MISSING)
ROWS = "SELECT sop_instance_uid, outcome, reason, attempts FROM instance"

Known = tuple[str, str, int]
"""Outcome, reason, attempts."""


class LedgerModel(RuleBasedStateMachine):
    """One run after another at one peer; several items may be the same instance."""

    @initialize()
    def begin(self) -> None:
        """Start with no ledger at all."""
        self.directory = Path(tempfile.mkdtemp(prefix="ledger-model-"))
        self.runs = 0
        self.items = 0
        self.known: dict[str, Known] = {}
        self.open: dict[int, Phase | None] = {}
        self.reopen()

    def reopen(self) -> None:
        """Open the ledger as the next run."""
        self.runs += 1
        self.ledger = open_ledger(str(self.directory / "state"), run_id=f"run-{self.runs}")
        self.journal = self.ledger.journal(ARCHIVE)
        self.open = {}

    def learn(self, item: int, outcome: Outcome, reason: str) -> None:
        """Note in the model what an attempt came to."""
        attempts = self.known.get(uid(item % UIDS), ("", "", 0))[2] + 1
        self.known[uid(item % UIDS)] = (outcome.value, reason, attempts)

    @rule(count=st.integers(min_value=1, max_value=5))
    def claim(self, count: int) -> None:
        """Claim some items more."""
        items = range(self.items, self.items + count)
        claims = self.journal.claim([ClaimItem(item=item, instance=planned(item % UIDS)) for item in items])
        assert claims.verdicts() == [Verdict.SEND] * count
        self.items += count
        self.open |= dict.fromkeys(items)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), phase=st.sampled_from(Phase))
    def mark(self, data: st.DataObject, phase: Phase) -> None:
        """Note how far an item got, never back from the last byte."""
        item = data.draw(st.sampled_from(sorted(self.open)))
        if self.open[item] is not Phase.LAST_BYTE:
            self.journal.mark(item, phase)
            self.open[item] = phase

    @precondition(lambda self: self.open)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        """Note what became of an item."""
        item = data.draw(st.sampled_from(sorted(self.open)))
        settle(self.journal, item, outcome, reason="refused")
        del self.open[item]
        if outcome in KEPT:
            self.learn(item, outcome, "refused")

    @precondition(lambda self: any(phase is None for phase in self.open.values()))
    @rule()
    def release(self) -> None:
        """Give back everything that was not begun."""
        untouched = [item for item, phase in self.open.items() if phase is None]
        self.journal.release(untouched)
        for item in untouched:
            del self.open[item]

    @rule()
    def barrier(self) -> None:
        """Now the file must say what the model says."""
        self.journal.barrier()
        self.compare()

    @rule()
    def end_well(self) -> None:
        """Give back or settle all, close, and open again."""
        for item in list(self.open):
            settle(self.journal, item, Outcome.UNKNOWN, reason="no_answer")
            self.learn(item, Outcome.UNKNOWN, "no_answer")
        self.ledger.close()
        self.reopen()
        assert self.ledger.recovered == ()
        self.compare()

    @rule()
    def be_killed(self) -> None:
        """Lose what was queued, keep what was marked, and open again."""
        die(self.ledger)
        for item, phase in self.open.items():
            if phase is Phase.FIRST_BYTE:
                self.learn(item, Outcome.FAILED, "broken_off")
            elif phase is Phase.LAST_BYTE:
                self.learn(item, Outcome.UNKNOWN, "no_answer")
        self.reopen()
        self.compare()

    @rule()
    def lose_power(self) -> None:
        """As when killed, but a mark that is missing proves nothing; what was queued has reached the disk before."""
        self.journal.barrier()
        die(self.ledger)
        for item in self.open:
            self.learn(item, Outcome.UNKNOWN, "no_answer")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("dicomjobs.ledger.recovery.boot_id", lambda: "another-boot")
            self.reopen()
        self.compare()

    def compare(self) -> None:
        """The file says what the model says."""
        rows = ask(self.directory / "state", ROWS)
        assert {found: tuple(rest) for found, *rest in rows} == self.known

    @invariant()
    def nothing_is_open_that_was_not_claimed(self) -> None:
        """Open claims are durable before anybody may send."""
        if self.runs:
            (count,) = ask(self.directory / "state", "SELECT count(*) FROM claim")[0]
            assert count >= len(self.open)

    def teardown(self) -> None:
        """Close, and look at every page."""
        if hasattr(self, "ledger"):
            self.ledger.close()
            assert is_sound(self.directory / "state")
            shutil.rmtree(self.directory)


TestLedgerModel = LedgerModel.TestCase
TestLedgerModel.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

"""How many rows a lane claims at a time: few where little is sent, more and more where much is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from dicomjobs.execute.claims import FEWEST, LATE, MOST, SOON, claimed
from dicomjobs.execute.halt import Brake
from dicomjobs.execute.ports import ClaimItem
from tests.support.fake_ports import FakeJournal, FakeStop
from tests.support.ledgers import planned


def sizes(count: int, seconds: Callable[[int], float]) -> list[int]:
    """How many rows each claim holds when an item keeps its lane busy for so long."""
    journal, times = FakeJournal(), [0.0]
    rows = (ClaimItem(item=item, instance=planned(item)) for item in range(count))
    for each in claimed(rows, journal, Brake(FakeStop()), lambda: times[-1]):
        times.append(times[-1] + seconds(each.claimed.item))
    ends = [list(map(int, entry.removeprefix("claim ").split("-"))) for entry in journal.log]
    return [last - first + 1 for first, last in ends]


def test_a_fast_lane_claims_many_at_once_before_long() -> None:
    """A commit costs the same for eight as for hundreds."""
    found = sizes(10_000, lambda _: 0.0001)

    assert found[0] == FEWEST
    assert max(found) == MOST
    assert len(found) < 40


def test_a_slow_lane_keeps_few_from_others() -> None:
    """Half a second each, as some archives take: no claim ever holds more than the fewest."""
    assert set(sizes(100, lambda _: 0.5)) == {FEWEST, 100 % FEWEST}


def test_a_claim_is_used_up_in_less_than_a_second() -> None:
    """At every rate: it grows while claims are used up soon, and shrinks when they take long."""
    for seconds in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05):
        found = sizes(5_000, dict.fromkeys(range(5_000), seconds).__getitem__)
        assert all(size == FEWEST or size * seconds <= 2 * LATE for size in found)
    assert SOON < LATE / 2  # or a size would go up and down for ever


def test_a_lane_that_slows_down_claims_less_again() -> None:
    """What was fast is no promise."""
    assert sizes(4_000, lambda item: 0.0001 if item < 2_000 else 1.0)[-2] == FEWEST


def test_what_is_claimed_and_not_taken_is_given_back() -> None:
    """Of the claim at hand and of the one ahead."""
    journal = FakeJournal()
    rows = (ClaimItem(item=item, instance=planned(item)) for item in range(100))
    with closing(claimed(rows, journal, Brake(FakeStop()), lambda: 0.0)) as ahead:
        next(ahead)

    assert journal.log == [
        f"claim 0-{FEWEST - 1}",
        f"claim {FEWEST}-{2 * FEWEST - 1}",
        f"release {','.join(map(str, range(1, 2 * FEWEST)))}",
    ]

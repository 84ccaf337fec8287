"""The same command again: what is left is sent and nothing else, and whatever is not sent says why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Ended, RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.instances import make_study
from tests.support.job_files import write
from tests.support.recording_scp import Received, RecordingScp, recording_scp

FILES = 4


class Site:
    """A folder of instances, a peer that answers as `statuses` says by position in the folder, and one job between them."""

    def __init__(self, folder: Path) -> None:
        """Make the instances, of which the largest is beyond what is digested unless asked for."""
        self.folder = folder
        self.made = make_study(folder / "files", FILES, rows=4)
        self.statuses: dict[int, int] = {}
        self.uids = [each.sop_instance_uid for each in self.made]
        self.scp: RecordingScp
        self.more = ""

    def answer(self, received: Received) -> int:
        """Return the scripted status of an instance."""
        return self.statuses.get(self.uids.index(received.command.sop_instance_uid), 0)

    def run(self, *arguments: str) -> tuple[Ended, RunDirectory, list[int]]:
        """Run the job; the third value tells which instances came, by their position in the folder."""
        before = len(self.scp.stored)
        text = f"""\
dicomjobs: 1
state: {{directory: {self.folder}/state}}
jobs:
  send: {{store: {{peer: {peer_yaml(self.scp.port)}, send_set: {{paths: [files]}}, retry: {{attempts: 1, runs: 2}}{self.more}}}}}
"""
        ended = dicomjobs("run", write(self.folder, text), "--reports", self.folder / "reports", *arguments)
        came = sorted(self.uids.index(uid) for uid in self.scp.stored[before:])
        return ended, latest(self.folder / "reports"), came

    def file(self, number: int) -> Path:
        """Return the path of an instance."""
        return Path(self.made[number].path)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose peer is there."""
    made = Site(tmp_path)
    with recording_scp(made.answer) as scp:
        made.scp = scp
        yield made


def reasons(run: RunDirectory) -> Counter[str]:
    """Count outcome and reason of a run's rows."""
    return Counter(f"{row['outcome']} {row['reason']}".strip() for row in run.rows)


def test_the_same_command_again_sends_nothing_and_ends_well(site: Site) -> None:
    """Not even an association is asked for; every row names the run that delivered it."""
    _, first, came = site.run()
    ended, second, came_again = site.run()

    assert (came, came_again, len(site.scp.requests)) == ([0, 1, 2, 3], [], 1)
    assert (ended.code, reasons(second)) == (0, Counter({"skipped already_delivered": FILES}))
    assert {row["delivered_in_run"] for row in second.rows} == {first.path.name}
    assert second.job("send")["counts"]["skipped"] == FILES


def test_what_is_left_is_sent_and_what_is_new_too(site: Site) -> None:
    """A refusal that may pass is met again; a file that came since is one more."""
    site.statuses[2] = 0xA700
    ended, _, _ = site.run()
    assert ended.code == 4
    site.statuses.clear()
    again, second, came = site.run()

    assert (again.code, came) == (0, [2])
    assert reasons(second) == Counter({"skipped already_delivered": FILES - 1, "delivered": 1})


def test_a_copy_with_another_time_is_the_same_content(site: Site) -> None:
    """The digest of what was sent tells it; small data sets have one."""
    site.run()
    os.utime(site.file(1), (1_700_000_000, 1_700_000_000))
    ended, second, came = site.run()

    assert (ended.code, came) == (0, [])
    assert reasons(second) == Counter({"skipped already_delivered": FILES})


def alter(path: Path) -> None:
    """Give a file other content of the same length."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)


def test_other_content_under_a_uid_that_was_delivered_is_a_conflict(site: Site) -> None:
    """Never a silent overwrite."""
    site.run()
    alter(site.file(1))
    ended, second, came = site.run()

    assert (ended.code, reasons(second)["failed uid_conflict"], came) == (3, 1, [])
    assert "other content" in second.job("send")["failures"][0]["words"]


def test_without_a_digest_a_change_that_keeps_the_length_is_not_compared(site: Site) -> None:
    """It is neither sent nor called delivered, and its file stays where the job deletes what was sent."""
    site.more = ", digest: never"
    site.run()
    alter(site.file(1))
    site.more += ", sent_files: delete"
    ended, second, came = site.run()

    assert (ended.code, came) == (0, [])
    assert reasons(second) == Counter({"skipped already_delivered": FILES - 1, "skipped not_compared": 1})
    assert [site.file(number).exists() for number in range(FILES)] == [number == 1 for number in range(FILES)]
    assert "1 not compared, changed since they were delivered: `--resend all` sends it" in ended.out
    quiet, _, _ = site.run("-q")
    assert (quiet.code, quiet.out) == (0, "")
    assert "1 not compared" in quiet.err
    assert site.run("--resend", "all")[2] == [1]


@pytest.mark.parametrize("name", [".1.dcm.Xa7f", "z.dcm"])
def test_a_leftover_of_a_copy_that_broke_off_keeps_no_instance_from_its_peer(site: Site, name: str) -> None:
    """Neither when it comes first nor last: it is called what it is, in each run."""
    leftover = site.file(1).with_name(name)
    leftover.write_bytes(site.file(1).read_bytes()[:700])
    first, _, came = site.run()
    second, again, _ = site.run()

    assert (first.code, second.code, came) == (3, 3, [0, 1, 2, 3])
    assert reasons(again) == Counter({"skipped already_delivered": FILES, "failed truncated_file": 1})


def test_a_file_that_was_cut_off_after_its_delivery_is_no_other_content(site: Site) -> None:
    """Nothing in the report offers to replace what the peer has with it."""
    site.run()
    site.file(1).write_bytes(site.file(1).read_bytes()[:700])
    ended, second, came = site.run()

    assert (ended.code, came) == (3, [])
    assert reasons(second) == Counter({"skipped already_delivered": FILES - 1, "failed truncated_file": 1})


def test_a_conflict_is_sent_when_everything_is_asked_for(site: Site) -> None:
    """`--resend all` sends what was delivered as well; the run after it has nothing left to do."""
    site.run()
    alter(site.file(1))

    assert site.run("--resend", "all")[2] == [0, 1, 2, 3]
    assert site.run()[2] == []


def test_what_failed_for_good_on_enough_runs_is_parked_until_it_is_asked_for_or_changes(site: Site) -> None:
    """`runs: 2`: the third run leaves it alone and is not spoilt by it."""
    site.statuses[0] = 0xA900
    codes = [site.run()[0].code for _ in range(2)]
    third, run, came = site.run()

    assert (codes, third.code, came) == ([3, 3], 0, [])
    assert reasons(run)["skipped parked"] == 1
    asked, _, came = site.run("--resend", "failed")
    assert (asked.code, came) == (3, [0])
    assert site.run()[2] == []
    os.utime(site.file(0), (1_700_000_000, 1_700_000_000))
    assert site.run()[2] == [0]


def test_what_is_parked_is_told_of_by_every_run(site: Site) -> None:
    """Exit code 0 stays, but nobody may take it for all done: how many, after how many runs, and how they are tried again.

    The run that was the last to try says so as well.
    """
    site.statuses[0] = 0xA900
    tries = [site.run()[1].job("send")["failures"][0]["words"] for _ in range(2)]
    words = "1 parked after 2 failed runs: `--resend failed` tries it again"

    assert tries[1] == f"{tries[0]}; parked after 2 failed runs: `--resend failed` tries it again"
    whole, run, _ = site.run("-v")
    line, quiet = site.run()[0], site.run("-q")[0]

    assert run.job("send")["skipped"] == {"already_delivered": FILES - 1, "parked": 1}
    assert f"0 of {FILES} delivered, {FILES} skipped ({FILES - 1} already delivered, 1 parked)" in whole.out
    assert f"\n  {words}\n" in whole.out
    assert "Exit code 0: done, but for what is parked." in whole.out
    assert "all done" not in whole.out + line.out + run.text("junit.xml")
    assert "Nothing had to be sent" not in whole.out
    assert words in line.out
    assert (quiet.code, quiet.out, quiet.err) == (0, "", f"send: {words}\n")


def test_a_failure_that_may_pass_never_parks_an_instance(site: Site) -> None:
    """A peer that was full for a week is offered everything afterwards."""
    site.statuses[0] = 0xA700

    assert [site.run()[2] for _ in range(4)] == [[0, 1, 2, 3], [0], [0], [0]]


def test_already_delivered_send_is_the_same_on_the_wire_every_time(site: Site) -> None:
    """As a job that stands for storescu needs it: also what failed for good is offered again, however often it did."""
    site.statuses[0] = 0xA900
    site.more = ", already_delivered: send, duplicates: send, on_unknown: send"

    assert [site.run()[2] for _ in range(4)] == [[0, 1, 2, 3]] * 4


def test_an_instance_that_stands_in_the_set_twice_is_sent_twice_when_that_is_asked_for(site: Site) -> None:
    """`duplicates: send` is about one run; the next one has nothing left to do."""
    site.file(0).with_name("copy.dcm").write_bytes(site.file(0).read_bytes())
    site.more = ", duplicates: send"

    assert site.run()[2] == [0, 0, 1, 2, 3]
    assert site.run()[2] == []


def test_another_peer_is_another_story(site: Site) -> None:
    """What one peer has says nothing about another, even at the same address."""
    site.run()
    text = f"""\
dicomjobs: 1
state: {{directory: {site.folder}/state}}
jobs:
  send: {{store: {{peer: {peer_yaml(site.scp.port, called="OTHER")}, send_set: {{paths: [files]}}}}}}
"""
    dicomjobs("run", write(site.folder, text), "--reports", site.folder / "reports")

    assert len(site.scp.stored) == 2 * FILES

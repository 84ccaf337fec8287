"""Instances whose answer never came, at an archive that can be asked: found, not found, found late, not answered for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import RunDirectory, dicomjobs, latest, peer_yaml
from tests.support.instances import MadeInstance, make_study
from tests.support.job_files import write
from tests.support.ledgers import open_claims
from tests.support.lossy_archive import Fault, LossyArchive, lossy_archive

FILES = 3


class Scene:
    """Three instances; the sending of the second fails as often as `faults` says."""

    def __init__(self, folder: Path, made: list[MadeInstance]) -> None:
        """Nothing fails yet."""
        self.folder, self.made = folder, made
        self.uid = made[1].sop_instance_uid
        self.faults: list[Fault] = []
        self.archive: LossyArchive
        self.queries_at = ""

    def fault(self, uid: str) -> Fault | None:
        """Return the next fault of the second instance."""
        return self.faults.pop(0) if uid == self.uid and self.faults else None

    def run(self, more: str = "", *arguments: str) -> tuple[int, RunDirectory, dict[str, str]]:
        """Run the job; gives its exit code, its directory, and the row of the second instance."""
        text = f"""\
dicomjobs: 1
state: {{directory: {self.folder}/state}}
peers:
  archive: {peer_yaml(self.archive.port, timeouts="{dimse: 0.3s}", **({"queries_at": "qr"} if self.queries_at else {}))}
{self.queries_at}
jobs:
  send:
    store:
      peer: archive
      send_set: {{paths: [files]}}
      retry: {{first_wait: 0.01s, second_look: 0.01s{more}
"""
        text = text if "}" in more else text.rstrip() + "}\n"
        ended = dicomjobs("run", write(self.folder, text), "--reports", self.folder / "reports", *arguments)
        done = latest(self.folder / "reports")
        return ended.code, done, next(row for row in done.rows if row["sop_instance_uid"] == self.uid)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A scene with its archive."""
    made = make_study(tmp_path / "files", FILES, rows=0)
    scene = Scene(tmp_path, made)
    with lossy_archive(made, scene.fault) as archive:
        scene.archive = archive
        yield scene


@pytest.mark.parametrize("fault", [Fault.RESET_KEPT, Fault.SILENT_KEPT, Fault.WRONG_MESSAGE_KEPT])
def test_an_instance_that_arrived_is_found_and_not_sent_again(scene: Scene, fault: Fault) -> None:
    """Delivered, and the report says by what proof; the next run has nothing to do."""
    scene.faults = [fault]
    code, run, row = scene.run()

    assert (code, row["outcome"], row["proof"], row["attempts"]) == (0, "delivered", "query", "1")
    assert {each["proof"] for each in run.rows if each["sop_instance_uid"] != scene.uid} == {"status"}
    assert (scene.archive.came[scene.uid], scene.archive.queries) == (1, 1)
    assert scene.run()[2]["reason"] == "already_delivered"


def test_an_instance_that_is_not_there_at_two_looks_is_sent_again(scene: Scene) -> None:
    """Its second attempt is acknowledged."""
    scene.faults = [Fault.RESET]
    code, _, row = scene.run()

    assert (code, row["outcome"], row["proof"], row["attempts"]) == (0, "delivered", "status", "2")
    assert (scene.archive.came[scene.uid], scene.archive.queries) == (2, 2)


def test_an_archive_that_takes_a_while_to_index_is_looked_at_twice(scene: Scene) -> None:
    """What was not there at once was there in the end, and was not sent again."""
    scene.faults, scene.archive.hides = [Fault.RESET_KEPT], 1
    code, _, row = scene.run()

    assert (code, row["proof"], scene.archive.came[scene.uid], scene.archive.queries) == (0, "query", 1, 2)


def test_a_second_look_is_taken_whatever_the_budget_of_retries(scene: Scene) -> None:
    """It finds out what became of an instance that an earlier run left in doubt; without it that would stay so for ever."""
    scene.faults = [Fault.RESET]
    scene.archive.answers_queries = False
    scene.run(", budget: 0")
    scene.archive.answers_queries = True
    code, _, row = scene.run(", budget: 0")

    assert (code, row["outcome"], row["proof"]) == (0, "delivered", "status")
    assert (scene.archive.came[scene.uid], scene.archive.queries) == (2, 1 + 2)


def test_an_archive_that_does_not_answer_leaves_it_unknown_and_a_later_run_asks_again(scene: Scene) -> None:
    """Exit code 8 and never a second copy; once the archive answers, the row names the run that sent it."""
    scene.faults, scene.archive.answers_queries = [Fault.RESET_KEPT], False
    code, first, row = scene.run()

    assert (code, row["outcome"], row["reason"]) == (8, "unknown", "no_answer")
    assert "looked up in vain" in first.job("send")["failures"][0]["words"]
    scene.archive.answers_queries = True
    code, _, row = scene.run()
    assert (code, row["outcome"], row["proof"]) == (0, "delivered", "query")
    assert row["delivered_in_run"] == first.path.name
    assert scene.archive.came[scene.uid] == 1


def test_on_unknown_stop_asks_nobody_and_sends_nothing(scene: Scene) -> None:
    """In this run and in every later one, until somebody says otherwise."""
    scene.faults = [Fault.RESET]
    stop = "}\n      on_unknown: stop\n"
    assert [scene.run(stop)[0], scene.run(stop)[0]] == [8, 8]

    assert (scene.archive.came[scene.uid], scene.archive.queries) == (1, 0)
    assert scene.run(stop, "--resend", "unknown")[0] == 0
    assert scene.archive.came[scene.uid] == 2


def test_on_unknown_send_sends_again_without_asking(scene: Scene) -> None:
    """Within the attempts of the run, and in the next run."""
    scene.faults = [Fault.RESET_KEPT]
    code, _, row = scene.run("}\n      on_unknown: send\n")

    assert (code, row["attempts"], scene.archive.queries) == (0, "2", 0)


def test_an_instance_that_did_not_arrive_is_left_to_the_next_run_when_it_may_be_tried_once(scene: Scene) -> None:
    """It is known not to be there: a failure that may pass, not a doubt."""
    scene.faults = [Fault.RESET]
    code, _, row = scene.run(", attempts: 1")

    assert (code, row["outcome"], row["reason"]) == (4, "failed", "not_arrived")
    code, _, row = scene.run(", attempts: 1")
    assert (code, row["outcome"]) == (0, "delivered")


def test_another_peer_may_answer_for_the_archive(scene: Scene) -> None:
    """`queries_at`: what was stored here is looked up there."""
    with lossy_archive(scene.made) as other:
        other.kept = scene.archive.kept
        scene.queries_at = f"  qr: {peer_yaml(other.port, called='ARCHIVE_QR')}"
        scene.faults = [Fault.RESET_KEPT]
        code, _, row = scene.run()

    assert (code, row["proof"], scene.archive.queries, other.queries) == (0, "query", 0, 1)


def edit(made: MadeInstance) -> None:
    """Give a file other content of the same length under the same UID."""
    data = bytearray(made.path.read_bytes())
    place = data.find(b"20260102")
    data[place : place + 8] = b"20260103"
    made.path.write_bytes(data)


def test_a_file_that_changed_since_is_not_taken_for_what_the_archive_has(scene: Scene) -> None:
    """The archive has the UID; whether it has this content, the digest tells."""
    scene.faults, scene.archive.answers_queries = [Fault.RESET_KEPT], False
    scene.run()
    scene.archive.answers_queries = True
    edit(scene.made[1])
    code, _, row = scene.run()

    assert (code, row["outcome"], row["reason"]) == (3, "failed", "uid_conflict")
    assert scene.archive.came[scene.uid] == 1


def test_without_a_digest_a_file_that_changed_since_stays_unknown_until_it_is_asked_for(scene: Scene) -> None:
    """That the archive has the UID is no proof of what is in the file now."""
    scene.faults, scene.archive.answers_queries = [Fault.RESET_KEPT], False
    never = "}\n      digest: never\n"
    scene.run(never)
    scene.archive.answers_queries = True
    edit(scene.made[1])
    code, run, row = scene.run(never)

    assert (code, row["outcome"], row["proof"], scene.archive.came[scene.uid]) == (8, "unknown", "", 1)
    assert "its file has changed since it was sent" in run.job("send")["failures"][0]["words"]
    assert scene.run(never, "--resend", "unknown")[0] == 0
    assert scene.archive.came[scene.uid] == 2


def test_an_older_copy_at_the_archive_is_no_proof(scene: Scene) -> None:
    """What was delivered before had other content: only an acknowledgement tells that the new one has arrived."""
    scene.run()
    edit(scene.made[1])
    scene.faults = [Fault.RESET]
    code, _, row = scene.run("}\n      already_delivered: send\n")

    assert (code, row["outcome"], row["proof"], row["attempts"]) == (0, "delivered", "status", "2")
    assert scene.archive.came[scene.uid] == 3


def test_an_older_copy_leaves_unknown_what_may_not_be_sent_again(scene: Scene) -> None:
    """And the next run sends it, for the ledger remembers that there was other content."""
    scene.run()
    edit(scene.made[1])
    scene.faults = [Fault.RESET]
    code, run, row = scene.run(", attempts: 1}\n      already_delivered: send\n")

    assert (code, row["outcome"], row["proof"]) == (8, "unknown", "")
    assert "may have had it with other content before" in run.job("send")["failures"][0]["words"]
    code, _, row = scene.run()
    assert (code, row["outcome"], row["proof"]) == (0, "delivered", "status")


def test_asked_for_again_an_unknown_instance_is_sent_as_often_as_attempts_allow(scene: Scene) -> None:
    """`--resend unknown` asks nobody, and still ends."""
    scene.faults, scene.archive.answers_queries = [Fault.RESET] * 20, False
    scene.run()
    code, _, row = scene.run(", attempts: 3", "--resend", "unknown")

    assert (code, row["outcome"], row["attempts"]) == (8, "unknown", "3")
    assert scene.archive.came[scene.uid] == 4


def test_a_peer_that_refuses_us_after_the_look_ups_leaves_no_claim_open(scene: Scene) -> None:
    """What was to be sent again could not be: its outcome is what it was before, and the ledger is in order."""
    scene.faults, scene.archive.refuses_after = [Fault.RESET], 2
    scene.made[2].path.unlink()  # nothing else is sent on an association that the look-ups would outlive
    code, _, row = scene.run()

    assert (code, row["outcome"], row["reason"]) == (8, "unknown", "no_answer")
    assert open_claims(scene.folder / "state") == []
    assert not list((scene.folder / "state").glob("marks-*"))


def test_a_peer_with_room_for_one_association_is_asked_and_sent_to_in_turn(scene: Scene) -> None:
    """The look-up ends before the sending goes on, and the other way round."""
    scene.faults, scene.archive.most = [Fault.RESET], 1
    code, _, row = scene.run(", budget: 2s")

    assert (code, row["outcome"], row["attempts"]) == (0, "delivered", "2")

"""`dicomjobs ledger`: numbers, rows, verification, forgetting and adopting, each as a script would use it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomjobs.events import Outcome
from dicomjobs.ledger.inspection import Selection, opened_for_inspection
from tests.support.command import Ended, dicomjobs, latest, peer_yaml
from tests.support.instances import MadeInstance, make_study
from tests.support.job_files import write
from tests.support.ledgers import ask, known
from tests.support.lossy_archive import Fault, LossyArchive, lossy_archive
from tests.support.scripted_scp import respond, scripted_sessions
from tests.support.verifying_scp import asked, counted

FILES = 4


class Site:
    """Four instances, an archive, and a job that sends them there, trying each once; the archive fails as `faults` says."""

    def __init__(self, folder: Path, made: list[MadeInstance]) -> None:
        """Nothing was sent yet."""
        self.folder, self.made = folder, made
        self.state = folder / "state"
        self.faults: dict[str, Fault] = {}
        self.archive: LossyArchive
        self.queries_at = 0

    def uid(self, number: int) -> str:
        """Return the UID of an instance."""
        return self.made[number].sop_instance_uid

    def fault(self, uid: str) -> Fault | None:
        """Return what goes wrong with an instance now."""
        return self.faults.get(uid)

    def job(self) -> str:
        """Write the job file."""
        elsewhere = {"queries_at": f"{{host: 127.0.0.1, port: {self.queries_at}}}"} if self.queries_at else {}
        text = f"""\
dicomjobs: 1
state: {{directory: {self.state}}}
peers: {{archive: {peer_yaml(self.archive.port, called="ARCHIVE", **elsewhere)}}}
jobs: {{send: {{store: {{peer: archive, send_set: {{paths: [files]}}, on_unknown: stop, retry: {{attempts: 1}}}}}}}}
"""
        return write(self.folder, text)

    def run(self) -> Ended:
        """Run the job."""
        return dicomjobs("run", self.job(), "--reports", self.folder / "reports")

    def ledger(self, action: str, *arguments: object) -> Ended:
        """Run an action on the ledger that the job file names."""
        return dicomjobs("ledger", action, *arguments, "-f", self.job())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with its archive."""
    made = make_study(tmp_path / "files", FILES, rows=0)
    site = Site(tmp_path, made)
    with lossy_archive(made, site.fault) as archive:
        site.archive = archive
        yield site


@pytest.fixture(autouse=True)
def _second_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No archive here takes longer to index what it stores."""
    monkeypatch.setattr("dicomjobs.cli.ledger_asking.SECOND_LOOK_SECONDS", 0.01)


@pytest.fixture
def sent(site: Site) -> Site:
    """One instance was refused, one is unknown, two were delivered."""
    site.faults = {site.uid(0): Fault.OUT_OF_RESOURCES, site.uid(1): Fault.RESET_KEPT}
    assert site.run().code == 8
    site.faults = {}
    return site


def test_where_nothing_was_ever_sent_there_is_nothing_to_see(site: Site) -> None:
    """Looking is no mistake, acting is."""
    for action in ("status", "list"):
        ended = site.ledger(action)
        assert (ended.code, ended.out) == (0, "")
        assert f"there is no ledger in {site.state}" in ended.err
    assert site.ledger("forget", "--outcome", "failed", "--yes").code == 2
    assert not site.state.exists()


def test_status_tells_numbers_for_each_peer(sent: Site) -> None:
    """For people and for programs."""
    text = sent.ledger("status")
    found = json.loads(sent.ledger("status", "--format", "json").out)

    assert (text.code, text.err) == (0, "")
    assert f"ARCHIVE@127.0.0.1:{sent.archive.port}: 2 delivered, 1 failed, 1 unknown; the last at 20" in text.out
    assert "\n    delivered: 2 by status alone\n" in text.out
    assert "sound" in text.out
    assert found["peers"][0]["counts"] == {"delivered": 2, "failed": 1, "unknown": 1}
    assert found["peers"][0]["proofs"] == {"status": 2}
    assert (found["damage"], found["open_claims"], found["runs"]) == ("", 0, 1)


def test_status_of_a_damaged_ledger_ends_with_7(sent: Site) -> None:
    """In words, and nothing is written into it."""
    path = sent.state / "ledger.sqlite3"
    path.write_bytes(b"This is a text. " * 512)
    ended = sent.ledger("status")

    assert (ended.code, ended.out) == (7, "")
    assert "damaged" in ended.err


def test_list_gives_a_line_an_instance(sent: Site) -> None:
    """As text, as a table and as JSON lines, all of them or some."""
    table = list(csv.DictReader(io.StringIO(sent.ledger("list", "--format", "csv").out)))
    lines = [json.loads(line) for line in sent.ledger("list", "--format", "jsonl").out.splitlines()]

    assert Counter(row["outcome"] for row in table) == {"delivered": 2, "failed": 1, "unknown": 1}
    assert table == lines
    failed = sent.ledger("list", "--outcome", "failed")
    assert len(failed.out.splitlines()) == 1
    assert f"{sent.uid(0)}  failed (refused A700)" in failed.out
    assert sent.uid(2) in sent.ledger("list", "--uid", sent.uid(2)).out
    assert len(sent.ledger("list", "--uid", sent.made[0].study_instance_uid).out.splitlines()) == FILES
    assert sent.ledger("list", "--run", "another").out == ""
    sent.run()
    assert len(sent.ledger("list", "--run", "latest").out.splitlines()) == 1  # what was refused was tried again
    assert sent.ledger("list", "--peer", "OTHER@127.0.0.1:104").out == ""


def test_what_a_delivery_rests_on_is_told(sent: Site) -> None:
    """Whether the peer only said 0000, was asked for it, or nobody ever asked; in numbers and line by line."""
    sent.ledger("verify", "archive")
    sent.ledger("forget", "--uid", sent.uid(3), "--yes")
    sent.ledger("adopt", "archive", sent.made[3].path, "--unasked")
    sent.run()
    status, listed = sent.ledger("status"), sent.ledger("list")

    assert "\n    delivered: 2 by query, 1 by status alone, 1 by your word alone\n" in status.out
    assert f"{sent.uid(0)}  delivered by status alone (0000)  " in listed.out
    assert f"{sent.uid(2)}  delivered by query (0000)  " in listed.out
    assert f"{sent.uid(3)}  delivered by your word alone  " in listed.out
    assert all(len(line) <= 100 for line in status.out.splitlines()[1:])


def test_verify_finds_out_what_is_there(sent: Site) -> None:
    """What is unknown and there is delivered from now on; nothing is sent for it."""
    ended = sent.ledger("verify", "archive")

    assert (ended.code, ended.out) == (0, "3 there\n")
    assert known(sent.state)[sent.uid(1)] == ("delivered", "")
    assert ask(sent.state, "SELECT proof, count(*) FROM instance GROUP BY proof") == [("", 1), ("query", 3)]
    assert sent.run().code == 0
    assert sent.archive.came == Counter({sent.uid(n): 2 if n == 0 else 1 for n in range(FILES)})


def test_what_verify_misses_is_sent_again_by_the_next_run(sent: Site) -> None:
    """Exit code 6, and the ledger says so."""
    sent.archive.kept -= {sent.uid(2), sent.uid(1)}
    ended = sent.ledger("verify", "archive")

    assert ended.code == 6
    assert f"{sent.uid(2)} is not there (delivered in " in ended.out
    assert known(sent.state)[sent.uid(2)] == ("missing", "not_found")
    assert known(sent.state)[sent.uid(1)] == ("unknown", "no_answer")
    sent.run()
    assert sent.archive.came[sent.uid(2)] == 2


def test_verify_looks_twice_before_it_calls_anything_missing(sent: Site) -> None:
    """An archive that takes a while to index would else be sent everything again."""
    sent.archive.hides = 1
    ended = sent.ledger("verify", "archive")

    assert ended.code in {0, 8}  # what was unknown and not there at its one look stays so
    assert "missing" not in ended.out
    assert known(sent.state)[sent.uid(2)] == ("delivered", "")


def lose_new_content(site: Site, number: int) -> None:
    """Give a file that was delivered other content, and send it without an answer: the archive has the older copy."""
    path = site.made[number].path
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    site.faults = {site.uid(number): Fault.RESET}
    dicomjobs("run", site.job(), "--reports", site.folder / "reports", "--resend", "all")


def test_verify_takes_no_older_copy_for_a_new_one(sent: Site) -> None:
    """What is unknown stays so where other content went there before under its UID."""
    lose_new_content(sent, 2)
    ended = sent.ledger("verify", "archive")

    assert ended.code == 8
    assert "may have had it with other content before" in ended.out
    assert known(sent.state)[sent.uid(2)][0] == "unknown"


def test_adopt_takes_no_older_copy_for_a_new_one(sent: Site) -> None:
    """Unless it is to be taken at its word."""
    lose_new_content(sent, 2)
    sent.ledger("adopt", "archive", sent.made[2].path)

    assert known(sent.state)[sent.uid(2)][0] == "unknown"
    sent.ledger("adopt", "archive", sent.made[2].path, "--unasked")
    assert known(sent.state)[sent.uid(2)][0] == "delivered"


def test_verify_leaves_alone_what_a_run_delivers_meanwhile(sent: Site) -> None:
    """What it saw was true before that delivery only."""
    with opened_for_inspection(sent.state) as ledger:
        listed = list(ledger.instances(Selection(outcomes=frozenset({Outcome.DELIVERED}))))
        dicomjobs("run", sent.job(), "--reports", sent.folder / "reports", "--resend", "all")
        ledger.revise(listed, Outcome.MISSING, "not_found", "")

    assert set(known(sent.state).values()) == {("delivered", "")}


def test_verify_that_gets_no_answer_says_so(sent: Site) -> None:
    """Exit code 8: nothing is known that was not known before."""
    sent.archive.answers_queries = False
    before = known(sent.state)
    ended = sent.ledger("verify", "archive")

    assert (ended.code, known(sent.state)) == (8, before)
    assert "3 not answered" in ended.out


@pytest.mark.parametrize("name", ["archive", "ARCHIVE@127.0.0.1:{port}"], ids=["by name", "by address"])
def test_verify_asks_a_peer_that_names_no_instances_for_numbers(sent: Site, name: str) -> None:
    """At `queries_at`, however the peer is named; a number tells nothing of an instance of which nobody knows."""
    with scripted_sessions(asked(respond(status=0xC000), counted("SERIES", 2))) as sent.queries_at:
        ended = sent.ledger("verify", name.format(port=sent.archive.port))

    assert ended.code == 8
    assert "2 there by count (the peer names no instances)" in ended.out
    assert "1 not answered" in ended.out
    assert known(sent.state)[sent.uid(1)] == ("unknown", "no_answer")
    assert ask(sent.state, "SELECT proof, count(*) FROM instance GROUP BY proof") == [("", 2), ("count", 2)]


def test_verify_counts_twice_before_it_believes_a_number(sent: Site) -> None:
    """The peer may take its time to index what it stores."""
    answers = (respond(status=0xC000), counted("SERIES", 1), respond(status=0xC000), counted("SERIES", 2))
    with scripted_sessions(asked(*answers)) as sent.queries_at:
        ended = sent.ledger("verify", "archive")

    assert "2 there by count" in ended.out
    assert known(sent.state)[sent.uid(2)] == ("delivered", "")


def test_verify_misses_all_of_a_series_of_which_the_peer_has_too_few(sent: Site) -> None:
    """Nobody can tell which; exit code 6, and the next run sends them again."""
    too_few = (respond(status=0xC000), counted("SERIES", 1))
    with scripted_sessions(asked(*too_few, *too_few)) as sent.queries_at:
        ended = sent.ledger("verify", "archive")

    assert ended.code == 6
    assert "it has 1 instances of its series, and 2 were delivered" in ended.out
    assert known(sent.state)[sent.uid(2)] == ("missing", "fewer_than_sent")


def test_forgotten_instances_are_sent_as_new(sent: Site) -> None:
    """By state, by UID; never everything by accident, and never unasked."""
    refused = sent.ledger("forget")
    unasked = sent.ledger("forget", "--outcome", "delivered")

    assert (refused.code, unasked.code) == (2, 2)
    assert "DJ640" in refused.err
    assert "--yes" in unasked.err
    assert len(known(sent.state)) == FILES
    assert sent.ledger("forget", "--uid", sent.uid(2), "--yes").out == "1 forgotten\n"
    assert sent.ledger("forget", "--uid", sent.uid(2), "--yes").out == "0 forgotten\n"
    assert sent.ledger("forget", "--outcome", "failed", "--yes").out == "1 forgotten\n"
    sent.run()
    assert sent.archive.came[sent.uid(2)] == 2


def test_many_are_forgotten_in_pieces(sent: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And counted together."""
    monkeypatch.setattr("dicomjobs.ledger.inspection._FORGOTTEN_AT_ONCE", 2)

    assert sent.ledger("forget", "--peer", "archive", "--yes").out == f"{FILES} forgotten\n"
    assert known(sent.state) == {}


def test_what_the_latest_run_left_is_forgotten_alone(sent: Site) -> None:
    """What runs before it left stays."""
    sent.run()

    assert sent.ledger("forget", "--peer", "archive", "--run", "latest", "--yes").out == "1 forgotten\n"
    assert sent.ledger("forget", "--run", "latest", "--peer", "archive", "--yes").out == "0 forgotten\n"
    assert len(known(sent.state)) == FILES - 1


def test_every_spelling_of_a_peer_is_the_same_to_the_ledger(sent: Site) -> None:
    """Spaces around an AE title mean nothing, nor does the case of a host's name."""
    spelled = f'{{host: LOCALHOST, port: {sent.archive.port}, called_ae_title: " ARCHIVE "}}'
    text = (sent.folder / "job.yaml").read_text().replace(peer_yaml(sent.archive.port, called="ARCHIVE"), spelled)
    (sent.folder / "spelled.yaml").write_text(text)
    (sent.folder / "local.yaml").write_text(text.replace("LOCALHOST", "localhost").replace(" ARCHIVE ", "ARCHIVE"))
    first = dicomjobs("run", sent.folder / "spelled.yaml", "--reports", sent.folder / "reports")
    again = dicomjobs("run", sent.folder / "local.yaml", "--reports", sent.folder / "reports")

    assert (first.code, again.code) == (0, 0)
    assert "4 skipped" in again.out


def test_the_state_folder_is_for_its_owner_alone(sent: Site) -> None:
    """Whichever part of a run makes it."""
    assert sent.state.stat().st_mode & 0o777 == 0o700


def test_adopting_from_where_nothing_is_is_a_mistake(site: Site) -> None:
    """Nothing is adopted, and nobody is asked."""
    ended = site.ledger("adopt", "archive", site.folder / "files", site.folder / "nowhere")

    assert (ended.code, "DJ644" in ended.err, site.archive.queries) == (2, True, 0)


def test_a_folder_that_the_peer_has_already_is_adopted(site: Site) -> None:
    """Nothing of it is sent; what the peer does not have is told of, and is sent."""
    site.archive.kept = {site.uid(0), site.uid(1), site.uid(2)}
    ended = site.ledger("adopt", "archive", site.folder / "files")

    assert ended.code == 6
    assert f"{site.uid(3)} is not there" in ended.out
    assert "3 adopted" in ended.out
    assert site.run().code == 0
    assert site.archive.came == Counter({site.uid(3): 1})
    assert "4 known already" in site.ledger("adopt", "archive", site.folder / "files").out


@pytest.mark.parametrize(("more", "proof"), [((), "query"), (("--unasked",), "")])
def test_the_table_of_a_run_is_adopted_by_another_ledger(sent: Site, more: tuple[str, ...], proof: str) -> None:
    """What it calls delivered, looked up or taken at its word."""
    table = latest(sent.folder / "reports").path / "instances.csv"
    other = sent.folder / "other"
    ended = dicomjobs("ledger", "adopt", "archive", table, "-f", sent.job(), "--state", other, *more)

    assert (ended.code, "2 adopted" in ended.out) == (0, True)
    assert set(ask(other, "SELECT outcome, proof FROM instance")) == {("delivered", proof)}


def test_a_table_of_something_else_is_refused(site: Site) -> None:
    """Nothing is adopted then."""
    (site.folder / "other.csv").write_text("a,b\n1,2\n")
    ended = site.ledger("adopt", "archive", site.folder / "other.csv")

    assert (ended.code, "DJ641" in ended.err) == (2, True)

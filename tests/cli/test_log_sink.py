"""Logging where `--log-config` sends it: who says what at which level, and what is never in a record."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Ended, dicomjobs, peer_yaml
from tests.support.identifiers import explicit
from tests.support.job_files import write
from tests.support.scripted_scp import RELEASE_RP, Conversation, accept, match, read_message, respond, scripted_scp

CANARY = "CANARY^NAME"
ANSWER = explicit(0x00100010, b"PN", b"CANARY^NAME ") + explicit(0x00100020, b"LO", b"CANARY-ID ")
CONFIG = """\
version: 1
formatters: {{short: {{format: "%(levelname)s %(name)s %(message)s"}}}}
handlers: {{file: {{class: logging.FileHandler, filename: {file}, formatter: short}}}}
root: {{level: {level}, handlers: [file]}}
"""


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Take away what a test configured."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("dicomjobs"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def run(tmp_path: Path, config: str, *, status: int = 0) -> tuple[Ended, list[str]]:
    """Run a query with a log configuration; returns what was logged."""
    text = f"""\
dicomjobs: 1
jobs:
  ask: {{find: {{peer: PEER, query: {{model: study, level: STUDY, keys: {{PatientName: "{CANARY}"}}}}}}}}
"""

    def release(conversation: Conversation) -> None:
        conversation.read_pdu()
        conversation.socket.sendall(RELEASE_RP)

    script = (
        accept(transfer_syntax="1.2.840.10008.1.2.1"),
        read_message(),
        match(ANSWER),
        respond(status=status),
        release,
    )
    file = tmp_path / "log.conf"
    file.write_text(config)
    with scripted_scp(*script) as port:
        job = write(tmp_path, text.replace("PEER", peer_yaml(port)))
        ended = dicomjobs("run", job, "--reports", tmp_path / "reports", "--log-config", file)
    log = tmp_path / "run.log"
    return ended, log.read_text().splitlines() if log.exists() else []


def test_a_run_is_logged_where_the_configuration_says(tmp_path: Path) -> None:
    """By loggers with names of their own, in the order in which it happened."""
    ended, lines = run(tmp_path, CONFIG.format(file=tmp_path / "run.log", level="INFO"))

    assert ended.code == 0
    assert [line.split()[:2] for line in lines] == [
        ["INFO", "dicomjobs.run"],
        ["INFO", "dicomjobs.run"],
        ["INFO", "dicomjobs.association"],
        ["INFO", "dicomjobs.find.responses"],
        ["INFO", "dicomjobs.find"],
        ["INFO", "dicomjobs.association"],
        ["INFO", "dicomjobs.run"],
        ["INFO", "dicomjobs.run"],
    ]
    assert "ask: response 1, status FF00H" in lines[3]
    assert "ask: query 1: 1 match, status 0000H" in lines[4]


def test_what_fails_is_logged_as_a_warning_or_an_error(tmp_path: Path) -> None:
    """In words."""
    _, lines = run(tmp_path, CONFIG.format(file=tmp_path / "run.log", level="WARNING"), status=0xA900)

    assert [line.split()[:2] for line in lines] == [["WARNING", "dicomjobs.find"], ["ERROR", "dicomjobs.run"]]
    assert "A900H" in lines[0]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_patient_is_in_a_log(tmp_path: Path, level: str) -> None:
    """Not even at DEBUG for everything."""
    _, lines = run(tmp_path, CONFIG.format(file=tmp_path / "run.log", level=level))

    assert lines
    assert "CANARY" not in "\n".join(lines)


def test_answers_are_logged_for_who_asks_for_just_them(tmp_path: Path) -> None:
    """The logger of responses itself has to be set to DEBUG."""
    config = (
        CONFIG.format(file=tmp_path / "run.log", level="INFO") + "loggers: {dicomjobs.find.responses: {level: DEBUG}}\n"
    )

    _, lines = run(tmp_path, config)

    assert "DEBUG dicomjobs.find.responses ask: response 1: PatientName=CANARY^NAME, PatientID=CANARY-ID" in lines


def test_the_configuration_may_be_json(tmp_path: Path) -> None:
    """Which dictConfig takes as well."""
    config = {
        "version": 1,
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(tmp_path / "run.log")}},
    }

    _, lines = run(tmp_path, json.dumps({**config, "root": {"level": "INFO", "handlers": ["file"]}}))

    assert any("association 1 established" in line for line in lines)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "- a list",
        "version: 2",
        "version: 1\nhandlers: {x: {class: no.such.Class}}",
        "a: [",
        "version: 1\nroot: {handlers: [y]}",
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_before_anything_is_done(tmp_path: Path, config: str) -> None:
    """Exit code 2, and no run."""
    file = tmp_path / "log.conf"
    file.write_text(config)
    job = write(tmp_path, "dicomjobs: 1\njobs: {ask: {echo: {peer: {host: 127.0.0.1, port: 9}}}}\n")

    ended = dicomjobs("run", job, "--reports", tmp_path / "reports", "--log-config", file)

    assert ended.code == 2
    assert "DJ643" in ended.err
    assert not (tmp_path / "reports").exists()


def test_a_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By its name."""
    job = write(tmp_path, "dicomjobs: 1\njobs: {ask: {echo: {peer: {host: 127.0.0.1, port: 9}}}}\n")

    ended = dicomjobs("run", job, "--log-config", tmp_path / "nowhere.yaml")

    assert (ended.code, "nowhere.yaml" in ended.err) == (2, True)

"""What happens during a run handed to Python's logging, where `--log-config` sends it; without that nothing is logged.

Loggers: dicomjobs.run, dicomjobs.association, dicomjobs.echo, dicomjobs.store, dicomjobs.find and dicomjobs.find.responses.
Instances are named by their row. What a peer answered is in no record, but for dicomjobs.find.responses where that logger
itself, and not one above it, is set to DEBUG.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from dicomjobs.answers.columns import heading_of
from dicomjobs.answers.json_model import decode_identifier
from dicomjobs.answers.rows import plain, text_of
from dicomjobs.cli.progress import describe
from dicomjobs.cli.refusal import refusal
from dicomjobs.cli.sinks import Sink
from dicomjobs.dicom.escape import one_line
from dicomjobs.events import (
    AssociationEnded,
    AssociationEstablished,
    EchoFinished,
    Event,
    InstanceFinished,
    InstanceMissing,
    JobFinished,
    JobOutcome,
    JobStarted,
    MatchesReceived,
    OutputFailed,
    QueryFinished,
    RunFinished,
    RunStarted,
)
from dicomjobs.execute.executor import StampedBatch
from dicomjobs.execute.tally import SPOILING
from dicomjobs.model.phi import Phi
from dicomjobs.plan.plan import Instances
from dicomjobs.report.phrases import number_of
from dicomjobs.report.telling import printable, telling

RUN: Final = logging.getLogger("dicomjobs.run")
ASSOCIATION: Final = logging.getLogger("dicomjobs.association")
ECHO: Final = logging.getLogger("dicomjobs.echo")
STORE: Final = logging.getLogger("dicomjobs.store")
FIND: Final = logging.getLogger("dicomjobs.find")
RESPONSES: Final = logging.getLogger("dicomjobs.find.responses")

_LONGEST = 1000
"""Characters of a response's line."""

_Record = tuple[logging.Logger, int, str]


@contextmanager
def logged(rows: Instances) -> Iterator[Sink]:
    """Give the sink that logs what happens to instances, by their rows; in the end every handler is flushed and closed."""
    try:
        yield partial(_log, telling(rows, Phi.NONE))
    finally:
        logging.shutdown()


def configure(file: str) -> None:
    """Configure Python's logging from a file; raises InvalidInput."""
    from dicomjobs.config.log_config import read_log_config

    try:
        logging.config.dictConfig(read_log_config(file))
    except (ValueError, TypeError, AttributeError, ImportError, OSError) as error:
        why = f"{error}: {error.__cause__}" if error.__cause__ else str(error)
        hint = "see the schema of dictionaries in the documentation of Python's logging.config"
        raise refusal("DJ643", f"{file} cannot configure logging: {one_line(why)}", hint=hint) from error


def _log(rows: Instances, batch: StampedBatch) -> None:
    """Log what happened."""
    for stamped in batch:
        event = stamped.event
        if isinstance(event, MatchesReceived):
            _log_matches(event)
        elif record := record_of(event, rows):
            logger, level, message = record
            logger.log(level, "%s", message)


def record_of(event: Event, rows: Instances) -> _Record | None:
    """Return the logger, the level and the message of an event, None for one that is not logged."""
    words = describe(printable(event, Phi.NONE), rows)
    match event:
        case RunStarted(run_id=run_id, version=version):
            return RUN, logging.INFO, f"run {run_id} of dicomjobs {version} begins"
        case RunFinished(interrupted_by=number):
            return (
                RUN,
                logging.WARNING if number else logging.INFO,
                f"run interrupted by signal {number}" if number else "run over",
            )
        case JobStarted():
            return RUN, logging.INFO, words
        case JobFinished(outcome=outcome):
            return RUN, logging.INFO if outcome is JobOutcome.SUCCEEDED else logging.ERROR, words
        case AssociationEstablished():
            return ASSOCIATION, logging.INFO, words
        case AssociationEnded(reason=reason):
            return ASSOCIATION, logging.WARNING if reason else logging.INFO, words
        case EchoFinished():
            return ECHO, logging.INFO, words or f"{event.job}: no answer"
        case InstanceFinished(outcome=outcome) if outcome in SPOILING:
            return STORE, logging.WARNING, words
        case InstanceFinished(job=job, item=item, outcome=outcome):
            return STORE, logging.DEBUG, f"{job}: row {item} {outcome.value.replace('_', ' ')}"
        case InstanceMissing():
            return STORE, logging.WARNING, words
        case QueryFinished():
            return FIND, logging.WARNING if event.reason not in {"", "cut"} else logging.INFO, _query_words(event)
        case OutputFailed(job=job, path=path, words=why):
            return FIND, logging.ERROR, f"{job}: {one_line(path)} could not be written: {why}"
        case _:
            return None


def _query_words(event: QueryFinished) -> str:
    """Tell how a query ended."""
    status = "no final status" if event.status is None else f"status {event.status:04X}H"
    window = f", window {event.window}" if event.window else ""
    why = f": {one_line(event.words)}" if event.words else ""
    return (
        f"{event.job}: query {event.query + 1}{window}: {number_of(event.matches, 'match', 'matches')}, {status}{why}"
    )


def _log_matches(event: MatchesReceived) -> None:
    """Log each response; its identifier only where somebody has asked for just that."""
    with_identifiers = RESPONSES.level == logging.DEBUG
    if not (with_identifiers or RESPONSES.isEnabledFor(logging.INFO)):
        return
    for number, identifier in enumerate(event.identifiers, start=event.response):
        RESPONSES.info("%s: response %d, status %04XH", event.job, number, event.status)
        if with_identifiers:
            RESPONSES.debug("%s: response %d: %s", event.job, number, _told(identifier, event))


def _told(identifier: bytes, event: MatchesReceived) -> str:
    """Return an identifier on one line."""
    elements = decode_identifier(identifier, event.transfer_syntax, event.character_set)
    told = (f"{heading_of(int(tag, 16))}={text_of(plain(element))}" for tag, element in elements.items())
    return one_line(", ".join(told), _LONGEST)

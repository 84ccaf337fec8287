"""`dicomjobs ledger ACTION`: what the ledger knows of deliveries, and what may be done about it by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.ledger_asking import adopt, verify
from dicomjobs.cli.ledger_place import LedgerPlace, ledger_place
from dicomjobs.cli.ledger_view import instance_lines, status_text
from dicomjobs.cli.peer_argument import peer_of
from dicomjobs.cli.places import state_folder
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.workspace import MissingParameters, Workspace
from dicomjobs.events import DELIVERED, Outcome
from dicomjobs.ledger.inspection import LedgerFile, Selection, has_ledger, opened_for_inspection
from dicomjobs.model.peer import Peer

LEDGER_IS_DAMAGED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an action is about: a ledger, and the peer that was named, if one was."""

    ledger: LedgerFile
    directory: Path
    peer: Peer | None
    place: LedgerPlace | None


def main(arguments: Arguments) -> int:
    """Open the ledger that is meant and act on it; returns the exit code."""
    state = _state(arguments)
    peer = _peer(arguments) if arguments.peer else None
    place = ledger_place(peer, state) if peer else None
    directory = place.directory if place else state
    if arguments.kind == "adopt":
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not has_ledger(directory):
        return _no_ledger(arguments, directory)
    with ExitStack() as stack:
        ledger = stack.enter_context(opened_for_inspection(directory))
        return ACTIONS[arguments.kind](arguments, Subject(ledger=ledger, directory=directory, peer=peer, place=place))


def _state(arguments: Arguments) -> Path:
    """Return the state folder: the one that is given, that of the document, or the user's own."""
    if arguments.state:
        return Path(arguments.state)
    if not arguments.file:
        return state_folder(None)
    return state_folder(_document(arguments).state_directory)


def _document(arguments: Arguments) -> Workspace:
    """Read the document for what it says of folders and peers, whatever else it lacks."""
    return read_workspace(replace(arguments, quiet=True), missing_parameters=MissingParameters.TOLERATE)


def _peer(arguments: Arguments) -> Peer:
    """Return the peer that is named; one at an address is what the document says of it, if it knows a peer there."""
    if "@" not in arguments.peer:
        return peer_of(arguments)
    peer = peer_of(replace(arguments, file=""))
    known = _document(arguments).peers if arguments.file else ()
    state = Path()  # peers are told apart by their identity alone
    identity = ledger_place(peer, state).identity
    return next((each for each in known if ledger_place(each, state).identity == identity), peer)


def _no_ledger(arguments: Arguments, directory: Path) -> int:
    """Say that nothing was ever recorded: no mistake when somebody only looks."""
    if arguments.kind in {"status", "list"}:
        print(f"there is no ledger in {directory}: no run has recorded anything", file=sys.stderr)
        return 0
    raise refusal(
        "DJ642",
        f"there is no ledger in {directory}",
        hint="name the folder with --state DIR, or a document with -f FILE",
    )


def _status(arguments: Arguments, subject: Subject) -> int:
    """Print numbers; a damaged file gives exit code 7."""
    damage = subject.ledger.damage()
    print(status_text(subject.ledger, subject.directory, damage, form=arguments.format))
    return LEDGER_IS_DAMAGED if damage else 0


def _selection(arguments: Arguments, subject: Subject) -> Selection:
    """Return which instances are meant."""
    outcomes = {Outcome(each) for each in arguments.outcome}
    if Outcome.DELIVERED in outcomes:
        outcomes |= DELIVERED
    return Selection(
        peer=subject.place.identity if subject.place else None,
        outcomes=frozenset(outcomes),
        uids=arguments.uids,
        run_id=subject.ledger.latest_run() if arguments.run == "latest" else arguments.run,
    )


def _list(arguments: Arguments, subject: Subject) -> int:
    """Print one line an instance."""
    for line in instance_lines(subject.ledger.instances(_selection(arguments, subject)), form=arguments.format):
        print(line)
    return 0


def _forget(arguments: Arguments, subject: Subject) -> int:
    """Forget what is meant, after asking; never everything by accident."""
    selection = _selection(arguments, subject)
    if selection == Selection():
        hint = "name --peer, --outcome, --uid or --run; to forget everything, delete the folder"
        raise refusal("DJ640", "forget what? nothing was named", hint=hint)
    count = subject.ledger.count(selection)
    if count and not arguments.yes and not _agreed(count):
        return 2
    print(f"{subject.ledger.forget(selection) if count else 0} forgotten")
    return 0


def _agreed(count: int) -> bool:
    """Ask on a terminal; where there is none, --yes has to say it."""
    if not sys.stdin.isatty():
        raise refusal(
            "DJ640", f"{count} instances would be forgotten, and nobody is there to be asked", hint="add --yes"
        )
    print(
        f"forget {count} instances, so that the next run sends them as new? [y/N] ", end="", file=sys.stderr, flush=True
    )
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _verify(_: Arguments, subject: Subject) -> int:
    """Ask the peer for everything it was sent."""
    if subject.peer is None or subject.place is None:
        raise AssertionError("the parser asks for a peer")
    return verify(subject.ledger, subject.peer, subject.place)


def _adopt(arguments: Arguments, subject: Subject) -> int:
    """Take over deliveries."""
    if subject.peer is None or subject.place is None:
        raise AssertionError("the parser asks for a peer")
    return adopt(subject.ledger, subject.peer, subject.place, arguments)


ACTIONS: dict[str, Callable[[Arguments, Subject], int]] = {
    "status": _status,
    "list": _list,
    "verify": _verify,
    "forget": _forget,
    "adopt": _adopt,
}
"""Each action and what carries it out."""

"""What can be typed after `dicomjobs ledger`; it knows nothing of what becomes of it."""

from __future__ import annotations

import argparse
from typing import Any

STATES = ("delivered", "failed", "unknown", "missing")


def add_ledger(verbs: Any) -> list[argparse.ArgumentParser]:
    """Add the verb `ledger` with a sub-command for each thing to be done; returns those that read a document."""
    ledger = verbs.add_parser("ledger", help="look at what the ledger knows of deliveries, and act on it")
    kinds = ledger.add_subparsers(dest="kind", metavar="ACTION", required=True)
    status = kinds.add_parser("status", help="numbers for each peer, and whether the file is sound")
    status.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    listing = kinds.add_parser("list", help="one line an instance")
    listing.add_argument(
        "--format", choices=("text", "csv", "jsonl"), default="text", help="what to print (default: text)"
    )
    verify = kinds.add_parser("verify", help="ask a peer whether it has what it was sent; exit code 6 when not")
    forget = kinds.add_parser("forget", help="forget instances, so that the next run sends them as new")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    adopt = kinds.add_parser("adopt", help="take over deliveries that were made by other means")
    for named in (verify, adopt):
        named.add_argument("peer", metavar="PEER", help="the name of a peer in FILE, or AET@host:port")
    adopt.add_argument("paths", nargs="+", metavar="PATH", help="files, folders of them, or instances.csv of a run")
    adopt.add_argument("--unasked", action="store_true", help="take your word for it: do not look them up at the peer")
    for filtered in (listing, forget):
        filtered.add_argument("--peer", default="", metavar="PEER", help="only this peer's")
        _add_filters(filtered)
    every = [status, listing, verify, forget, adopt]
    for each in every:
        each.add_argument(
            "-f", "--file", default="", metavar="FILE", help="the document that names state folder and peers"
        )
        each.add_argument("--state", default="", metavar="DIR", help="the state folder, when it is not FILE's or yours")
    return every


def _add_filters(parser: argparse.ArgumentParser) -> None:
    """Add what selects instances."""
    parser.add_argument(
        "--outcome", action="append", default=[], choices=STATES, help="only in this state (repeatable)"
    )
    parser.add_argument(
        "--uid",
        dest="uids",
        action="append",
        default=[],
        metavar="UID",
        help="only this SOP Instance UID, study or series",
    )
    parser.add_argument("--run", default="", metavar="RUN|latest", help="only what this run left, by its id")

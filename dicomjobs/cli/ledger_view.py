"""A ledger as text: numbers for each peer, and one line an instance; for people, for spreadsheets and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dicomjobs.dicom.escape import one_line
from dicomjobs.events import DELIVERED
from dicomjobs.ledger import inspection_sql as sql
from dicomjobs.ledger.database import DATABASE
from dicomjobs.ledger.inspection import KnownInstance, LedgerFile, PeerCounts
from dicomjobs.ledger.ledger import PeerIdentity
from dicomjobs.report.csv_text import csv_line
from dicomjobs.report.units import size_in_words

COLUMNS = (
    "peer",
    "sop_instance_uid",
    "study_instance_uid",
    "series_instance_uid",
    "sop_class_uid",
    "outcome",
    "reason",
    "status",
    "proof",
    "bytes",
    "sha256",
    "attempts",
    "failed_runs",
    "run",
    "settled",
)


_PROOFS = {
    "commitment": "by commitment",
    "query": "by query",
    "count": "by count",
    "status": "by status alone",
    "": "by your word alone",
}
"""What a delivery rests on, in words, the strongest proof first."""


def status_text(ledger: LedgerFile, directory: Path, damage: str, *, form: str) -> str:
    """Return what a ledger holds in numbers, as text or JSON."""
    counts = ledger.counts()
    bytes_on_disk = sum(path.stat().st_size for path in directory.glob(f"{DATABASE}*"))
    runs, claims = ledger.number(sql.RUNS), ledger.number(sql.OPEN_CLAIMS)
    if form == "json":
        found = {
            "directory": str(directory),
            "bytes": bytes_on_disk,
            "damage": damage,
            "runs": runs,
            "open_claims": claims,
            "peers": [_peer_object(each) for each in counts],
        }
        return json.dumps(found, indent=1, ensure_ascii=True)
    soundness = f"DAMAGED ({one_line(damage)})" if damage else "sound"
    lines = [f"ledger in {one_line(str(directory))}: {size_in_words(bytes_on_disk)}, {runs} runs, {soundness}"]
    lines += [f"  {line}" for each in counts for line in _peer_lines(each)]
    lines += [f"  {claims} instances are being sent by runs that are at work"] if claims else []
    return "\n".join(lines)


def _peer_object(counts: PeerCounts) -> dict[str, Any]:
    """Return the numbers of a peer for a program."""
    return {
        "peer": peer_name(counts.peer),
        "counts": {outcome.value: count for outcome, count in counts.counts.items()},
        "proofs": {proof or "unasked": counts.proofs[proof] for proof in _PROOFS if counts.proofs[proof]},
        "last": _time(counts.last),
    }


def _peer_lines(counts: PeerCounts) -> Iterator[str]:
    """Yield the numbers of a peer for a person."""
    numbers = ", ".join(f"{count} {outcome.value.replace('_', ' ')}" for outcome, count in counts.counts.items())
    yield f"{peer_name(counts.peer)}: {numbers}; the last at {_time(counts.last)}"
    if proofs := ", ".join(
        f"{counts.proofs[proof]} {words}" for proof, words in _PROOFS.items() if counts.proofs[proof]
    ):
        yield f"  delivered: {proofs}"


def peer_name(peer: PeerIdentity) -> str:
    """Return a peer as AET@host:port, an embedded one as AET (embedded)."""
    if peer.host == "embedded" and peer.port == 0:
        return f"{one_line(peer.called_ae_title)} (embedded)"
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return f"{one_line(peer.called_ae_title)}@{one_line(host)}:{peer.port}"


def _time(at: float) -> str:
    """Return a time in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def instance_lines(instances: Iterable[KnownInstance], *, form: str) -> Iterator[str]:
    """Yield one line an instance, in CSV with a line of names before."""
    if form == "csv":
        yield csv_line(COLUMNS).rstrip("\r\n")
    for each in instances:
        values = _values(each)
        if form == "csv":
            yield csv_line(values).rstrip("\r\n")
        elif form == "jsonl":
            yield json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=True)
        else:
            detail = " ".join(filter(None, (each.reason, values[COLUMNS.index("status")])))
            words = f" ({detail})" if detail else ""
            proof = f" {_PROOFS[each.proof]}" if each.outcome in DELIVERED else ""
            yield f"{values[0]}  {each.sop_instance_uid}  {each.outcome.value}{proof}{words}  {each.run_id}"


def _values(each: KnownInstance) -> tuple[str, ...]:
    """Return an instance's values in the order of COLUMNS."""
    return (
        peer_name(each.peer),
        each.sop_instance_uid,
        each.study_instance_uid,
        each.series_instance_uid,
        each.sop_class_uid,
        each.outcome.value,
        each.reason,
        "" if each.status is None else f"{each.status:04X}",
        each.proof,
        str(each.size),
        each.sha256,
        str(each.attempts),
        str(each.failed_runs),
        each.run_id,
        _time(each.settled_at),
    )

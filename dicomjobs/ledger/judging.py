"""What the ledger's memory of an instance makes of a claim; pure, it reads no file and no table."""

from __future__ import annotations

from dicomjobs.events import Outcome, Proof
from dicomjobs.execute.ports import Earlier, Verdict
from dicomjobs.ledger.batch import ClaimRow
from dicomjobs.model.resume import Resumption

EarlierRow = tuple[int, str, str, str, int | None, float, int, int, int, int, str, int, str, int]
"""What EARLIER selects after the serial: run, its id, outcome, reason, status, settled_at, size, mtime_ns, inode, data set bytes,
SHA-256, failed runs, proof, older copy."""

_PROOFS = {each.value: each for each in Proof}
_OUTCOMES = {each.value: each for each in Outcome}


def judge(claim: ClaimRow, row: EarlierRow, resumption: Resumption, *, run: int) -> tuple[Verdict, Earlier]:
    """What is to be done with an instance that the ledger knows, in the run of this number."""
    earlier = _earlier(claim, row)
    in_this_run = row[0] == run
    match earlier.outcome:
        case Outcome.DELIVERED | Outcome.DELIVERED_WITH_WARNING:
            verdict = _of_delivered(earlier, resumption, in_this_run=in_this_run)
        case Outcome.UNKNOWN:
            verdict = Verdict.SEND if resumption.sends_unknown else Verdict.RESOLVE_FIRST
        case Outcome.FAILED if resumption.parks and not in_this_run and earlier.same_file:
            verdict = Verdict.PARKED if earlier.failed_runs >= resumption.runs else Verdict.SEND
        case _:
            verdict = Verdict.SEND
    return verdict, earlier


def _of_delivered(earlier: Earlier, resumption: Resumption, *, in_this_run: bool) -> Verdict:
    """What is to be done with an instance that the peer has acknowledged."""
    if resumption.sends_delivered or (in_this_run and resumption.twice_in_one_run):
        return Verdict.SEND
    return Verdict.ALREADY_DELIVERED if earlier.same_file else Verdict.COMPARE_FIRST


def _earlier(claim: ClaimRow, row: EarlierRow) -> Earlier:
    """What the ledger knows, seen from the file at hand."""
    _, run_id, outcome, reason, status, at = row[:6]
    size, mtime_ns, inode, data_set_bytes, sha256, failed_runs, proof, older_copy = row[6:]
    *_, claimed_size, claimed_mtime_ns, claimed_inode, _, _ = claim
    same_inode = inode == claimed_inode or not (inode and claimed_inode)
    return Earlier(
        run_id=run_id,
        outcome=_OUTCOMES[outcome],
        reason=reason,
        status=status,
        at=at,
        same_file=(size, mtime_ns) == (claimed_size, claimed_mtime_ns) and same_inode,
        size=size,
        data_set_bytes=data_set_bytes,
        sha256=sha256,
        failed_runs=failed_runs,
        proof=_PROOFS.get(proof, Proof.STATUS),
        older_copy=bool(older_copy),
    )

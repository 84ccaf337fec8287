"""report.json: the report for programs, in the form of schemas/report.schema.json; it opens no file."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from dicomjobs.model.association import TlsSession
from dicomjobs.report.coverage import Coverage
from dicomjobs.report.report import FORMAT_VERSION, AssociationReport, Counts, Failure, JobKind, JobReport, Report


def render_json(report: Report) -> str:
    """Return the report as JSON with a final newline; ASCII only, whatever a peer or a file name holds."""
    document = {
        "dicomjobs_report": FORMAT_VERSION,
        "run_id": report.run_id,
        "version": report.version,
        "outcome": report.outcome.value,
        "exit_code": report.exit_code,
        "started": _time(report.started),
        "finished": _time(report.finished),
        "seconds": round(report.seconds, 6),
        "jobs": [_job(job) for job in report.jobs],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _time(seconds: float | None) -> str | None:
    """Return seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _job(job: JobReport) -> dict[str, object]:
    """Return a job's keys in the order of schemas/report.schema.json; those that are optional only when there is something to say."""
    keys: dict[str, object] = {
        "name": job.name,
        "kind": job.kind.value,
        "peer": job.peer,
        "outcome": job.outcome.value,
        "counts": _counts(job.counts),
        "proofs": {
            "status": job.proofs.status,
            "count": job.proofs.count,
            "query": job.proofs.query,
            "commitment": job.proofs.commitment,
        },
        "bytes": job.bytes,
        "seconds": round(job.seconds, 6),
        "associations": [_association(association) for association in job.associations],
        "failures": [_failure(failure) for failure in job.failures],
        "truncated": job.truncated,
    }
    if job.kind is JobKind.FIND:
        keys["queries"] = job.queries
    if job.keys_unsupported:
        keys["keys_unsupported"] = job.keys_unsupported
    if job.coverage:
        keys["coverage"] = _coverage(job.coverage)
    if job.skipped:
        keys["skipped"] = dict(job.skipped)
    if job.associations_left_out:
        keys["associations_left_out"] = job.associations_left_out
    return keys


def _coverage(coverage: Coverage) -> dict[str, object]:
    """Return what a split query proves, its windows with their counts."""
    keys: dict[str, object] = {
        "by": coverage.by,
        "cap": coverage.cap,
        "complete": coverage.complete,
        "words": coverage.words,
        "asked": coverage.asked,
        "windows": [
            {
                "query": each.query,
                "window": each.window,
                "matches": each.matches,
                "status": None if each.status is None else f"{each.status:04X}",
                "reason": each.reason,
            }
            for each in coverage.windows
        ],
    }
    if coverage.windows_left_out:
        keys["windows_left_out"] = coverage.windows_left_out
    return keys


def _counts(counts: Counts) -> dict[str, int]:
    """Return the counts by their names."""
    return {
        "planned": counts.planned,
        "delivered": counts.delivered,
        "delivered_with_warning": counts.delivered_with_warning,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "missing": counts.missing,
        "not_sent": counts.not_sent,
        "skipped": counts.skipped,
        "matches": counts.matches,
    }


def _association(association: AssociationReport) -> dict[str, object]:
    """Return an association's keys; those for what the peer answers beside contexts only when it did."""
    keys: dict[str, object] = {
        "proposed": association.proposed,
        "accepted": association.accepted,
        "refused": association.refused,
        "max_pdu": association.max_pdu,
        "tls": _tls(association.tls) if association.tls else None,
        "ended_by": association.ended_by.value if association.ended_by else None,
    }
    if association.roles:
        keys["roles"] = [
            {"sop_class": answer.sop_class_uid, "scu": answer.scu, "scp": answer.scp} for answer in association.roles
        ]
    if association.extended_negotiation:
        keys["extended_negotiation"] = [
            {"sop_class": answer.sop_class_uid, "information": answer.information}
            for answer in association.extended_negotiation
        ]
    if association.weakened_by:
        keys["weakened_by"] = [weakness.value for weakness in association.weakened_by]
    return keys


def _tls(tls: TlsSession) -> dict[str, str]:
    """Return what the TLS handshake agreed on."""
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "peer_certificate_sha256": tls.peer_certificate_sha256,
        "peer_certificate_expires": tls.peer_certificate_expires,
    }


def _failure(failure: Failure) -> dict[str, object]:
    """Return a group of failures; a DIMSE status as the four digits by which people look it up."""
    return {
        "reason": failure.reason,
        "count": failure.count,
        "status": None if failure.status is None else f"{failure.status:04X}",
        "words": failure.words,
        "try": failure.hint,
        "examples": list(failure.examples),
    }

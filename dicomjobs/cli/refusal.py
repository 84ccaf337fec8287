"""Mistakes of the command line, of which no file has a line to show; it knows nothing of the document's own mistakes."""

from __future__ import annotations

from dataclasses import replace

from dicomjobs.diagnostics import Diagnostic, InvalidInput, Severity

CODES = {
    "DJ601": "something that the document names is not on this machine",
    "DJ602": "a parameter without a value",
    "DJ603": "a name under which no plan can be saved",
    "DJ604": "a saved plan cannot be changed",
    "DJ605": "an output that exists already",
    "DJ606": "there is no such run",
    "DJ607": "there is no such plan",
    "DJ608": "a folder without a job file",
    "DJ609": "an output that cannot be written where it is to go",
    "DJ610": "two embedded peers in one folder",
    "DJ611": "the log of a run is damaged",
    "DJ612": "a peer that is neither known nor an address",
    "DJ613": "a file that cannot be written where it is to go",
    "DJ614": "an association configuration that no document can repeat",
    "DJ615": "an association profile that no association configuration can repeat",
    "DJ616": "a document that does not say what a peer accepts",
    "DJ617": "presentation contexts that no file can use",
    "DJ618": "files that the peer does not accept",
    "DJ619": "a certificate or revocation list that has expired, or soon will",
    "DJ620": "a command line that DCMTK refuses",
    "DJ621": "a text that a job file cannot hold",
    "DJ638": "a query file that is none",
    "DJ640": "instances to be forgotten that nobody named, or that nobody said yes to",
    "DJ641": "a table of instances that is none",
    "DJ642": "there is no ledger",
    "DJ643": "a file that cannot configure logging",
    "DJ644": "nothing to adopt where a path leads",
    "DJ645": "an authority that may sign no certificates",
}
"""Every code of the command line with what it stands for; a code is never given a new meaning."""


def mistake(code: str, summary: str, *, hint: str = "") -> Diagnostic:
    """Return a mistake of the command line, or of this machine."""
    if code not in CODES:
        raise AssertionError(f"{code} has no meaning")
    return Diagnostic(code=code, severity=Severity.ERROR, summary=summary, hint=hint)


def caution(code: str, summary: str, *, hint: str = "") -> Diagnostic:
    """Return a warning about this machine, which keeps nothing from being done."""
    return replace(mistake(code, summary, hint=hint), severity=Severity.WARNING)


def refusal(code: str, summary: str, *, hint: str = "") -> InvalidInput:
    """Return what to raise for one mistake."""
    return InvalidInput((mistake(code, summary, hint=hint),))

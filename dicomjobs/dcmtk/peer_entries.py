"""The `peer` of an imported line: addresses, titles, clocks and lengths as DCMTK has them, each said in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicomjobs.dcmtk.connection_options import MAXIMUM_PDU, DcmtkTimeouts, Family
from dicomjobs.dcmtk.job_text import Block, Entry, literal

PathOf = Callable[[str], str]
"""A path as typed on the line, as it must be written in the job file to mean the same."""

CONNECT_WITHOUT_LIMIT = "1h"
WAIT_WITHOUT_LIMIT = "1d"
"""What stands for DCMTK's waiting without limit: every clock of ours is finite."""

_FAMILIES = {Family.IPV4: "ipv4", Family.IPV6: "ipv6", Family.AUTO: "auto"}


def address_entries(
    program: str, *, host: str, port: int, called: str, calling: str, family: Family
) -> Iterator[Entry]:
    """Yield where the peer is and what both sides are called."""
    yield Entry(key="host", value=literal(host))
    yield Entry(key="port", value=port)
    yield Entry(key="called_ae_title", value=literal(called))
    yield Entry(key="calling_ae_title", value=literal(calling))
    note = f"as {program}, unless told otherwise" if family is Family.IPV4 else ""
    yield Entry(key="address_family", value=_FAMILIES[family], note=note)


def timeouts_entry(program: str, timeouts: DcmtkTimeouts) -> Entry:
    """Return the four clocks; without -td an answer is waited for as long as the socket's own timeout lets it."""
    limits = (
        _limit("connect", timeouts.connect, CONNECT_WITHOUT_LIMIT, program),
        Entry(key="acse", value=f"{_bounded(timeouts.acse)}s"),
        _dimse(timeouts, program),
        _limit("network", timeouts.socket, WAIT_WITHOUT_LIMIT, program),
    )
    return Entry(key="timeouts", value=Block(limits))


def _dimse(timeouts: DcmtkTimeouts, program: str) -> Entry:
    """Return the clock for answers."""
    if timeouts.dimse is None and timeouts.socket is not None:
        note = f"{program}'s socket timeout (-ts) ends the wait for an answer, too"
        return Entry(key="dimse", value=f"{_bounded(timeouts.socket)}s", note=note)
    return _limit("dimse", timeouts.dimse, WAIT_WITHOUT_LIMIT, program)


def _limit(key: str, seconds: int | None, unlimited: str, program: str) -> Entry:
    """Return one clock."""
    if seconds is None:
        return Entry(key=key, value=unlimited, note=f"{program} waits without limit; here every clock is finite")
    return Entry(key=key, value=f"{_bounded(seconds)}s")


def _bounded(seconds: int) -> int:
    """Return a number of seconds that a clock can have: a year is as good as any longer time."""
    return min(seconds, 366 * 86_400)


def lengths_entry(*, receive: int, send: int = MAXIMUM_PDU) -> Entry:
    """Return the maximum PDU lengths."""
    lengths = (Entry(key="receive", value=receive), Entry(key="send", value=send))
    return Entry(key="max_pdu", value=Block(lengths))

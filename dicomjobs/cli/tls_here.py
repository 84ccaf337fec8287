"""What TLS with a peer needs of this machine, looked at before anything is sent: files, passwords, OpenSSL, dates.

It opens no connection. `check --here` tells what it finds; a run refuses to begin with an error, and goes on after a warning.
When it is over, it warns of the certificates of its peers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from dicomjobs.cli.refusal import caution, mistake
from dicomjobs.diagnostics import Diagnostic, Diagnostics
from dicomjobs.errors import TlsHandshakeFailed
from dicomjobs.model.peer import Peer
from dicomjobs.model.secret import OpenSecret
from dicomjobs.model.tls import TlsSettings
from dicomjobs.report.report import Report

SOON = timedelta(days=7)
"""How long before a certificate or revocation list expires that is told."""


class PasswordNotAsked(Exception):
    """A key's password that nobody was asked for, or that could not be had, which was told already."""


def tls_findings(peer: Peer, open_secret: OpenSecret) -> Iterator[Diagnostic]:
    """Load certificates, key and lists as a handshake would, and give what cannot be loaded or expires; PasswordNotAsked is passed over."""
    if peer.tls is None:
        return
    for words, hint in dict.fromkeys(_problems(peer, peer.tls, open_secret)):
        yield mistake("DJ601", f"peer {peer.name}, tls: {words}", hint=hint)
    yield from _expiring(peer, peer.tls)


def _problems(peer: Peer, settings: TlsSettings, open_secret: OpenSecret) -> Iterator[tuple[str, str]]:
    """Give what cannot be loaded, and what to do about it."""
    from dicomjobs.wire.tls_context import client_context

    for part in _parts(settings):
        try:
            client_context(peer, part, open_secret)
        except TlsHandshakeFailed as error:
            yield error.words, error.hint
        except PasswordNotAsked:
            continue


def _parts(settings: TlsSettings) -> Iterable[TlsSettings]:
    """Take settings apart, so that what is wrong with one file hides nothing of the next."""
    nothing = replace(settings, certificate=None, key=None, trust=(), crl=(), system_trust=False)
    yield from (replace(nothing, trust=(path,)) for path in settings.trust)
    yield from (replace(nothing, crl=(path,)) for path in settings.crl)
    yield replace(settings, trust=(), crl=())


def _expiring(peer: Peer, settings: TlsSettings) -> Iterator[Diagnostic]:
    """Warn of what has expired or soon will; whether that matters is for the handshake, and for the peer, to say."""
    from dicomjobs.wire.tls_files import expiries

    now = datetime.now(UTC)
    for what, when in expiries(settings):
        if when <= now + SOON:
            verb = "expired" if when <= now else "expires"
            summary = f"peer {peer.name}, tls: {what} {verb} on {when:%Y-%m-%d}"
            yield caution("DJ619", summary, hint="have a new one made")


def unfit_authorities(peer: Peer) -> Iterator[Diagnostic]:
    """Warn of authorities that may sign nothing; a peer that shows such a certificate as its own is not refused for it."""
    from dicomjobs.wire.reasons import AUTHORITY_MADE_ANEW
    from dicomjobs.wire.tls_files import authorities_without_key_usage

    if peer.tls and peer.tls.verify_peer and not peer.tls.terms.retired:
        for path in authorities_without_key_usage(peer.tls):
            summary = f"peer {peer.name}, tls: the authority in {path} lacks keyUsage: what it signed is refused"
            yield caution("DJ645", summary, hint=AUTHORITY_MADE_ANEW)


def expiring_peers(report: Report) -> Diagnostics:
    """Return a warning for each peer whose certificate, as it was shown in a run, soon expires; it will then be refused."""
    until = datetime.fromtimestamp(report.started or 0.0, UTC).date() + SOON
    shown = {
        (job.peer, association.tls.peer_certificate_expires): None
        for job in report.jobs
        for association in job.associations
        if association.tls and association.tls.peer_certificate_expires
    }
    return tuple(
        caution(
            "DJ619", f"peer {peer}: its certificate expires on {day}", hint="whoever runs it has to have a new one made"
        )
        for peer, day in shown
        if date.fromisoformat(day) <= until
    )

"""Peers as model values; it knows how a peer is written and not whether what it says makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dicomjobs.config.build_tls import build_tls, optional_secret
from dicomjobs.config.cursor import Cursor
from dicomjobs.config.places import Pointer
from dicomjobs.config.resolve import References
from dicomjobs.model.peer import AddressFamily, Allowance, Listener, MaximumPdu, Peer, Timeouts, UserIdentity
from dicomjobs.model.secret import SecretForm


def build_peer(at: Cursor, *, name: str | None) -> Peer:
    """Return the peer that a mapping means; name None for one that is written in its place."""
    embedded, host, port = at.get("embedded"), at.get("host"), at.get("port")
    address = ("127.0.0.1", 0) if embedded or not (host and port) else (host.text(), port.whole())
    called = at["called_ae_title"].text()
    return Peer(
        name=name or ("embedded" if embedded else f"{called}@{address[0]}:{address[1]}"),
        host=address[0],
        port=address[1],
        called_ae_title=called,
        calling_ae_title=at["calling_ae_title"].text(),
        address_family=at["address_family"].word(AddressFamily),
        timeouts=_timeouts(at["timeouts"]),
        max_pdu=MaximumPdu(receive=at["max_pdu"]["receive"].whole(), send=at["max_pdu"]["send"].whole()),
        max_associations=at["max_associations"].whole(),
        character_set=at["character_set"].text(),
        tls=build_tls(tls) if (tls := at.get("tls")) else None,
        user_identity=_user_identity(identity) if (identity := at.get("user_identity")) else None,
        allow=frozenset(item.word(Allowance) for item in at["allow"].items() if not item.unresolved),
        embedded_directory=embedded["directory"].path() if embedded else None,
        reports_at=_listener(at.get("reports_at")),
        queries_at=None,
    )


def with_look_ups(peers: Mapping[Pointer, Peer], references: References) -> dict[Pointer, Peer]:
    """Return the peers, each with the one that answers queries about what it was sent, where it names such a one."""
    found = dict(peers)
    for at, peer in peers.items():
        there = references.get((*at, "queries_at"))
        if there is not None and there in peers:
            found[at] = replace(peer, queries_at=peers[there])
    return found


def _listener(at: Cursor | None) -> Listener | None:
    """Return where we listen, or none."""
    return Listener(address=at["address"].text(), port=at["port"].whole()) if at else None


def _timeouts(at: Cursor) -> Timeouts:
    """Return the four clocks."""
    return Timeouts(
        connect=at["connect"].seconds(),
        acse=at["acse"].seconds(),
        dimse=at["dimse"].seconds(),
        network=at["network"].seconds(),
    )


def _user_identity(at: Cursor) -> UserIdentity:
    """Return who we say we are."""
    return UserIdentity(
        username=username.text() if (username := at.get("username")) else None,
        passcode=optional_secret(at.get("passcode"), SecretForm.TEXT),
        kerberos=optional_secret(at.get("kerberos"), SecretForm.BYTES),
        saml=optional_secret(at.get("saml"), SecretForm.BYTES),
        jwt=optional_secret(at.get("jwt"), SecretForm.BYTES),
        positive_response=at["positive_response"].flag(),
    )

"""The `user_identity` of an imported line; a passcode that stood on it is asked for by name, never written."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.dcmtk.job_text import Block, Entry, Flow, literal, secret
from dicomjobs.dcmtk.peer_entries import PathOf
from dicomjobs.dcmtk.storescu_line import Identity, IdentityType, Passcode

PASSCODE_VARIABLE = "DICOMJOBS_PASSCODE"

_FILES = {IdentityType.KERBEROS: "kerberos", IdentityType.SAML: "saml", IdentityType.JWT: "jwt"}


def identity_entry(identity: Identity, path_of: PathOf) -> Entry:
    """Return the identity that is proposed."""
    return Entry(key="user_identity", value=Block(tuple(_keys(identity, path_of))))


def _keys(identity: Identity, path_of: PathOf) -> Iterator[Entry]:
    """Yield the keys of the identity."""
    if identity.type in _FILES:
        file = Flow((Entry(key="file", value=literal(path_of(identity.value))),))
        yield Entry(key=_FILES[identity.type], value=file, note="chmod 600: a secret is for its owner alone")
    else:
        yield Entry(key="username", value=literal(identity.value))
    match identity.passcode:
        case Passcode.GIVEN:
            note = f"the password of the line: export {PASSCODE_VARIABLE}, or name a file"
            yield Entry(key="passcode", value=secret(PASSCODE_VARIABLE), note=note)
        case Passcode.EMPTY:
            yield Entry(key="passcode", value=Flow((Entry(key="empty", value=True),)))
        case Passcode.NONE:
            pass
    if identity.positive_response:
        yield Entry(key="positive_response", value=True)


def identity_permissions(identity: Identity | None, *, has_tls: bool) -> Iterator[str]:
    """Yield what the peer must allow for the identity to be sent."""
    if identity is not None and not has_tls:
        yield "identity_without_tls"

"""The `tls` of an imported line, and what the peer must allow for it; a password that stood on the line is never written."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.dcmtk.job_text import Block, Entry, Flow, Items, literal, secret
from dicomjobs.dcmtk.peer_entries import PathOf
from dicomjobs.dcmtk.tls_options import CrlCheck, KeyPassword, TlsLine
from dicomjobs.dicom.cipher_suites import TLS_1_3, is_unencrypted, standard_name
from dicomjobs.dicom.tls_profiles import CURRENT_SUITES

KEY_PASSWORD_VARIABLE = "DICOMJOBS_KEY_PASSWORD"

TLS_PROFILES = {
    "--profile-8996": "bcp195-rfc8996",
    "--profile-8996-mod": "bcp195-rfc8996-modified",
    "--profile-bcp195": "bcp195",
    "--profile-bcp195-nd": "bcp195-non-downgrading",
    "--profile-bcp195-ex": "bcp195-extended",
    "--profile-basic": "basic",
    "--profile-aes": "aes",
    "--profile-null": "unencrypted",
}
"""Each option that chooses a profile, and the profile's name here."""

_CURRENT = frozenset({"", "--profile-8996", "--profile-8996-mod"})
_CRL_CHECKS = {CrlCheck.LEAF: "leaf", CrlCheck.CHAIN: "chain"}


def tls_entry(tls: TlsLine, path_of: PathOf) -> Entry:
    """Return how TLS is negotiated."""
    return Entry(key="tls", value=Block((*_own(tls, path_of), *_trust(tls, path_of), *_manner(tls))))


def _own(tls: TlsLine, path_of: PathOf) -> Iterator[Entry]:
    """Yield the certificate and the key that the line shows."""
    if not tls.key:
        return
    yield Entry(key="certificate", value=literal(path_of(tls.certificate)))
    yield Entry(key="key", value=literal(path_of(tls.key)), note="chmod 600: a key is for its owner alone")
    if tls.is_der:
        yield Entry(key="format", value="der")
    match tls.key_password:
        case KeyPassword.GIVEN:
            note = f"the password of the line: export {KEY_PASSWORD_VARIABLE}, or name a file"
            yield Entry(key="key_password", value=secret(KEY_PASSWORD_VARIABLE), note=note)
        case KeyPassword.EMPTY:
            yield Entry(key="key_password", value=Flow((Entry(key="empty", value=True),)))
        case KeyPassword.PROMPT:
            prompt = Flow((Entry(key="prompt", value="Password of the private key"),))
            yield Entry(key="key_password", value=prompt, note="needs a terminal: {env: …} or {file: …} does not")
        case KeyPassword.UNSAID:
            pass


def _trust(tls: TlsLine, path_of: PathOf) -> Iterator[Entry]:
    """Yield what the peer's certificate is held against."""
    trust = (*tls.trust_files, *tls.trust_directories)
    if trust:
        yield Entry(key="trust", value=Items(tuple(literal(path_of(path)) for path in trust)))
    if not tls.verifies_peer:
        note = "with DCMTK, too, no revocation list is looked at then" if tls.crl_check is not CrlCheck.NONE else ""
        yield Entry(key="verify_peer", value=False, note=note)
        return
    yield Entry(key="verify_host_name", value=False, note="DCMTK compares no name; true is safer")
    if tls.crl_files:
        yield Entry(key="crl", value=Items(tuple(literal(path_of(path)) for path in tls.crl_files)))
    if tls.crl_check in _CRL_CHECKS:
        yield Entry(key="crl_check", value=_CRL_CHECKS[tls.crl_check])


def _manner(tls: TlsLine) -> Iterator[Entry]:
    """Yield profile, cipher suites and the name asked for."""
    if tls.profile:
        yield Entry(key="profile", value=TLS_PROFILES[tls.profile])
    else:
        note = "DCMTK's default since 3.6.8; before it was bcp195-non-downgrading"
        yield Entry(key="profile", value="bcp195-rfc8996", note=note)
    if suites := tuple(suite for suite in tls.ciphers if suite not in TLS_1_3):
        yield Entry(key="ciphers", value=Items(tuple(map(literal, suites))))
    if tls.server_name:
        yield Entry(key="server_name", value=literal(tls.server_name))


def tls_permissions(tls: TlsLine | None) -> Iterator[str]:
    """Yield what the peer must allow for TLS like this."""
    if tls is None:
        return
    suites = {standard_name(suite) for suite in tls.ciphers} - {*TLS_1_3, ""}
    if tls.profile not in _CURRENT or not CURRENT_SUITES.issuperset(suites):
        yield "retired_tls"
    if tls.profile == "--profile-null" or any(map(is_unencrypted, suites)):
        yield "unencrypted_tls"
    if not tls.verifies_peer:
        yield "unverified_peer"

"""TLS settings and optional secrets as model values; it knows how they are written and not whether they make sense together."""

from __future__ import annotations

from dicomjobs.config.cursor import Cursor
from dicomjobs.config.secrets import build_reference
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.dicom.cipher_suites import OPENSSL_NAMES, TLS_1_3, standard_name
from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.model.secret import SecretForm, SecretReference
from dicomjobs.model.tls import CertificateFormat, CrlCheck, TlsSettings


def build_tls(at: Cursor) -> TlsSettings:
    """Return how TLS is negotiated."""
    return TlsSettings(
        certificate=_path(at.get("certificate")),
        key=_path(at.get("key")),
        key_password=optional_secret(at.get("key_password"), SecretForm.TEXT),
        format=at["format"].word(CertificateFormat),
        anonymous=at["anonymous"].flag(),
        trust=tuple(item.path() for item in at["trust"].items()),
        system_trust=at["system_trust"].flag(),
        crl=tuple(item.path() for item in at["crl"].items()),
        crl_check=check.word(CrlCheck) if (check := at.get("crl_check")) else None,
        profile=at["profile"].word(TlsProfile),
        ciphers=tuple(filter(None, map(_suite, at["ciphers"].items()))),
        server_name=name.text() if (name := at.get("server_name")) else None,
        verify_peer=at["verify_peer"].flag(),
        verify_host_name=at["verify_host_name"].flag(),
        pinned_sha256=tuple(item.text().replace(":", "").lower() for item in at["pinned_sha256"].items()),
    )


def optional_secret(at: Cursor | None, form: SecretForm) -> SecretReference | None:
    """Return the pointer to a secret, or none."""
    return build_reference(at, form) if at else None


def _path(at: Cursor | None) -> str | None:
    """Return an absolute path, or none."""
    return at.path() if at else None


def _suite(at: Cursor) -> str:
    """Return the registry's name of a cipher suite, "" for a text that is none."""
    name = at.text()
    if name in TLS_1_3:
        hint = "leave it out: TLS 1.3 has only good suites, and a profile that has TLS 1.3 has them"
        at.error("DJ554", f"`{name}` is a cipher suite of TLS 1.3, which cannot be chosen one by one", hint=hint)
    elif not standard_name(name):
        near = did_you_mean(name, (*OPENSSL_NAMES, *OPENSSL_NAMES.values()))
        hint = near or "write its name in the IANA's registry, or OpenSSL's: `openssl ciphers -stdname` lists both"
        at.error("DJ554", f"`{name}` is no cipher suite", hint=hint)
    return standard_name(name)

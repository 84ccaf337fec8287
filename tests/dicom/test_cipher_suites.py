"""The cipher suites, held against the names that openssl and DCMTK have for them."""

from __future__ import annotations

import pytest

from dicomjobs.dicom.cipher_suites import (
    OPENSSL_NAMES,
    TLS_1_3,
    is_anonymous,
    is_unencrypted,
    standard_name,
)
from tests.support.peers import run_program


def openssl_suites() -> dict[str, tuple[str, str]]:
    """OpenSSL's name and what it says of each suite it has, by the registry's name."""
    listed = run_program("openssl", "ciphers", "-v", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").stdout
    fields = [line.split() for line in listed.splitlines()]
    return {row[0]: (row[2], " ".join(row)) for row in fields}


def test_openssl_has_the_same_names() -> None:
    """Those that it has; Triple DES and Camellia with GCM it has not, or not any more."""
    theirs = openssl_suites()
    unknown = {name for name in OPENSSL_NAMES if name not in theirs}

    assert {name: theirs[name][0] for name in OPENSSL_NAMES if name in theirs} == {
        name: ours for name, ours in OPENSSL_NAMES.items() if name not in unknown
    }
    assert all("3DES" in name or ("CAMELLIA" in name and "GCM" in name) for name in unknown)


def test_openssl_agrees_on_what_does_not_encrypt_and_what_is_anonymous() -> None:
    """Its own description of each suite."""
    for name, (_, words) in openssl_suites().items():
        if name in OPENSSL_NAMES:
            assert is_unencrypted(name) is ("Enc=None" in words), name
            assert is_anonymous(name) is ("Au=None" in words), name


def test_every_suite_of_dcmtk_is_known() -> None:
    """`storescu +cc` lists them."""
    listed = run_program("storescu", "+cc").stdout.split()
    theirs = [word for word in listed if word.startswith("TLS_")]

    assert len(theirs) >= 40
    assert [name for name in theirs if name not in OPENSSL_NAMES] == []


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("ADH-AES256-GCM-SHA384", "TLS_DH_anon_WITH_AES_256_GCM_SHA384"),
        ("HIGH", ""),
        (TLS_1_3[0], ""),
    ],
)
def test_a_suite_is_known_by_either_name(name: str, standard: str) -> None:
    """What OpenSSL calls a group of suites, `HIGH` for example, is no suite, and those of TLS 1.3 are no choice."""
    assert standard_name(name) == standard

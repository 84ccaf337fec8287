"""The security profiles, held against the words that a DCMTK line and the schema have for them."""

from __future__ import annotations

from dicomjobs.dcmtk.tls_entry import TLS_PROFILES
from dicomjobs.dcmtk.tls_options import TLS_OPTIONS
from dicomjobs.dicom.cipher_suites import OPENSSL_NAMES
from dicomjobs.dicom.tls_profiles import ANONYMOUS, PROFILES, TlsProfile


def test_every_profile_has_its_terms() -> None:
    """With suites that there are, each once."""
    assert set(PROFILES) == set(TlsProfile)
    for terms in (*PROFILES.values(), ANONYMOUS):
        suites = (*terms.needed, *terms.welcome)

        assert len(set(suites)) == len(suites)
        assert set(suites) <= set(OPENSSL_NAMES)


def test_an_imported_line_chooses_the_profile_of_its_option() -> None:
    """The same option, whichever table says it."""
    short = {option.long: option.short for option in TLS_OPTIONS}
    imported = {short[long]: name for long, name in TLS_PROFILES.items()}

    assert imported == {terms.dcmtk_option: profile.value for profile, terms in PROFILES.items() if terms.dcmtk_option}

"""What the options mean here that DCMTK's network programs share: logging, addresses, clocks, lengths and TLS."""

from __future__ import annotations

from dicomjobs.dcmtk.meanings import Meaning

_PRINTS = "only prints something and ends: there is nothing to import"
_CLOCKS = (
    "waits without limit in DCMTK unless given; here every clock is finite, a limit of an hour or a day stands for none"
)

GENERAL_MEANINGS = {
    "--help": Meaning((), _PRINTS),
    "--version": Meaning((), _PRINTS),
    "--arguments": Meaning((), "prints the line; it stands at the top of the imported file"),
    "--quiet": Meaning((), "is not part of a job: say `dicomjobs run -q`"),
    "--verbose": Meaning((), "is not part of a job: say `dicomjobs run -v`"),
    "--debug": Meaning((), "is not part of a job: say `dicomjobs run -d`"),
    "--log-level": Meaning((), "is not part of a job: say `dicomjobs run -q`, `-v` or `-d`"),
    "--log-config": Meaning((), "is DCMTK's own format and not opened: say `dicomjobs run --log-config FILE`"),
}

CONNECTION_MEANINGS = {
    "--ipv4": Meaning(("peer.address_family",), "`ipv4`; DCMTK's default, so every imported job says it"),
    "--ipv6": Meaning(("peer.address_family",), "`ipv6`"),
    "--ip-auto": Meaning(("peer.address_family",), "`auto`"),
    "--aetitle": Meaning(
        ("peer.calling_ae_title",), "cut to 16 characters, as by DCMTK. One that PS3.5 forbids is refused"
    ),
    "--call": Meaning(
        ("peer.called_ae_title",),
        "cut to 16 characters, as by DCMTK; `ANY-SCP` unless given. One that PS3.5 forbids is refused",
    ),
    "--timeout": Meaning(("peer.timeouts.connect",), _CLOCKS),
    "--socket-timeout": Meaning(
        ("peer.timeouts.network", "peer.timeouts.dimse"),
        "60 s unless given. It ends the wait for an answer as well, so without `-td` it is both clocks; "
        "0 and -1 are a day",
    ),
    "--acse-timeout": Meaning(("peer.timeouts.acse",), "30 s unless given"),
    "--dimse-timeout": Meaning(("peer.timeouts.dimse",), _CLOCKS),
    "--max-pdu": Meaning(
        ("peer.max_pdu.receive",), "16384 unless given, which every imported job says; made even, as by DCMTK"
    ),
}

_PROFILE = ("tls.profile",)
_RETIRED = "; retired, so the peer says `allow: [retired_tls]`"

TLS_MEANINGS = {
    "--disable-tls": Meaning(("peer.tls",), "no `tls` at all"),
    "--enable-tls": Meaning(("tls.key", "tls.certificate"), "paths that mean the same from where the job file is"),
    "--anonymous-tls": Meaning(
        ("peer.tls",), "`tls` without a certificate of one's own; the peer still has to show one, as with DCMTK"
    ),
    "--std-passwd": Meaning(
        ("tls.key_password",),
        "`{prompt: …}`, which needs a terminal. Without an option no password is asked for, and an "
        "encrypted key is refused by name",
    ),
    "--use-passwd": Meaning(
        ("tls.key_password",), "`{env: DICOMJOBS_KEY_PASSWORD}`: the password itself is never written"
    ),
    "--null-passwd": Meaning(("tls.key_password",), "`{empty: true}`"),
    "--pem-keys": Meaning(("tls.format",), "`pem`, the default"),
    "--der-keys": Meaning(("tls.format",), "`der`"),
    "--add-cert-file": Meaning(("tls.trust",), "a file of the list"),
    "--add-cert-dir": Meaning(
        ("tls.trust",), "a folder of the list: every certificate in it, for DCMTK only those named by hash"
    ),
    "--add-crl-file": Meaning(
        ("tls.crl", "tls.crl_check"),
        "`crl_check: leaf` unless more is asked for; left out with `-ic`, where DCMTK does not look at it",
    ),
    "--enable-crl-vfy": Meaning(("tls.crl_check",), "`leaf`"),
    "--enable-crl-all": Meaning(
        ("tls.crl_check",), "`chain`; with `+crv` on the same line the last one counts, as since 3.6.8"
    ),
    "--list-profiles": Meaning((), _PRINTS),
    "--profile-8996": Meaning(
        _PROFILE, "`bcp195-rfc8996`, the default since 3.6.8 and here; 3.6.7 without an option means `+py`"
    ),
    "--profile-8996-mod": Meaning(
        _PROFILE,
        "`bcp195-rfc8996-modified`; where OpenSSL cannot do all of it, the job is refused by name, see "
        "`bcp195-rfc8996-modified-subset`",
    ),
    "--profile-bcp195-nd": Meaning(_PROFILE, "`bcp195-non-downgrading`" + _RETIRED),
    "--profile-bcp195": Meaning(_PROFILE, "`bcp195`" + _RETIRED),
    "--profile-bcp195-ex": Meaning(_PROFILE, "`bcp195-extended`" + _RETIRED),
    "--profile-basic": Meaning(_PROFILE, "`basic`" + _RETIRED + ". Triple DES: refused by name where OpenSSL has none"),
    "--profile-aes": Meaning(_PROFILE, "`aes`" + _RETIRED),
    "--profile-null": Meaning(_PROFILE, "`unencrypted`; the peer says `allow: [retired_tls, unencrypted_tls]`"),
    "--list-ciphers": Meaning((), _PRINTS),
    "--cipher": Meaning(
        ("tls.ciphers",),
        "added to those of the profile. A suite of no current profile needs `allow: [retired_tls]`; "
        "those of TLS 1.3 are in their profiles already and left out",
    ),
    "--no-sni": Meaning(("tls.server_name",), "no `server_name`"),
    "--request-sni": Meaning(("tls.server_name",), "the name asked for"),
    "--seed": Meaning((), "the operating system seeds the random generator"),
    "--write-seed": Meaning((), "the operating system seeds the random generator: no seed is written"),
    "--write-seed-file": Meaning((), "the operating system seeds the random generator: no seed is written"),
    "--require-peer-cert": Meaning(
        ("tls.verify_peer",),
        "the default. DCMTK compares no host name, so imported jobs say `verify_host_name: false`. "
        "Without `+cf` or `+cd` every handshake fails, so such a line is refused when it is imported",
    ),
    "--ignore-peer-cert": Meaning(("tls.verify_peer",), "`false`, and the peer says `allow: [unverified_peer]`"),
}

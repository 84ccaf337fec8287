"""The TLS options that DCMTK's network programs share, and what a line says with them; it knows neither YAML nor a certificate.

Where versions differ the newest one stands: 3.6.7 refuses +crv together with +cra, 3.7.0 takes the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicomjobs.dcmtk.command_line import CommandLine, Ends, Option, check_conflict, check_dependence

TLS_OPTIONS = (
    Option(long="--disable-tls", short="-tls"),
    Option(long="--enable-tls", short="+tls", values=2),
    Option(long="--anonymous-tls", short="+tla"),
    Option(long="--std-passwd", short="+ps"),
    Option(long="--use-passwd", short="+pw", values=1),
    Option(long="--null-passwd", short="-pw"),
    Option(long="--pem-keys", short="-pem"),
    Option(long="--der-keys", short="-der"),
    Option(long="--add-cert-file", short="+cf", values=1),
    Option(long="--add-cert-dir", short="+cd", values=1),
    Option(long="--add-crl-file", short="+crl", values=1, since="3.6.7"),
    Option(long="--enable-crl-vfy", short="+crv", since="3.6.7"),
    Option(long="--enable-crl-all", short="+cra", since="3.6.7"),
    Option(long="--list-profiles", short="+ph", ends=Ends.AT_ONCE, since="3.6.8"),
    Option(long="--profile-8996", short="+pg", since="3.6.8"),
    Option(long="--profile-8996-mod", short="+pm", since="3.6.8"),
    Option(long="--profile-bcp195-nd", short="+py"),
    Option(long="--profile-bcp195", short="+px"),
    Option(long="--profile-bcp195-ex", short="+pz", since="3.6.5"),
    Option(long="--profile-basic", short="+pb"),
    Option(long="--profile-aes", short="+pa"),
    Option(long="--profile-null", short="+pn"),
    Option(long="--list-ciphers", short="+cc", ends=Ends.AT_ONCE),
    Option(long="--cipher", short="+cs", values=1),
    Option(long="--no-sni", since="3.6.8"),
    Option(long="--request-sni", values=1, since="3.6.8"),
    Option(long="--seed", short="+rs", values=1),
    Option(long="--write-seed", short="+ws"),
    Option(long="--write-seed-file", short="+wf", values=1),
    Option(long="--require-peer-cert", short="-rc"),
    Option(long="--ignore-peer-cert", short="-ic"),
)

PROFILES = (
    "--profile-8996",
    "--profile-8996-mod",
    "--profile-bcp195",
    "--profile-bcp195-nd",
    "--profile-bcp195-ex",
    "--profile-basic",
    "--profile-aes",
    "--profile-null",
)
"""The options that choose a profile, in the order in which DCMTK looks for them."""

_TLS = "--enable-tls or --anonymous-tls"
_ADDITIONS = ("--add-cert-file", "--add-cert-dir", "--add-crl-file", "--cipher")


class KeyPassword(Enum):
    """Where the password of the private key comes from; one that stands on the line is not kept.

    Without an option DCMTK asks, but only when the key turns out to be encrypted.
    """

    UNSAID = ""
    PROMPT = "--std-passwd"
    GIVEN = "--use-passwd"
    EMPTY = "--null-passwd"


class CrlCheck(Enum):
    """Which certificates are looked up in the revocation lists."""

    NONE = ""
    LEAF = "--enable-crl-vfy"
    CHAIN = "--enable-crl-all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsLine:
    """TLS as a line asks for it; paths as typed. `key` and `certificate` are empty for an anonymous connection."""

    key: str
    certificate: str
    key_password: KeyPassword
    is_der: bool
    trust_files: tuple[str, ...]
    trust_directories: tuple[str, ...]
    crl_files: tuple[str, ...]
    crl_check: CrlCheck
    profile: str
    """The option that chose the profile, empty when none did."""
    ciphers: tuple[str, ...]
    server_name: str
    verifies_peer: bool


def read_tls(line: CommandLine) -> TlsLine | None:
    """Return what a line says of TLS, None when it asks for none; raises LineRefused where DCMTK does."""
    layer = line.winner("--disable-tls", "--enable-tls", "--anonymous-tls")
    is_secure, has_key = layer in {"--enable-tls", "--anonymous-tls"}, layer == "--enable-tls"
    for given in line.exclusive("--std-passwd", "--use-passwd", "--null-passwd"):
        check_dependence(given.option, "--enable-tls", holds=has_key)
    _check_details(line, is_secure=is_secure)
    if not is_secure:
        return None
    key, certificate = line.every("--enable-tls")[-1].values if has_key else ("", "")
    crl_files = _values(line, "--add-crl-file")
    return TlsLine(
        key=key,
        certificate=certificate,
        key_password=_key_password(line),
        is_der=line.winner("--pem-keys", "--der-keys") == "--der-keys",
        trust_files=_values(line, "--add-cert-file"),
        trust_directories=_values(line, "--add-cert-dir"),
        crl_files=crl_files,
        crl_check=CrlCheck(
            line.winner("--enable-crl-vfy", "--enable-crl-all") or ("--enable-crl-vfy" if crl_files else "")
        ),
        profile=line.winner(*PROFILES),
        ciphers=_values(line, "--cipher"),
        server_name=next(iter(_values(line, "--request-sni")[-1:]), ""),
        verifies_peer=line.winner("--require-peer-cert", "--ignore-peer-cert") != "--ignore-peer-cert",
    )


def _key_password(line: CommandLine) -> KeyPassword:
    """Return where the key's password comes from."""
    chosen = KeyPassword(line.winner("--std-passwd", "--use-passwd", "--null-passwd"))
    is_empty = chosen is KeyPassword.GIVEN and not line.every("--use-passwd")[-1].value
    return KeyPassword.EMPTY if is_empty else chosen


def _check_details(line: CommandLine, *, is_secure: bool) -> None:
    """Refuse the details of TLS on a line without TLS, and those that conflict, in DCMTK's order."""
    for given in (
        *line.exclusive("--pem-keys", "--der-keys"),
        *line.exclusive("--enable-crl-vfy", "--enable-crl-all"),
    ):
        check_dependence(given.option, _TLS, holds=is_secure)
    check_conflict("--no-sni", "--request-sni", holds=line.has("--no-sni") and line.has("--request-sni"))
    check_dependence("--seed", _TLS, holds=is_secure or not line.has("--seed"))
    for given in line.exclusive("--write-seed", "--write-seed-file"):
        check_dependence(given.option, _TLS, holds=is_secure)
        check_dependence(given.option, "--seed", holds=line.has("--seed"))
    for given in line.exclusive("--require-peer-cert", "--ignore-peer-cert"):
        check_dependence(given.option, _TLS, holds=is_secure)
    for given in line.exclusive(*PROFILES):
        named = "--profile-basic" if given.option == "--profile-aes" else given.option  # DCMTK's own slip
        check_dependence(named, _TLS, holds=is_secure)
    for option in _ADDITIONS:
        check_dependence(option, _TLS, holds=is_secure or not line.has(option))
    check_conflict(
        "--cipher",
        "--profile-bcp195-ex",
        holds=line.has("--cipher") and line.winner(*PROFILES) == "--profile-bcp195-ex",
    )


def _values(line: CommandLine, option: str) -> tuple[str, ...]:
    """Return the values of an option that adds up, in order."""
    return tuple(given.value for given in line.every(option))

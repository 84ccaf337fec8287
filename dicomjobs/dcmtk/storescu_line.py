"""What a storescu line says, as one value with DCMTK's defaults filled in; it knows no YAML and opens no file.

Checked as storescu checks it and in its order, so that a line with several mistakes is refused for the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from dicomjobs.dcmtk.command_line import (
    CommandLine,
    check_conflict,
    check_dependence,
    parse_line,
    port_parameter,
    unsigned_value,
)
from dicomjobs.dcmtk.connection_options import (
    DEFAULT_PDU,
    MAXIMUM_PDU,
    DcmtkTimeouts,
    Family,
    read_family,
    read_pdu_length,
    read_timeouts,
    read_title,
)
from dicomjobs.dcmtk.logging_options import check_logging, says_progress
from dicomjobs.dcmtk.storescu_options import STORESCU
from dicomjobs.dcmtk.storescu_proposals import PROPOSALS
from dicomjobs.dcmtk.tls_options import TlsLine, read_tls


class ReadMode(Enum):
    """How storescu reads a file."""

    AUTO = "--read-file"
    FILE = "--read-file-only"
    DATA_SET = "--read-dataset"


class IdentityType(Enum):
    """The types of user identity (PS3.7 D.3.3.7), named by the option that chooses them."""

    NONE = ""
    USERNAME = "--user"
    KERBEROS = "--kerberos"
    SAML = "--saml"
    JWT = "--jwt"


class Passcode(Enum):
    """Whether a passcode goes with a user name; one that stands on the line is not kept."""

    NONE = ""
    GIVEN = "--password"
    EMPTY = "--empty-password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The user identity that a line proposes; `value` is the user name, or the path of the file with ticket, assertion or token."""

    type: IdentityType
    value: str
    passcode: Passcode
    positive_response: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invention:
    """After how many images, series and studies storescu invents a new series, study and patient."""

    images: int
    series: int
    studies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorescuLine:
    """A line that storescu accepts; paths as typed."""

    line: CommandLine
    host: str
    port: int
    inputs: tuple[str, ...]
    called_ae_title: str
    calling_ae_title: str
    family: Family
    timeouts: DcmtkTimeouts
    max_pdu: int
    max_send_pdu: int
    identity: Identity | None
    tls: TlsLine | None
    read_mode: ReadMode
    scans_directories: bool
    pattern: str
    recurses: bool
    renames: bool
    config: tuple[str, str] | None
    proposal: str
    """The last -x option, empty when there is none or it is -x=."""
    only_required: bool
    combines: bool
    compression_level: int | None
    new_vrs_become_ob: bool
    repeat: int
    aborts: bool
    halts: bool
    invention: Invention | None


def read_storescu_line(arguments: Sequence[str], read_file: Callable[[str], str]) -> StorescuLine:
    """Return what follows `storescu`, understood; `read_file` gives a command file's text. Raises LineRefused with DCMTK's reason."""
    line = parse_line(STORESCU, arguments, read_file)
    port = port_parameter(line.parameters[1])
    check_logging(line)
    check_dependence("--verbose-pc", "verbose mode", holds=says_progress(line) or not line.has("--verbose-pc"))
    scans = line.has("--scan-directories")
    check_dependence("--scan-pattern", "--scan-directories", holds=scans or not line.has("--scan-pattern"))
    recurses = line.winner("--no-recurse", "--recurse") == "--recurse"
    check_dependence("--recurse", "--scan-directories", holds=scans or not recurses)
    proposal = line.winner(*PROPOSALS)
    config = _read_config(line, proposal)
    level = _read_compression_level(line, may_be=proposal == "--propose-deflated" or config is not None)
    timeouts = read_timeouts(line)
    max_pdu = read_pdu_length(line, "--max-pdu", default=DEFAULT_PDU)
    max_send_pdu = read_pdu_length(line, "--max-send-pdu", default=MAXIMUM_PDU)
    repeat = _count(line, "--repeat", default=1)
    invention = _read_invention(line)
    tls = read_tls(line)
    return StorescuLine(
        line=line,
        host=line.parameters[0],
        port=port,
        inputs=line.parameters[2:],
        called_ae_title=read_title(line, "--call", default="ANY-SCP"),
        calling_ae_title=read_title(line, "--aetitle", default="STORESCU"),
        family=read_family(line),
        timeouts=timeouts,
        max_pdu=max_pdu,
        max_send_pdu=max_send_pdu,
        identity=_read_identity(line),
        tls=tls,
        read_mode=ReadMode(line.winner("--read-file", "--read-file-only", "--read-dataset") or "--read-file"),
        scans_directories=scans,
        pattern=given.value if (given := line.last("--scan-pattern")) else "",
        recurses=recurses,
        renames=line.winner("--no-rename", "--rename") == "--rename",
        config=config,
        proposal="" if proposal == "--propose-uncompr" else proposal,
        only_required=line.has("--required"),
        combines=line.has("--combine"),
        compression_level=level,
        new_vrs_become_ob=line.winner("--enable-new-vr", "--disable-new-vr") == "--disable-new-vr",
        repeat=repeat,
        aborts=line.has("--abort"),
        halts=not line.has("--no-halt"),
        invention=invention,
    )


def _read_config(line: CommandLine, proposal: str) -> tuple[str, str] | None:
    """Return file and profile of --config-file; raises LineRefused when something else says what to propose."""
    given = line.last("--config-file")
    if given is None:
        return None
    check_conflict("--config-file", proposal, holds=proposal not in {"", "--propose-uncompr"})
    for option in ("--required", "--combine"):
        check_conflict("--config-file", option, holds=line.has(option))
    file, profile = given.values
    return file, profile


def _read_compression_level(line: CommandLine, *, may_be: bool) -> int | None:
    """Return the zlib level, None when none is given."""
    given = line.last("--compression-level")
    if given is None:
        return None
    check_dependence("--compression-level", "--propose-deflated or --config-file", holds=may_be)
    return unsigned_value(given, low=0, high=9)


def _count(line: CommandLine, option: str, *, default: int) -> int:
    """Return a number of 1 or more."""
    given = line.last(option)
    return default if given is None else unsigned_value(given, low=1)


def _read_invention(line: CommandLine) -> Invention | None:
    """Return how identifying information is invented; None when it is not."""
    options = ("--invent-series", "--invent-study", "--invent-patient")
    images, series, studies = (
        _count(line, option, default=default) for option, default in zip(options, (100, 50, 25), strict=True)
    )
    if not any(map(line.has, ("--invent-instance", *options))):
        return None
    return Invention(images=images, series=series, studies=studies)


def _read_identity(line: CommandLine) -> Identity | None:
    """Return the user identity, None when no type is given; raises LineRefused for a passcode without a user name."""
    types = line.exclusive("--user", "--kerberos", "--saml", "--jwt")
    chosen = types[-1] if types else None
    passcode = Passcode.NONE
    for given in line.exclusive("--password", "--empty-password"):
        is_first = chosen is not None and chosen.option == "--user" and passcode is Passcode.NONE
        check_dependence(given.option, "--user", holds=is_first)
        passcode = Passcode(given.option) if given.values and given.value else Passcode.EMPTY
    wants_answer = line.has("--pos-response")
    check_dependence(
        "--pos-response",
        "--user, --kerberos, --saml or --jwt",
        holds=chosen is not None or not wants_answer,
    )
    if chosen is None:
        return None
    return Identity(
        type=IdentityType(chosen.option), value=chosen.value, passcode=passcode, positive_response=wants_answer
    )

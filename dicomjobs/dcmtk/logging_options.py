"""The options for logging that all DCMTK programs share; nothing of them reaches the wire."""

from __future__ import annotations

from dicomjobs.dcmtk.command_line import CommandLine, Ends, LineRefused, Option, check_conflict

GENERAL_OPTIONS = (
    Option(long="--help", short="-h", ends=Ends.AT_ONCE),
    Option(long="--version", ends=Ends.AT_ONCE),
    Option(long="--arguments"),
    Option(long="--quiet", short="-q"),
    Option(long="--verbose", short="-v"),
    Option(long="--debug", short="-d"),
    Option(long="--log-level", short="-ll", values=1),
    Option(long="--log-config", short="-lc", values=1),
)

_VOLUMES = ("--verbose", "--debug", "--quiet")
_LEVELS = ("OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL")
_WITH_PROGRESS = ("INFO", "DEBUG", "TRACE", "ALL")


def check_logging(line: CommandLine) -> None:
    """Raise LineRefused where DCMTK refuses options for logging; a log configuration is not opened."""
    has_volume = any(line.has(option) for option in _VOLUMES)
    level, config = line.last("--log-level"), line.last("--log-config")
    if level is not None:
        check_conflict("--log-level", "--verbose, --debug or --quiet", holds=has_volume)
        if level.value.upper() not in _LEVELS:
            raise LineRefused("Invalid log level for --log-level option")
    if config is not None:
        check_conflict("--log-config", "--log-level", holds=level is not None)
        check_conflict("--log-config", "--verbose, --debug or --quiet", holds=has_volume)


def says_progress(line: CommandLine) -> bool:
    """Say whether the program logs what it does; with a log configuration of one's own it is taken to."""
    level = line.last("--log-level")
    if level is not None:
        return level.value.upper() in _WITH_PROGRESS
    return line.has("--log-config") or line.winner("--verbose", "--debug", "--quiet") in {"--verbose", "--debug"}

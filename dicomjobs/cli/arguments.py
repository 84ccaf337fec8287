"""What can be typed after `dicomjobs`, as an argparse parser and as one frozen value; it knows nothing of what the verbs do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from dicomjobs.cli.import_arguments import add_export, add_import
from dicomjobs.cli.ledger_arguments import add_ledger
from dicomjobs.dicom.ae_title import ae_title_problem

EPILOG = """\
exit codes:
  0 all done            1 internal error        2 the input is wrong, nothing was sent
  3 failed for good     4 transient, run again  5 warnings that count    6 verification failed
  7 local resource      8 outcome unknown       9 the peer refused us   10 stopped by a limit
  11 another run holds the lock                 130/143 interrupted by a signal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Everything any verb takes; what a verb does not take keeps its default."""

    verb: str
    files: tuple[str, ...] = ()
    file: str = ""
    only: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    at: str | None = None
    output: str | None = None
    format: str = "text"
    reports: str | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    directory: str = ""
    port: int = 0
    host: str = "127.0.0.1"
    ae_title: str = "DICOMJOBS"
    run: str = "latest"
    here: bool = False
    peer: str = ""
    keys: tuple[str, ...] = ()
    level: str = ""
    model: str = ""
    most: int = 0
    kind: str = ""
    source: str = ""
    profile: str = ""
    compare: str = ""
    line: tuple[str, ...] = ()
    resend: str = ""
    log_config: str = ""
    wait: float = 0.0
    state: str = ""
    outcome: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    yes: bool = False
    unasked: bool = False


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Return the arguments; like every command, prints help or a usage error and exits (0, 2) by itself."""
    parser = build_parser()
    namespace, rest = parser.parse_known_args(argv)
    if rest and (namespace.verb != "find" or any(each.startswith("-") for each in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    found = vars(namespace)
    if rest:  # keys behind an option, which argparse takes for nobody's
        found["keys"] = [*found["keys"], *rest]
    known = {field.name for field in fields(Arguments)}
    return Arguments(**{key: _frozen(value) for key, value in found.items() if key in known})


def _frozen(value: Any) -> Any:
    """Turn argparse's lists into tuples."""
    return tuple(value) if isinstance(value, list) else value


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; shell completions are made from it as well."""
    parser = argparse.ArgumentParser(
        prog="dicomjobs",
        description="Run DICOM jobs that a YAML file declares: plan them, run exactly that, account for every instance.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument(
        "--print-completion", action=_Completion, metavar="SHELL", help="print what makes bash, zsh, tcsh complete"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _add_reading_verbs(verbs)
    _add_run(verbs)
    _add_serve(verbs)
    _add_report(verbs)
    _add_asking_verbs(verbs)
    for each in add_ledger(verbs):
        _add_inputs(each)
    add_import(verbs)
    _add_inputs(add_export(verbs))
    return parser


def _add_reading_verbs(verbs: Any) -> None:
    """Add the verbs that run nothing."""
    check = verbs.add_parser("check", help="validate everything, run nothing")
    check.add_argument("files", nargs="+", metavar="FILE", help="job files, or folders of them")
    check.add_argument("--here", action="store_true", help="also open keys, secrets and folders on this machine")
    _add_inputs(check)
    show = verbs.add_parser("show", help="print the resolved document, each value with where it came from")
    show.add_argument("file", metavar="FILE")
    _add_inputs(show)
    plan = verbs.add_parser("plan", help="show exactly what would go over the wire")
    plan.add_argument("file", metavar="FILE")
    _add_selection(plan)
    _add_inputs(plan)
    plan.add_argument("-o", "--output", metavar="PLAN", help="save the plan here, its rows beside it")
    plan.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    plan.add_argument("-v", "--verbose", action="store_true", help="list every context and every file")


def _add_run(verbs: Any) -> None:
    """Add the verb that does the work."""
    run = verbs.add_parser("run", help="run the jobs, or a saved plan, and account for every instance")
    run.add_argument("file", metavar="FILE|plan.json")
    _add_selection(run)
    _add_inputs(run)
    run.add_argument(
        "--resend",
        choices=("all", "failed", "unknown"),
        default="",
        help="also send what is delivered (all), parked after failing, or unknown, without looking it up",
    )
    run.add_argument(
        "--wait",
        type=_seconds,
        default=0.0,
        metavar="TIME",
        help="wait so long for another run of the same file to end, such as 90s, 10m (default: do not wait, exit code 11)",
    )
    run.add_argument("--reports", metavar="DIR", help="make the run's directory in this folder")
    run.add_argument(
        "--log-config",
        default="",
        metavar="FILE",
        help="log to where this configuration of Python's logging says, in YAML or JSON (dictConfig)",
    )
    volume = run.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    volume.add_argument("-v", "--verbose", action="store_true", help="print each association and failure as it happens")
    volume.add_argument("-d", "--debug", action="store_true", help="print every event as it happens")


def _add_serve(verbs: Any) -> None:
    """Add the embedded peer."""
    serve = verbs.add_parser("serve", help="run the embedded SCP alone: echo, store, find")
    serve.add_argument("--directory", required=True, metavar="D", help="where instances are kept")
    serve.add_argument("--port", required=True, type=_port, metavar="P", help="the port to listen on, 0 for a free one")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    serve.add_argument("--ae-title", type=_ae_title, default="DICOMJOBS", help="our AE title (default: DICOMJOBS)")


def _seconds(text: str) -> float:
    """Return a duration in seconds; raises ArgumentTypeError with the reason."""
    from dicomjobs.config.durations import parse_duration

    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: 90, 90s, 10m, 2h, 7d are")
    return seconds


def _port(text: str) -> int:
    """Return a TCP port, 0 for a free one; raises ArgumentTypeError with the reason."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535 are")
    return int(text)


def _ae_title(text: str) -> str:
    """Return an AE title; raises ArgumentTypeError with the reason."""
    if problem := ae_title_problem(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no AE title: it {problem}")
    return text


def _add_report(verbs: Any) -> None:
    """Add the verb that renders a report again."""
    report = verbs.add_parser("report", help="print the report of a run again, from its events")
    report.add_argument("run", metavar="RUN|latest", help="a run's id or directory")
    report.add_argument("--format", choices=("text", "json", "csv", "junit", "matches"), default="text")
    report.add_argument(
        "-f", "--file", default="", metavar="FILE", help="the document that names the folder of the runs"
    )
    report.add_argument(
        "--reports", metavar="DIR", help="the folder that holds the runs, when it is not FILE's or yours"
    )
    _add_inputs(report)


def _add_asking_verbs(verbs: Any) -> None:
    """Add the verbs that ask one peer something, without a job."""
    echo = verbs.add_parser("echo", help="ask a peer whether it is there (C-ECHO)")
    _add_peer(echo)
    find = verbs.add_parser("find", help="ask a peer what it has (C-FIND), a table as the answer")
    _add_peer(find)
    find.add_argument(
        "keys",
        nargs="*",
        metavar="KEY[=VALUE]",
        help="what to look for, as StudyDate=20261126 PatientName=DOE*; without a value what to show as well",
    )
    find.add_argument("--level", choices=("PATIENT", "STUDY", "SERIES", "IMAGE"), default="STUDY")
    find.add_argument(
        "--model",
        choices=("study", "patient", "patient_study_only", "worklist"),
        default="",
        help="the information model (default: study, patient for --level PATIENT)",
    )
    find.add_argument("--most", type=int, default=0, metavar="N", help="stop after so many matches; exit code 3 then")
    find.add_argument(
        "--format",
        choices=("table", "csv", "jsonl", "json"),
        default="",
        help="json: the DICOM JSON Model, a match a line (default: a table on a terminal, else csv)",
    )
    probe = verbs.add_parser("probe", help="find out what a peer accepts, and print it as YAML")
    _add_peer(probe)
    probe.add_argument("-o", "--output", metavar="FILE.yaml", help="write the YAML here instead of printing it")
    probe.add_argument(
        "--compare", default="", metavar="FILE", help="say what changed since FILE was written; exit code 6 then"
    )


def _add_peer(parser: argparse.ArgumentParser) -> None:
    """Add which peer is meant."""
    parser.add_argument("peer", metavar="PEER", help="the name of a peer in FILE, or AET@host:port")
    parser.add_argument("-f", "--file", default="", metavar="FILE", help="the document that declares the peer")
    _add_inputs(parser)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    """Add what selects jobs."""
    parser.add_argument("--only", action="append", default=[], metavar="JOB", help="only this job and what it needs")


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what a document takes from outside."""
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help="give a parameter a value"
    )
    parser.add_argument("--at", metavar="TIME", help="the one `now` of this run (ISO 8601)")


class _Version(argparse.Action):
    """Print the version."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and exit."""
        from dicomjobs import __version__

        print(f"dicomjobs {__version__}")
        parser.exit()


class _Completion(argparse.Action):
    """Print a completion script; shtab is imported only then."""

    def __call__(self, parser: argparse.ArgumentParser, _: object, values: Any, *__: object) -> None:
        """Print and exit."""
        import shtab

        if values not in shtab.SUPPORTED_SHELLS:
            parser.error(f"no completion for {values}; there is one for {', '.join(shtab.SUPPORTED_SHELLS)}")
        print(shtab.complete(build_parser(), values), end="")
        parser.exit()

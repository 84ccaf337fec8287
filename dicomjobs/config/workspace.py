"""From a job file to jobs: the stages in order, on one screen.

It knows no detail of any stage, opens nothing but YAML and the files of DCMTK that it names, and never looks at a peer, a key or a folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dicomjobs.config.asconfig_profiles import read_asconfig_profiles
from dicomjobs.config.build import build_site
from dicomjobs.config.codes import error
from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.dictionaries import read_dictionaries
from dicomjobs.config.documents import with_source_lines
from dicomjobs.config.evaluate import Scope
from dicomjobs.config.expand import expand_document
from dicomjobs.config.includes import Sources, read_sources
from dicomjobs.config.needs import in_running_order
from dicomjobs.config.parameters import MissingParameters, settle_parameters
from dicomjobs.config.places import Places
from dicomjobs.config.resolve import resolve_names
from dicomjobs.config.run_moment import settle_moment
from dicomjobs.config.schema import check_shape, document_schema
from dicomjobs.config.show import as_yaml
from dicomjobs.config.sound import without_misshapen
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.config.tables import read_tables
from dicomjobs.config.validate import validate
from dicomjobs.config.whereabouts import Whereabouts
from dicomjobs.diagnostics import Diagnostics, InvalidInput, Location, stop_on_errors
from dicomjobs.dicom.data_dictionary import DataDictionary
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import Proposing
from dicomjobs.model.job import Job
from dicomjobs.model.peer import Peer
from dicomjobs.model.phi import Phi

__all__ = ["MissingParameters", "SourceFile", "Workspace", "load_workspace", "select_jobs", "show_workspace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that was read, of YAML or of DCMTK's: its path as given (others as found from there), and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Everything a job file says, resolved at one moment; `at` is that moment, aware, in the document's timezone."""

    file: str
    inputs: tuple[SourceFile, ...]
    at: datetime
    declared: tuple[str, ...]
    """Names of the jobs that `file` itself declares, in file order; included ones run only when needed or named."""
    jobs: tuple[Job, ...]
    """All jobs, included ones too, in file order."""
    peers: tuple[Peer, ...]
    """The peers that have a name, used or not, in file order."""
    profiles: tuple[Proposing, ...]
    """The association profiles, used or not, those that jobs write in place last."""
    acceptances: Mapping[Peer, Acceptance]
    """What peers are known to accept."""
    dictionary: DataDictionary
    """What attributes are called beside PS3.6."""
    reports_directory: str | None
    phi: Phi
    state_directory: str | None
    whereabouts: Whereabouts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A document whose shape was checked, and what is known of where it came from; `diagnostics` say what is wrong so far."""

    sources: Sources
    at: datetime
    document: dict[str, Any]
    places: Places
    origins: Mapping[Location, str]
    diagnostics: Diagnostics


def load_workspace(
    file: str,
    *,
    settings: Mapping[str, str],
    now: datetime,
    at: str | None,
    missing_parameters: MissingParameters,
) -> tuple[Workspace, Diagnostics]:
    """Read a job file and everything it includes; the diagnostics returned are warnings.

    `settings` are the parameters given with --set, `now` is an aware time, `at` what --at said.
    Raises InvalidInput with every mistake found, each with its source line.
    """
    checked = _check(file, settings, now, at, missing_parameters)
    places = checked.places
    document = without_misshapen(checked.document, places=places, misshapen=checked.diagnostics)
    references, unknown = resolve_names(document, places=places)
    dictionaries, unlisted = read_dictionaries(_root(document, places)["dictionaries"])
    tables, untabled = read_tables(document, places=places)
    asconfig, unreadable = read_asconfig_profiles(document, places=places)
    site, built = build_site(
        document,
        places=places,
        references=references,
        asconfig=asconfig.profiles,
        dictionary=dictionaries.dictionary,
        tables=tables,
    )
    senseless = validate(site, document=document, places=places)
    warnings = _stop(
        checked.sources, (*checked.diagnostics, *unlisted, *untabled, *unknown, *unreadable, *built, *senseless)
    )
    workspace = Workspace(
        file=file,
        inputs=(
            *(SourceFile(path=each.path, sha256=each.sha256) for each in checked.sources.documents),
            *(SourceFile(path=path, sha256=sha256) for path, sha256 in dictionaries.files),
            *(SourceFile(path=each.path, sha256=each.sha256) for each in asconfig.files),
            *(SourceFile(path=each.path, sha256=each.sha256) for each in tables.values()),
        ),
        at=checked.at,
        declared=checked.sources.declared_jobs,
        jobs=tuple(site.jobs.values()),
        peers=tuple(peer for at, peer in site.peers.items() if at[:-1] == ("peers",)),
        profiles=tuple(site.profiles.values()),
        acceptances=site.acceptances,
        dictionary=dictionaries.dictionary,
        reports_directory=_directory(document, places, "reports"),
        phi=_phi(document, places),
        state_directory=_directory(document, places, "state"),
        whereabouts=Whereabouts(
            documents=checked.sources.documents,
            places=places,
            declared={peer: at for at, peer in site.peers.items()}
            | {files: at for at, files in site.send_sets.items()},
        ),
    )
    return workspace, warnings


def _check(
    file: str, settings: Mapping[str, str], now: datetime, at: str | None, missing: MissingParameters
) -> _Checked:
    """Read, merge, work out expressions and check the shape; raises InvalidInput when there is nothing to go on with."""
    sources, unread = read_sources(file)
    if sources.root is None:
        raise InvalidInput(with_source_lines(unread, sources.documents))
    parameters, unsettled = settle_parameters(sources.root, settings=settings, missing=missing)
    moment, untimely = settle_moment(sources.root, parameters=parameters, now=now, at=at, missing=missing)
    scope = Scope(parameters=parameters, moment=moment, missing=missing)
    expanded, mistaken = expand_document(sources.root, scope=scope)
    document, places, misshapen = check_shape(expanded.root, schema=document_schema())
    return _Checked(
        sources=sources,
        at=moment.time,
        document=document,
        places=places,
        origins=expanded.origins,
        diagnostics=(*unread, *unsettled, *untimely, *mistaken, *misshapen),
    )


def _stop(sources: Sources, diagnostics: Diagnostics) -> Diagnostics:
    """Raise InvalidInput when there are errors; return the warnings, with their source lines."""
    quoted = with_source_lines(diagnostics, sources.documents)
    stop_on_errors(quoted)
    return quoted


def _phi(document: dict[str, Any], places: Places) -> Phi:
    """Return how much a report may tell."""
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    return root["reports"]["phi"].word(Phi)


def _directory(document: dict[str, Any], places: Places, section: str) -> str | None:
    """Return the folder that `reports` or `state` names, absolute, None for the default."""
    directory = _root(document, places)[section].get("directory")
    return directory.path() if directory else None


def _root(document: dict[str, Any], places: Places) -> Cursor:
    """Return the way into a document."""
    return Cursor(value=document, pointer=(), findings=Findings(places=places))


def select_jobs(workspace: Workspace, only: Sequence[str]) -> tuple[Job, ...]:
    """Return the declared jobs, or `only` those named, plus whatever they need, in file order under `needs`.

    Raises InvalidInput for a name that is no job.
    """
    jobs = {job.name: job for job in workspace.jobs}
    unknown = [name for name in only if name not in jobs]
    if unknown:
        raise InvalidInput(
            tuple(
                error(
                    "DJ312",
                    f"--only {name}: there is no job `{name}` in {workspace.file}",
                    at=None,
                    hint=did_you_mean(name, jobs),
                )
                for name in unknown
            )
        )
    return in_running_order(only or workspace.declared, jobs)


def show_workspace(
    file: str,
    *,
    settings: Mapping[str, str],
    now: datetime,
    at: str | None,
    missing_parameters: MissingParameters,
) -> str:
    """Return the resolved document as YAML, each value with where it came from; raises InvalidInput."""
    checked = _check(file, settings, now, at, missing_parameters)
    _stop(checked.sources, checked.diagnostics)
    return as_yaml(checked.document, places=checked.places, origins=checked.origins)

"""From a checked document and what its names mean to model values: the last place where a dict is seen.

It knows how things are written and not whether they make sense together; `validate.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from dicomjobs.config.build_acceptances import build_acceptance
from dicomjobs.config.build_outputs import build_output, build_split
from dicomjobs.config.build_peers import build_peer, with_look_ups
from dicomjobs.config.build_profiles import build_profile, follow, transfer_syntax
from dicomjobs.config.build_rows import build_for_each
from dicomjobs.config.build_store import build_send_set, build_store_job
from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.places import Places, Pointer
from dicomjobs.config.query_keys import build_query
from dicomjobs.config.resolve import References, kinds_of, section
from dicomjobs.config.tables import NO_TABLES, Table
from dicomjobs.diagnostics import Diagnostics
from dicomjobs.dicom.data_dictionary import NOTHING_ELSE, DataDictionary
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AssociationProfile, ProposalPolicy, Proposing
from dicomjobs.model.data_set_form import NewVrs
from dicomjobs.model.job import (
    EchoJob,
    EmptyPolicy,
    EndWith,
    FindJob,
    Job,
    Need,
    Padding,
)
from dicomjobs.model.peer import Peer
from dicomjobs.model.query import Query
from dicomjobs.model.send_set import SendSet

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything a document declares, by the place where it stands, used or not."""

    peers: Mapping[Pointer, Peer]
    acceptances: Mapping[Peer, Acceptance]
    profiles: Mapping[Pointer, Proposing]
    queries: Mapping[Pointer, Query]
    send_sets: Mapping[Pointer, SendSet]
    jobs: Mapping[Pointer, Job]
    """Jobs that name things nobody declares, or that nobody has named yet, are not among them."""
    job_names: frozenset[str]
    """The names of all jobs."""
    dictionary: DataDictionary
    """What attributes are called beside PS3.6."""
    tables: Mapping[Pointer, Table]
    """What jobs are filled with."""


def build_site(
    document: dict[str, Any],
    *,
    places: Places,
    references: References,
    asconfig: Mapping[Pointer, AssociationProfile],
    dictionary: DataDictionary = NOTHING_ELSE,
    tables: Mapping[Pointer, Table] = NO_TABLES,
) -> tuple[Site, Diagnostics]:
    """Build every definition of a document, and the jobs from them; `asconfig` has the profiles that are taken from files."""
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    for _, syntaxes in section(root, "transfer_syntaxes"):
        for syntax in syntaxes.items():
            transfer_syntax(syntax)
    peers = with_look_ups(_peers(root, references), references)
    site = Site(
        peers=peers,
        acceptances=dict(_acceptances(root, peers)),
        profiles=_built(
            root,
            references,
            "association_profiles",
            "association_profile",
            lambda at, name: build_profile(
                at, name=name or _place_name(at), root=root, references=references, asconfig=asconfig
            ),
        ),
        queries=_built(
            root,
            references,
            "queries",
            "query",
            lambda at, name: build_query(at, name=name or _place_name(at), dictionary=dictionary),
        ),
        send_sets=_built(
            root,
            references,
            "send_sets",
            "send_set",
            lambda at, name: build_send_set(at, name=name or _place_name(at), dictionary=dictionary),
        ),
        jobs={},
        job_names=frozenset(name for name, _ in section(root, "jobs")),
        dictionary=dictionary,
        tables=tables,
    )
    site = replace(site, jobs=dict(_jobs(root, references, site)))
    return site, tuple(dict.fromkeys(root.findings.diagnostics))  # a list that two profiles name is read twice


def _built(
    root: Cursor, references: References, plural: str, key: str, build: Callable[[Cursor, str | None], Thing]
) -> dict[Pointer, Thing]:
    """Build the named definitions of one section, and those of its kind that jobs have written in place."""
    built: dict[Pointer, Thing] = {(plural, name): build(at, name) for name, at in section(root, plural)}
    in_place = (there for there in references.values() if there[0] == "jobs" and there[-1] == key)
    built.update((there, build(follow(root, there), None)) for there in in_place)
    return built


def _peers(root: Cursor, references: References) -> dict[Pointer, Peer]:
    """Build the peers, those that are written where another one's queries are answered too."""
    peers = _built(root, references, "peers", "peer", lambda at, name: build_peer(at, name=name))
    for there in dict.fromkeys(references.values()):
        if len(there) > 2 and there[-1] == "queries_at":
            peers[there] = _asked_peer(follow(root, there))
    return peers


def _acceptances(root: Cursor, peers: Mapping[Pointer, Peer]) -> Iterator[tuple[Peer, Acceptance]]:
    """Yield what is said of what peers accept."""
    for there, peer in peers.items():
        if (accepts := follow(root, there).get("accepts")) is not None:
            yield peer, build_acceptance(accepts)


def _asked_peer(at: Cursor) -> Peer:
    """Build a peer that is written where another one's queries are answered."""
    if (further := at.get("queries_at")) is not None:
        words = "a peer that answers another one's queries cannot send them on"
        further.error("DJ585", words, hint="leave it out, and name the last one where the first is", at_key=True)
    return build_peer(at, name=None)


def _place_name(at: Cursor) -> str:
    """Return what to call a thing that has no name because it is written in place: its job's name and its key."""
    return f"{at.pointer[1]}.{at.pointer[-1]}"


def _jobs(root: Cursor, references: References, site: Site) -> list[tuple[Pointer, Job]]:
    """Build the jobs whose things are all there."""
    return [(at.pointer, job) for name, at in section(root, "jobs") if (job := _job(name, at, references, site))]


def _job(name: str, at: Cursor, references: References, site: Site) -> Job | None:
    """Build one job, None when something it names is not there."""
    kinds = kinds_of(at)
    work = at[kinds[0]] if kinds else at
    if work.unresolved or any(thing.pointer not in references for key in _THINGS if (thing := work.get(key))):
        return None
    needs = tuple(map(_need, at["needs"].items()))
    peer = site.peers[references[work["peer"].pointer]]
    if kinds != ("find",) and (for_each := at.get("for_each")):
        words = "only a query can be asked for each row of a table"
        for_each.error("DJ576", words, hint="leave `for_each` out", at_key=True)
    if kinds == ("echo",):
        return EchoJob(name=name, needs=needs, peer=peer)
    profile = _profile(work, references, site)
    if kinds == ("store",):
        send_set = site.send_sets[references[work["send_set"].pointer]]
        return build_store_job(work, name=name, needs=needs, peer=peer, send_set=send_set, profile=profile)
    if isinstance(profile, ProposalPolicy):
        words = f"`{profile.name}` makes its presentation contexts from files, and a query has none"
        hint = "leave the profile out, or give it `presentation_contexts`"
        work["association_profile"].error("DJ540", words, hint=hint)
        return None
    query = site.queries[references[work["query"].pointer]]
    return _find_job(at, name=name, needs=needs, peer=peer, query=query, profile=profile, site=site)


_THINGS = ("peer", "query", "send_set", "association_profile")


def _profile(work: Cursor, references: References, site: Site) -> Proposing | None:
    """Return the association profile of a job, or none."""
    named = work.get("association_profile")
    return site.profiles[references[named.pointer]] if named else None


def _need(at: Cursor) -> Need:
    """Return one entry of `needs:`: a name, or a mapping with one."""
    if isinstance(at.value, dict):
        return Need(job=at["job"].text(), even_if_failed=at.get("even_if") is not None)
    return Need(job=at.text(), even_if_failed=False)


def _find_job(
    job: Cursor,
    *,
    name: str,
    needs: tuple[Need, ...],
    peer: Peer,
    query: Query,
    profile: AssociationProfile | None,
    site: Site,
) -> FindJob:
    """Return the job that queries."""
    at = job["find"]
    return FindJob(
        name=name,
        needs=needs,
        peer=peer,
        query=query,
        association_profile=profile,
        outputs=tuple(build_output(each, query, site.dictionary) for each in at["outputs"].items()),
        cancel_after=at["cancel_after"].whole(),
        max_matches=at["max_matches"].whole(),
        write_at_most=at["write_at_most"].whole(),
        padding=at["padding"].word(Padding),
        split=build_split(at),
        for_each=build_for_each(job, query, site.tables),
        repeat=at["repeat"].whole(),
        new_vrs=at["new_vrs"].word(NewVrs),
        if_no_match=at["if_no_match"].word(EmptyPolicy),
        end_with=at["end_with"].word(EndWith),
    )

"""The rules that jobs have to keep among each other, and with what they name; they know no files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from dicomjobs.config.attribute_paths import NotAnAttribute, attribute_of
from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.config.needs import circle_of, way_text
from dicomjobs.config.places import Pointer
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.attributes import keyword_of
from dicomjobs.dicom.character_sets import CharacterSet, character_set_of, resets_of
from dicomjobs.dicom.uids import name_of
from dicomjobs.dicom.value_representations import CHARACTER_SET_TEXT
from dicomjobs.model.job import FindJob, Job, StoreJob, Verify
from dicomjobs.model.query import FIND_SOP_CLASS, Element, Identifier

Thing = TypeVar("Thing")


def needed_jobs_exist(site: Site) -> Iterator[Finding]:
    """A job needs jobs of the same document, and not itself."""
    for at, job in site.jobs.items():
        for place, need in enumerate(job.needs):
            if need.job not in site.job_names:
                hint = did_you_mean(need.job, sorted(site.job_names - {job.name}))
                summary = f"there is no job `{need.job}`"
                yield Finding(at=(*at, "needs", place, "job"), code="DJ309", summary=summary, hint=hint)


def needs_lead_to_an_end(site: Site) -> Iterator[Finding]:
    """No job needs itself, by whatever way round."""
    told: set[str] = set()
    by_name: dict[str, Job] = {job.name: job for job in site.jobs.values()}
    for at, job in site.jobs.items():
        circle = circle_of(job.name, by_name)
        if circle and not told & set(circle):
            told |= set(circle)
            summary = f"these jobs wait for each other: {way_text(circle)}"
            hint = "take one of them out of `needs`"
            yield Finding(at=(*at, "needs"), code="DJ310", summary=summary, hint=hint, at_key=True)


RUN_FILES = (
    "plan.json",
    "plan-instances.jsonl",
    "events.jsonl",
    "report.json",
    "instances.csv",
    "rows*.csv",
    "junit.xml",
    "matches*.csv",
    "matches*.jsonl",
)
"""What a run directory holds anyway, as patterns: the matches of each of several queries have a file of their own."""


def outputs_are_different_files(site: Site) -> Iterator[Finding]:
    """Two outputs in one file would overwrite each other."""
    first: dict[str, str] = {}
    for at, job in site.jobs.items():
        for place, output in enumerate(job.outputs if isinstance(job, FindJob) else ()):
            file = os.path.normpath(output.place)
            pointer = (*at, "find", "outputs", place, "directory" if output.directory else "file")
            if file in first:
                summary = f"`{output.place}` is written twice: by the job `{first[file]}` and here"
                hint = "give one of them another name"
                yield Finding(
                    at=pointer,
                    code="DJ311",
                    summary=summary,
                    hint=hint,
                )
            first.setdefault(file, job.name)
            if any(fnmatchcase(file, pattern) for pattern in RUN_FILES):
                summary = f"`{output.place}` is a file that every run writes itself"
                hint = "give it another name, or a folder: ./" + output.place
                yield Finding(
                    at=pointer,
                    code="DJ313",
                    summary=summary,
                    hint=hint,
                )


def columns_are_asked_for(site: Site) -> Iterator[Finding]:
    """PS3.4 C.2.2.1.3: a peer answers with the keys it was asked for, so another column stays empty."""
    for at, job in site.jobs.items():
        if isinstance(job, FindJob) and not job.query.files:
            asked = {_column(element.tag) for element in job.query.identifier}
            for number, output in enumerate(job.outputs):
                for place, column in enumerate(output.columns):
                    column = column.rpartition("=")[2].partition("[")[0].partition(".")[0]  # noqa: PLW2901  a peer is asked for whole sequences
                    if column not in asked and not isinstance(attribute_of(column), NotAnAttribute):
                        summary = f"the query does not ask for {column}, so this column will be empty"
                        pointer = (*at, "find", "outputs", number, "columns", place)
                        hint = f"add `{column}:` to the keys of the query `{job.query.name}`"
                        yield Finding(at=pointer, code="DJ520", summary=summary, hint=hint, severity=Severity.WARNING)


def _column(tag: int) -> str:
    """Return what a column of an attribute is called."""
    return keyword_of(tag) or f"{tag:08X}"


def profiles_propose_what_queries_need(site: Site) -> Iterator[Finding]:
    """A query goes over a presentation context of its information model's SOP class."""
    for at, job in site.jobs.items():
        if isinstance(job, FindJob) and (profile := job.association_profile):
            uid = FIND_SOP_CLASS[job.query.model]
            if uid not in {context.abstract_syntax for context in profile.contexts}:
                summary = f"the profile `{profile.name}` does not propose {name_of(uid)}, which the query needs"
                hint = "propose it, or leave the profile out: the query's own context is then proposed"
                given = (*_places_of(job.query, site.queries), *_places_of(profile, site.profiles))
                pointer = (*at, "find", "association_profile")
                yield Finding(at=pointer, code="DJ523", summary=summary, hint=hint, given=given)


def negotiation_is_said_once(site: Site) -> Iterator[Finding]:
    """PS3.7 D.3.3.5: there is one item of extended negotiation for a SOP class."""
    for at, job in site.jobs.items():
        if isinstance(job, FindJob) and (profile := job.association_profile) and job.query.negotiate:
            uid = FIND_SOP_CLASS[job.query.model]
            if any(item.sop_class_uid == uid for item in profile.extended_negotiation):
                summary = f"the profile `{profile.name}` and the query both negotiate about {name_of(uid)}"
                hint = "say it in one of them"
                given = (*_places_of(job.query, site.queries), *_places_of(profile, site.profiles))
                yield Finding(
                    at=(*at, "find", "association_profile"), code="DJ560", summary=summary, hint=hint, given=given
                )


def embedded_peers_are_asked_for_what_they_can_prove(site: Site) -> Iterator[Finding]:
    """Our own SCP answers queries and does not take part in storage commitment (PS3.4 J)."""
    for at, job in site.jobs.items():
        if isinstance(job, StoreJob) and job.verify is Verify.COMMITMENT and job.peer.embedded_directory:
            summary = "an embedded peer does not commit itself to anything"
            hint = "`verify: query` asks it whether it has each instance"
            given = tuple(_places_of(job.peer, site.peers))
            yield Finding(at=(*at, "store", "verify"), code="DJ586", summary=summary, hint=hint, given=given)


def texts_fit_their_character_set(site: Site) -> Iterator[Finding]:
    """PS3.3 C.12.1.1.2: a query is sent in the character set that it declares, else in the one its peer is said to understand."""
    for job in site.jobs.values():
        declared = _declared(job.query.identifier) if isinstance(job, FindJob) else ""
        name = declared or job.peer.character_set
        characters = character_set_of(name)
        if isinstance(job, FindJob) and characters:
            for element, value in _texts(job.query.identifier):
                if not _can_be_written(value, element.vr, characters):
                    summary = f"`{value}` ({_column(element.tag)}) cannot be written in {name}"
                    whose = "SpecificCharacterSet: ISO_IR 192" if declared else "character_set: ISO_IR 192"
                    hint = f"the peer `{job.peer.name}` may understand `{whose}`, which has every character"
                    given = tuple(_places_of(job.peer, site.peers))
                    place = next(_places_of(job.query, site.queries))
                    pointer = (*place, "keys", _column(element.tag))
                    yield Finding(at=pointer, code="DJ524", summary=summary, hint=hint, given=given)


def _declared(identifier: Identifier) -> str:
    """Return the Specific Character Set that an identifier declares, "" when it declares none."""
    return "\\".join(next((element.values for element in identifier if element.tag == 0x00080005), ()))


def _texts(identifier: Identifier) -> Iterator[tuple[Element, str]]:
    """Yield every value that the character set applies to, those in sequences too."""
    for element in identifier:
        if element.vr in CHARACTER_SET_TEXT:
            yield from ((element, value) for value in element.values)
        for item in element.items:
            yield from _texts(item)


def _can_be_written(text: str, vr: str, characters: CharacterSet) -> bool:
    """Say whether a character set has every character of a value."""
    try:
        characters.encode(text, resets_of(vr))
    except ValueError:
        return False
    return True


def _places_of(thing: Thing, things: Mapping[Pointer, Thing]) -> Iterator[Pointer]:
    """Yield where a thing stands."""
    return (place for place, other in things.items() if other is thing)

"""What a document means has to make sense: one function per rule, all of them in the tuple RULES.

Rules look at model values and never at the document; `validate` finds the places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicomjobs.config.build import Site
from dicomjobs.config.codes import error, warning
from dicomjobs.config.cursor import Findings
from dicomjobs.config.needs import circle_of, way_text
from dicomjobs.config.places import Places, Pointer, Unresolved
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Severity
from dicomjobs.dicom.attributes import by_tag
from dicomjobs.dicom.character_sets import CODECS, is_defined_term
from dicomjobs.dicom.sop_classes import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
)
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.job import FindJob, Job
from dicomjobs.model.peer import Allowance
from dicomjobs.model.query import InformationModel, Query, QueryLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that does not hold, and the value, or its key, where the user has to change something.

    `given` are other values that the rule looked at: it says nothing as long as one of them, or part of one, is not known.
    """

    at: Pointer
    code: str
    summary: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    at_key: bool = False
    given: tuple[Pointer, ...] = ()


Rule = Callable[[Site], Iterator[Finding]]


def validate(site: Site, *, document: dict[str, object], places: Places) -> Diagnostics:
    """Apply every rule to everything that is declared, used or not; what depends on a value nobody gave is passed over."""
    findings = Findings(places=places)
    return tuple(
        _located(finding, findings)
        for rule in RULES
        for finding in rule(site)
        if not isinstance(_value_at(document, finding.at), Unresolved)
        and not any(_has_unresolved(_value_at(document, pointer)) for pointer in finding.given)
    )


def _located(finding: Finding, findings: Findings) -> Diagnostic:
    """Place a finding."""
    make = error if finding.severity is Severity.ERROR else warning
    place = findings.location(finding.at, of_key=finding.at_key)
    return make(finding.code, finding.summary, at=place, hint=finding.hint)


def _value_at(document: object, pointer: Pointer) -> object:
    """Return the value that a pointer leads to, or the unresolved text that stands on the way to it."""
    for key in pointer:
        if isinstance(document, list) and isinstance(key, int):
            document = document[key]
        elif isinstance(document, dict):
            document = document.get(key)
    return document


def _has_unresolved(value: object) -> bool:
    """Say whether a value depends, somewhere in it, on a value nobody gave."""
    if isinstance(value, dict | list):
        return any(map(_has_unresolved, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Unresolved)


def character_sets_are_defined_terms(site: Site) -> Iterator[Finding]:
    """PS3.3 C.12.1.1.2: a character set has one of the defined terms."""
    for at, peer in site.peers.items():
        if not is_defined_term(peer.character_set):
            hint = did_you_mean(peer.character_set, filter(None, CODECS)) or "for example ISO_IR 192 (UTF-8)"
            summary = f"`{peer.character_set}` is no defined term of Specific Character Set (0008,0005)"
            yield Finding(at=(*at, "character_set"), code="DJ512", summary=summary, hint=hint)


def passcodes_travel_under_tls(site: Site) -> Iterator[Finding]:
    """PS3.7 D.3.3.7 sends the user identity as it is, so that only TLS protects it."""
    for at, peer in site.peers.items():
        if peer.user_identity and not peer.tls and Allowance.IDENTITY_WITHOUT_TLS not in peer.allow:
            summary = "the user identity would travel unprotected: this peer has no `tls`"
            hint = "add `tls:`, or say that it may: allow: [identity_without_tls]"
            given = ((*at, "allow"), (*at, "tls"))
            yield Finding(at=(*at, "user_identity"), code="DJ513", summary=summary, hint=hint, at_key=True, given=given)


def unverified_peers_are_allowed(site: Site) -> Iterator[Finding]:
    """TLS without a look at the peer's certificate hides patient data from everyone but the attacker."""
    for at, peer in site.peers.items():
        if peer.tls and not peer.tls.verify_peer and Allowance.UNVERIFIED_PEER not in peer.allow:
            summary = "anyone could pose as this peer: its certificate would not be looked at"
            hint = (
                "remove `verify_peer: false` and name the certificate under `trust:`, or add allow: [unverified_peer]"
            )
            given = ((*at, "allow"), (*at, "tls"))
            yield Finding(at=(*at, "tls", "verify_peer"), code="DJ514", summary=summary, hint=hint, given=given)


def verified_peers_can_be_verified(site: Site) -> Iterator[Finding]:
    """A certificate is verified against something."""
    for at, peer in site.peers.items():
        tls = peer.tls
        if tls and tls.verify_peer and not tls.trust and not tls.system_trust:
            summary = "there is nothing to verify this peer's certificate against: every handshake would fail"
            hint = "add trust: [ca.pem] with the authority that signed it, or system_trust: true"
            given = ((*at, "tls"),)
            yield Finding(at=(*at, "tls"), code="DJ515", summary=summary, hint=hint, at_key=True, given=given)


def negotiation_is_about_proposed_classes(site: Site) -> Iterator[Finding]:
    """PS3.7 D.3.3.4 and D.3.3.5: roles and extended negotiation are of abstract syntaxes that are proposed."""
    for at, profile in site.profiles.items():
        proposed = {context.abstract_syntax for context in profile.contexts}
        named = [("roles", item.sop_class_uid) for item in profile.roles]
        named += [("extended_negotiation", item.sop_class_uid) for item in profile.extended_negotiation]
        for key, uid in named:
            if uid not in proposed:
                summary = f"{name_of(uid)} is in `{key}` and in none of the presentation contexts"
                hint = "propose it under `presentation_contexts`, or leave it out here"
                given = ((*at, "presentation_contexts"),)
                yield Finding(at=(*at, key), code="DJ516", summary=summary, hint=hint, at_key=True, given=given)
        for key in ("roles", "extended_negotiation"):
            uids = [uid for where, uid in named if where == key]
            for uid in sorted({uid for uid in uids if uids.count(uid) > 1}):
                summary = f"`{key}` names {name_of(uid)} twice, by its name and by its UID"
                yield Finding(at=(*at, key), code="DJ517", summary=summary, hint="keep one of them", at_key=True)


LEVELS = {
    InformationModel.WORKLIST: (),
    InformationModel.PATIENT: (QueryLevel.PATIENT, QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE),
    InformationModel.STUDY: (QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE),
    InformationModel.PATIENT_STUDY_ONLY: (QueryLevel.PATIENT, QueryLevel.STUDY),
}
"""The levels of each information model, from the top (PS3.4 C.6.1.1, C.6.2.1, C.6.3.1)."""


def levels_suit_models(site: Site) -> Iterator[Finding]:
    """PS3.4 C.6: each information model has its own levels."""
    for at, query in site.queries.items():
        if query.level and query.level not in LEVELS[query.model]:
            known = ", ".join(level.value for level in LEVELS[query.model])
            summary = f"the information model `{query.model.value}` has no level {query.level.value}"
            hint = f"its levels are {known}" + (
                "; `model: patient` begins with PATIENT" if known.startswith("STUDY") else ""
            )
            given = ((*at, "model"), (*at, "level"))
            yield Finding(at=(*at, "level"), code="DJ518", summary=summary, hint=hint, given=given)


UNIQUE_KEYS = {
    QueryLevel.PATIENT: (0x00100020, "PatientID"),
    QueryLevel.STUDY: (0x0020000D, "StudyInstanceUID"),
    QueryLevel.SERIES: (0x0020000E, "SeriesInstanceUID"),
    QueryLevel.IMAGE: (0x00080018, "SOPInstanceUID"),
}
"""The unique key of each level (PS3.4 C.6.1.1, C.6.2.1)."""


def keys_of_higher_levels_are_given(site: Site) -> Iterator[Finding]:
    """PS3.4 C.4.1.2.2.1: a hierarchical query has a single value for the unique key of each level above its own."""
    for at, query in site.queries.items():
        for level in _levels_above(query):
            tag, keyword = UNIQUE_KEYS[level]
            values = next((e.values for e in query.identifier if e.tag == tag), ())
            if len(values) != 1 or set(values[0]) & set("*?"):
                summary = f"without one value for {keyword} this query is relational, which many peers refuse"
                hint = f"add `{keyword}` with a value to the keys, or ask at level {level.value}"
                yield Finding(at=(*at, "level"), code="DJ519", summary=summary, hint=hint, severity=Severity.WARNING)


def _levels_above(query: Query) -> tuple[QueryLevel, ...]:
    """Return the levels of the query's model above its own."""
    levels = LEVELS[query.model]
    return levels[: levels.index(query.level)] if query.level in levels else ()


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


RUN_FILES = frozenset(
    {"plan.json", "plan-instances.jsonl", "events.jsonl", "report.json", "instances.csv", "junit.xml"}
)
"""What a run directory holds anyway."""


def outputs_are_different_files(site: Site) -> Iterator[Finding]:
    """Two outputs in one file would overwrite each other."""
    first: dict[str, str] = {}
    for at, job in site.jobs.items():
        for place, output in enumerate(job.outputs if isinstance(job, FindJob) else ()):
            if output.file in first:
                summary = f"`{output.file}` is written twice: by the job `{first[output.file]}` and here"
                hint = "give one of them another name"
                yield Finding(at=(*at, "find", "outputs", place, "file"), code="DJ311", summary=summary, hint=hint)
            first.setdefault(output.file, job.name)
            if output.file in RUN_FILES:
                summary = f"`{output.file}` is a file that every run writes itself"
                hint = "give it another name, or a folder: ./" + output.file
                yield Finding(at=(*at, "find", "outputs", place, "file"), code="DJ313", summary=summary, hint=hint)


def columns_are_asked_for(site: Site) -> Iterator[Finding]:
    """PS3.4 C.2.2.1.3: a peer answers with the keys it was asked for, so another column stays empty."""
    for at, job in site.jobs.items():
        if isinstance(job, FindJob):
            asked = {_column(element.tag) for element in job.query.identifier}
            for number, output in enumerate(job.outputs):
                for place, column in enumerate(output.columns):
                    if column not in asked:
                        summary = f"the query does not ask for {column}, so this column will be empty"
                        pointer = (*at, "find", "outputs", number, "columns", place)
                        hint = f"add `{column}:` to the keys of the query `{job.query.name}`"
                        yield Finding(at=pointer, code="DJ520", summary=summary, hint=hint, severity=Severity.WARNING)


def _column(tag: int) -> str:
    """Return what a column of an attribute is called."""
    attribute = by_tag(tag)
    return attribute.keyword if attribute else f"{tag:08X}"


FIND_CLASSES = {
    InformationModel.WORKLIST: MODALITY_WORKLIST_FIND,
    InformationModel.PATIENT: PATIENT_ROOT_FIND,
    InformationModel.STUDY: STUDY_ROOT_FIND,
    InformationModel.PATIENT_STUDY_ONLY: PATIENT_STUDY_ONLY_FIND,
}
"""The SOP class that each information model is queried with (PS3.4 C.6, K.7)."""


def profiles_propose_what_queries_need(site: Site) -> Iterator[Finding]:
    """A query goes over a presentation context of its information model's SOP class."""
    for at, job in site.jobs.items():
        if isinstance(job, FindJob) and (profile := job.association_profile):
            uid = FIND_CLASSES[job.query.model]
            if uid not in {context.abstract_syntax for context in profile.contexts}:
                summary = f"the profile `{profile.name}` does not propose {name_of(uid)}, which the query needs"
                hint = "propose it, or leave the profile out: the query's own context is then proposed"
                yield Finding(at=(*at, "find", "association_profile"), code="DJ523", summary=summary, hint=hint)


def embedded_peers_speak_plain_dicom(site: Site) -> Iterator[Finding]:
    """Our own SCP for demos and tests has no TLS and knows no users."""
    for at, peer in site.peers.items():
        if peer.embedded_directory:
            for key, given in (("tls", peer.tls), ("user_identity", peer.user_identity)):
                if given:
                    summary = f"an embedded peer has no `{key}`"
                    yield Finding(at=(*at, key), code="DJ521", summary=summary, hint="leave it out", at_key=True)


RULES: tuple[Rule, ...] = (
    character_sets_are_defined_terms,
    passcodes_travel_under_tls,
    unverified_peers_are_allowed,
    verified_peers_can_be_verified,
    embedded_peers_speak_plain_dicom,
    negotiation_is_about_proposed_classes,
    levels_suit_models,
    keys_of_higher_levels_are_given,
    needed_jobs_exist,
    needs_lead_to_an_end,
    outputs_are_different_files,
    profiles_propose_what_queries_need,
    columns_are_asked_for,
)

"""The rules that queries and association profiles have to keep, from PS3.4 and PS3.7; they know no files."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.config.build import Site
from dicomjobs.config.findings import Finding
from dicomjobs.diagnostics import Severity
from dicomjobs.dicom.uids import is_uid, name_of
from dicomjobs.model.association import MAXIMUM_CONTEXTS, Over128Contexts, ProposalPolicy, Proposing
from dicomjobs.model.query import InformationModel, Negotiable, Query, QueryLevel


def negotiation_is_about_proposed_classes(site: Site) -> Iterator[Finding]:
    """PS3.7 D.3.3.4 and D.3.3.5: roles and extended negotiation are of abstract syntaxes that are proposed."""
    for at, profile in site.profiles.items():
        proposed = _proposed_classes(profile)
        named = [("roles", item.sop_class_uid) for item in profile.roles]
        named += [("extended_negotiation", item.sop_class_uid) for item in profile.extended_negotiation]
        for key, uid in named:
            if proposed and uid not in proposed and is_uid(uid):
                summary = f"{name_of(uid)} is in `{key}` and in none of the presentation contexts"
                hint = "propose it under `presentation_contexts`, or leave it out here"
                given = ((*at, "presentation_contexts"), (*at, "propose"))
                yield Finding(at=(*at, key), code="DJ516", summary=summary, hint=hint, at_key=True, given=given)
        for key in ("roles", "extended_negotiation"):
            uids = [uid for where, uid in named if where == key]
            for uid in sorted({uid for uid in uids if uids.count(uid) > 1}):
                summary = f"`{key}` names {name_of(uid)} twice, by its name and by its UID"
                yield Finding(at=(*at, key), code="DJ517", summary=summary, hint="keep one of them", at_key=True)


def _proposed_classes(profile: Proposing) -> set[str]:
    """Return the classes that a profile proposes, none when that depends on files."""
    if isinstance(profile, ProposalPolicy):
        return set(profile.sop_classes)
    return {context.abstract_syntax for context in profile.contexts}


def listed_classes_fit_an_association(site: Site) -> Iterator[Finding]:
    """PS3.8 9.3.2.2: an association has 128 presentation contexts, and a policy that splits nothing has to do with them."""
    for at, profile in site.profiles.items():
        if isinstance(profile, ProposalPolicy) and profile.over_128_contexts is Over128Contexts.FAIL:
            count = len(profile.sop_classes) * len(profile.transfer_syntaxes)
            if count > MAXIMUM_CONTEXTS:
                summary = f"these are {count} presentation contexts, and an association has at most {MAXIMUM_CONTEXTS}"
                hint = "name fewer SOP classes, or write `over_128_contexts: split`"
                given = ((*at, "propose"),)
                yield Finding(at=(*at, "propose", "sop_classes"), code="DJ541", summary=summary, hint=hint, given=given)


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
        for level in () if _is_free(query) else _levels_above(query):
            tag, keyword = UNIQUE_KEYS[level]
            values = next((e.values for e in query.identifier if e.tag == tag), ())
            if len(values) != 1 or set(values[0]) & set("*?"):
                summary = f"without one value for {keyword} this query is relational, which many peers refuse"
                hint = f"add `{keyword}` with a value to the keys, ask at level {level.value}, or `negotiate: [relational]`"
                yield Finding(at=(*at, "level"), code="DJ519", summary=summary, hint=hint, severity=Severity.WARNING)


def _is_free(query: Query) -> bool:
    """Say whether a query may lack unique keys: it says that it is relational, or goes as typed, or its files may have them."""
    return Negotiable.RELATIONAL in query.negotiate or bool(query.files) or not query.strict


def negotiation_suits_the_model(site: Site) -> Iterator[Finding]:
    """PS3.4 K.4.1: a worklist has no levels for a query to cross, and nothing that dates and times are combined for."""
    for at, query in site.queries.items():
        for place, each in enumerate(query.negotiate):
            if query.model is InformationModel.WORKLIST and each in {
                Negotiable.RELATIONAL,
                Negotiable.COMBINED_DATETIME,
            }:
                summary = f"a worklist query has no `{each.value}` to negotiate"
                hint = "leave it out: only fuzzy_names and timezone are for worklists"
                yield Finding(at=(*at, "negotiate", place), code="DJ561", summary=summary, hint=hint)


def _levels_above(query: Query) -> tuple[QueryLevel, ...]:
    """Return the levels of the query's model above its own."""
    levels = LEVELS[query.model]
    return levels[: levels.index(query.level)] if query.level in levels else ()

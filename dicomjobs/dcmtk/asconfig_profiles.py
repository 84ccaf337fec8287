"""The profiles of an association configuration file: which lists each one names, and whether these go together, as DCMTK checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dicomjobs.dcmtk.asconfig_advice import meant_list
from dicomjobs.dcmtk.asconfig_entries import Entry, Section, Tree
from dicomjobs.dcmtk.asconfig_file import AsconfigProfile, reference_of
from dicomjobs.dcmtk.asconfig_findings import Findings, on_one_line, value_place
from dicomjobs.dcmtk.asconfig_lists import Lists, tell_missing
from dicomjobs.dcmtk.asconfig_text import spoken
from dicomjobs.dicom.uids import name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of list that a profile may name: its key, the words for it, and DCMTK's error numbers."""

    key: str
    words: str
    undefined: int
    unproposed: int


_CONTEXTS = "PRESENTATIONCONTEXTS"
_ROLES = _Kind(key="SCPSCUROLESELECTION", words="role selection", undefined=1036, unproposed=1038)
_EXTENDED = _Kind(key="EXTENDEDNEGOTIATION", words="extended negotiation", undefined=1039, unproposed=1041)


def read_profiles(tree: Tree, lists: Lists, findings: Findings) -> dict[str, AsconfigProfile]:
    """Read every profile of a file, by the name DCMTK has."""
    profiles: dict[str, AsconfigProfile] = {}
    found = tree.first("PROFILES")
    if found is None:
        tell_missing("PROFILES", 1060, findings)
    for section in found.sections if found else ():
        before = len(findings.errors)
        profile = _profile(section, lists, findings)
        if profile is None or len(findings.errors) > before:
            continue
        if profile.name in profiles:
            _tell_twice(section, profile, findings)
        profiles.setdefault(profile.name, profile)
    return profiles


def _profile(section: Section, lists: Lists, findings: Findings) -> AsconfigProfile | None:
    """Return one profile, None without a list of contexts."""
    contexts = section.first(_CONTEXTS)
    if contexts is None:
        findings.error(
            "DJ529",
            f"the profile [{_name(section)}] names no presentation contexts",
            (section.header.start, section.header.end),
            dcmtk=f"no {_CONTEXTS}  entry in section {section.name} in config file",
            number=1061,
            hint="add PresentationContexts = NameOfTheList",
        )
        return None
    name = reference_of(contexts.value)
    if name not in lists.contexts:
        _tell_undefined(contexts, "presentation context", 1033, lists.contexts, findings)
    roles, extended = section.first(_ROLES.key), section.first(_EXTENDED.key)
    if roles is not None:
        by_name = {key: [each.sop_class_uid for each in items] for key, items in lists.roles.items()}
        _check(roles, _ROLES, by_name, name, lists, findings)
        _warn_of_repeated_roles(roles, name, lists, findings)
    if extended is not None:
        by_name = {key: [each.sop_class_uid for each in items] for key, items in lists.extended_negotiation.items()}
        _check(extended, _EXTENDED, by_name, name, lists, findings)
    return AsconfigProfile(
        name=section.name,
        written=_name(section),
        contexts=name,
        roles=_optional(roles),
        extended_negotiation=_optional(extended),
    )


def _name(section: Section) -> str:
    """Return the name of a profile as it is written."""
    return spoken(section.header.raw.strip())


def _optional(entry: Entry | None) -> str | None:
    """Return the list that an entry names; a name of nothing is taken for none once it was found to be a list's."""
    return (reference_of(entry.value) or None) if entry else None


def _check(
    entry: Entry, kind: _Kind, known: Mapping[str, list[str]], contexts: str, lists: Lists, findings: Findings
) -> None:
    """Check that a list is there, and has no abstract syntax that the profile does not propose."""
    name = reference_of(entry.value)
    if name not in known:
        _tell_undefined(entry, kind.words, kind.undefined, known, findings)
        return
    proposed = {context.abstract_syntax for context in lists.contexts.get(contexts, ())}
    if contexts in lists.doubtful or contexts not in lists.contexts:
        return
    for uid in known[name]:
        if uid not in proposed:
            findings.error(
                "DJ530",
                f"the {kind.words} list has {name_of(uid)}, which the profile's contexts do not have",
                value_place(entry),
                dcmtk=f"abstract syntax defined in role selection list '{name}' but not in presentation context list "
                f"'{contexts}': {uid}",
                number=kind.unproposed,
                hint="take it out of that list, or add a presentation context for it",
            )


def _warn_of_repeated_roles(entry: Entry, contexts: str, lists: Lists, findings: Findings) -> None:
    """Warn of roles that go out more than once: DCMTK sends one with each context of its class."""
    proposed = Counter(context.abstract_syntax for context in lists.contexts.get(contexts, ()))
    uids = [role.sop_class_uid for role in lists.roles.get(reference_of(entry.value), ())]
    if repeated := [name_of(uid) for uid in uids if proposed[uid] > 1]:
        summary = f"the role of {', '.join(repeated[:3])} is proposed with each of its contexts, so more than once"
        findings.warning(
            "DJ537", summary, value_place(entry), hint="one context with all its transfer syntaxes says it once"
        )


def _tell_undefined(entry: Entry, words: str, number: int, known: Iterable[str], findings: Findings) -> None:
    """Say that a list which a profile names is not there."""
    name = reference_of(entry.value)
    summary, hint = f"there is no list [{on_one_line(entry.value.strip())[:60]}] of {words}s", meant_list(name, known)
    if not name:
        summary = f"this names no list of {words}s, which to DCMTK is one without a name"
        hint = "leave the line out, or name a list"
    told = f"{words} key undefined: {name}"
    findings.error("DJ529", summary, value_place(entry), dcmtk=told, number=number, hint=hint)


def _tell_twice(section: Section, profile: AsconfigProfile, findings: Findings) -> None:
    """Say that there are two profiles of one name."""
    findings.error(
        "DJ530",
        f"there is a second profile [{profile.written}]",
        (section.header.start, section.header.end),
        dcmtk=f"two profiles defined for key: {profile.contexts}",
        number=1030,
        hint="give it another name: capitals, blanks and punctuation make no difference",
    )

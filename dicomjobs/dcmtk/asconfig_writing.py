"""An association profile as the text of a configuration file that DCMTK's programs accept, and that proposes the same.

It knows nothing of where the profile comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dicomjobs.dicom.dcmtk_names import dcmtk_name_of
from dicomjobs.model.association import AssociationProfile, ExtendedNegotiation, RoleSelection

LONGEST_INFORMATION = 1023
"""Bytes of extended negotiation that DCMTK reads for a SOP class."""

_CONTEXTS, _ROLES, _EXTENDED = "Contexts", "Roles", "ExtendedNegotiation"


def profile_name(name: str) -> str:
    """Return a name as DCMTK would keep it, so that it can be asked for: letters, digits, - and _ only."""
    return re.sub(r"[^A-Za-z0-9_-]", "", name) or "Profile"


def classes_with_several_contexts(profile: AssociationProfile) -> tuple[str, ...]:
    """Return the SOP classes for which storescp would refuse the profile: it can have one context for each."""
    classes = [context.abstract_syntax for context in profile.contexts]
    return tuple(uid for uid in dict.fromkeys(classes) if classes.count(uid) > 1)


def asconfig_lines(profile: AssociationProfile) -> Iterator[str]:
    """Yield the lines of a file with this one profile, without their line ends; names are those of every release since 3.6.7."""
    lists = {syntaxes: f"TransferSyntaxes{number}" for number, syntaxes in enumerate(_lists(profile), start=1)}
    yield "[[TransferSyntaxes]]"
    for syntaxes, name in lists.items():
        yield from _section(name, "TransferSyntax", map(_name, syntaxes))
    yield from ("", "[[PresentationContexts]]")
    contexts = (f"{_name(each.abstract_syntax)}\\{lists[each.transfer_syntaxes]}" for each in profile.contexts)
    yield from _section(_CONTEXTS, "PresentationContext", contexts)
    yield from _roles(profile.roles)
    yield from _extended(profile.extended_negotiation)
    yield from ("", "[[Profiles]]", "", f"[{profile_name(profile.name)}]", f"PresentationContexts = {_CONTEXTS}")
    if profile.roles:
        yield f"SCPSCURoleSelection = {_ROLES}"
    if profile.extended_negotiation:
        yield f"ExtendedNegotiation = {_EXTENDED}"


def _lists(profile: AssociationProfile) -> Iterator[tuple[str, ...]]:
    """Yield the different lists of transfer syntaxes."""
    yield from dict.fromkeys(context.transfer_syntaxes for context in profile.contexts)


def _section(name: str, key: str, values: Iterator[str]) -> Iterator[str]:
    """Yield a numbered list."""
    yield from ("", f"[{name}]")
    yield from (f"{key}{number} = {value}" for number, value in enumerate(values, start=1))


def _roles(roles: Sequence[RoleSelection]) -> Iterator[str]:
    """Yield the roles, if there are any."""
    if roles:
        yield from ("", "[[SCPSCURoleSelection]]")
        yield from _section(_ROLES, "Role", (f"{_name(each.sop_class_uid)}\\{each.role.name}" for each in roles))


def _extended(items: Sequence[ExtendedNegotiation]) -> Iterator[str]:
    """Yield the extended negotiation, if there is any."""
    if items:
        yield from ("", "[[ExtendedNegotiation]]")
        values = (f"{_name(each.sop_class_uid)}\\{each.information}" for each in items)
        yield from _section(_EXTENDED, "ExtendedNegotiation", values)


def _name(uid: str) -> str:
    """Return DCMTK's name of a UID, the UID itself where it has none in all releases."""
    return dcmtk_name_of(uid) or uid

"""Association profiles as model values; it knows how they are written and not what an association can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dicomjobs.config.cursor import Cursor
from dicomjobs.config.places import Pointer
from dicomjobs.config.resolve import References
from dicomjobs.config.suggest import nearest
from dicomjobs.dicom.sop_classes import DCMTK_64
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.dicom.uids import UidKind, kind_of, uid_names, uid_of
from dicomjobs.model.association import (
    AssociationProfile,
    ContextTemplate,
    ExtendedNegotiation,
    Over128Contexts,
    ProposalPolicy,
    Proposing,
    Role,
    RoleSelection,
)

_CLASSES = (UidKind.STORAGE, UidKind.SOP_CLASS)


_WORDS_FOR_CLASSES = {"from_files": (), "dcmtk_64": DCMTK_64}
_WORDS_FOR_FALLBACK = {"none": (), "uncompressed": FALLBACK}


def build_profile(
    at: Cursor, *, name: str, root: Cursor, references: References, asconfig: Mapping[Pointer, AssociationProfile]
) -> Proposing:
    """Return the profile that a mapping means, or the policy by which one is made from the files.

    One from an asconfig file is empty as long as the file is not known, or wrong.
    """
    if at.get("asconfig") is not None:
        nothing = AssociationProfile(name=name, contexts=(), roles=(), extended_negotiation=())
        return replace(asconfig.get(at.pointer, nothing), name=name)
    roles = tuple(
        RoleSelection(sop_class_uid=_class_of_key(key, value), role=value.word(Role))
        for key, value in _entries(at, "roles")
    )
    extended_negotiation = tuple(
        ExtendedNegotiation(sop_class_uid=_class_of_key(key, value), information=value.text())
        for key, value in _entries(at, "extended_negotiation")
    )
    if (propose := at.get("propose")) is not None:
        return _policy(propose, name, roles, extended_negotiation)
    contexts = at.get("presentation_contexts")
    return AssociationProfile(
        name=name,
        contexts=tuple(_context(c, root, references) for c in contexts.items()) if contexts else (),
        roles=roles,
        extended_negotiation=extended_negotiation,
    )


def _policy(
    at: Cursor, name: str, roles: tuple[RoleSelection, ...], extended_negotiation: tuple[ExtendedNegotiation, ...]
) -> ProposalPolicy:
    """Return what `propose:` means; a SOP class that is listed twice is proposed once."""
    classes, fallback = at["sop_classes"], at["fallback"]
    known = _WORDS_FOR_CLASSES.get(classes.text())
    words = _WORDS_FOR_FALLBACK.get(fallback.text())
    return ProposalPolicy(
        name=name,
        sop_classes=tuple(dict.fromkeys(map(abstract_syntax, classes.items()))) if known is None else known,
        preferred=tuple(dict.fromkeys(map(transfer_syntax, at["preferred"].items()))),
        fallback=tuple(dict.fromkeys(map(transfer_syntax, fallback.items()))) if words is None else words,
        combine=at["combine"].flag(),
        over_128_contexts=at["over_128_contexts"].word(Over128Contexts),
        roles=roles,
        extended_negotiation=extended_negotiation,
    )


def _entries(at: Cursor, key: str) -> tuple[tuple[str, Cursor], ...]:
    """Return the entries of a mapping that may be left out."""
    found = at.get(key)
    return tuple(found.entries()) if found else ()


def _context(at: Cursor, root: Cursor, references: References) -> ContextTemplate:
    """Return one presentation context, its list of transfer syntaxes looked up."""
    named = at["transfer_syntaxes"].pointer
    syntaxes = follow(root, references[named]) if named in references else None
    return ContextTemplate(
        abstract_syntax=abstract_syntax(at["abstract_syntax"]),
        transfer_syntaxes=tuple(map(transfer_syntax, syntaxes.items())) if syntaxes else (),
    )


def follow(root: Cursor, pointer: Pointer) -> Cursor:
    """Step from the root to where a pointer leads."""
    at = root
    for key in pointer:
        at = at[key]
    return at


def abstract_syntax(at: Cursor) -> str:
    """Return the UID of an abstract syntax; a transfer syntax in its place is a mistake."""
    uid = _uid(at, at.text(), _CLASSES, "SOP class", at_key=False)
    if kind_of(uid) is UidKind.TRANSFER_SYNTAX:
        at.error(
            "DJ511", f"`{at.text()}` is a transfer syntax, an abstract syntax is wanted here", hint="name a SOP class"
        )
    return uid


def transfer_syntax(at: Cursor) -> str:
    """Return the UID of a transfer syntax; any other registered UID in its place is a mistake."""
    uid = _uid(at, at.text(), (UidKind.TRANSFER_SYNTAX,), "transfer syntax", at_key=False)
    if kind_of(uid) not in {UidKind.TRANSFER_SYNTAX, None}:
        at.error("DJ510", f"`{at.text()}` is no transfer syntax", hint="for example ExplicitVRLittleEndian")
    return uid


def _class_of_key(key: str, value: Cursor) -> str:
    """Return the UID of a SOP class that is written as a key."""
    return _uid(value, key, _CLASSES, "SOP class", at_key=True)


def _uid(at: Cursor, name: str, kinds: tuple[UidKind, ...], noun: str, *, at_key: bool) -> str:
    """Return the UID of a name, complaining when it has none."""
    uid = uid_of(name)
    if uid is None:
        meant = nearest(name, uid_names(*kinds))
        advice = f"did you mean `{meant}`?" if meant else "write a name of PS3.6 or of DCMTK, or the UID itself"
        at.error("DJ509", f"there is no {noun} `{name}`", hint=advice, at_key=at_key)
    return uid or name

"""What an association configuration file says: its lists by the names DCMTK knows them under, and profiles made of them.

It knows nothing of how the file is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dicomjobs.model.association import (
    AssociationProfile,
    ContextTemplate,
    ExtendedNegotiation,
    RoleSelection,
)

LONGEST_UID = 64
"""Characters of a UID that DCMTK lets go over the wire; more are cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsconfigContext:
    """An entry of a list of presentation contexts: a UID, and the name of a list of transfer syntaxes."""

    abstract_syntax: str
    transfer_syntaxes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AsconfigProfile:
    """A profile: the names of its lists, None for one that it does not have; `written` is its own name as in the file."""

    name: str
    written: str
    contexts: str
    roles: str | None
    extended_negotiation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asconfig:
    """A whole file; every name is as DCMTK has it, `written` says how the file spells the names of lists of transfer syntaxes."""

    transfer_syntaxes: Mapping[str, tuple[str, ...]]
    contexts: Mapping[str, tuple[AsconfigContext, ...]]
    roles: Mapping[str, tuple[RoleSelection, ...]]
    extended_negotiation: Mapping[str, tuple[ExtendedNegotiation, ...]]
    profiles: Mapping[str, AsconfigProfile]
    written: Mapping[str, str]

    def association_profile(self, profile: AsconfigProfile, *, name: str) -> AssociationProfile:
        """Return what a profile proposes, under a name of our own."""
        return AssociationProfile(
            name=name,
            contexts=tuple(
                ContextTemplate(
                    abstract_syntax=context.abstract_syntax[:LONGEST_UID],
                    transfer_syntaxes=tuple(
                        uid[:LONGEST_UID] for uid in self.transfer_syntaxes[context.transfer_syntaxes]
                    ),
                )
                for context in self.contexts[profile.contexts]
            ),
            roles=self.roles[profile.roles] if profile.roles is not None else (),
            extended_negotiation=(
                self.extended_negotiation[profile.extended_negotiation]
                if profile.extended_negotiation is not None
                else ()
            ),
        )


def reference_of(text: str) -> str:
    """Return the name that a reference means: blanks and line ends are left out, letters made capitals, everything else stays."""
    return "".join(character for character in text if character not in " \t\n\v\f\r").translate(_CAPITALS)


_CAPITALS = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}

"""Which presentation contexts a set of files needs, packed into as few associations as 128 contexts each allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, FALLBACK, is_native
from dicomjobs.model.association import MAXIMUM_CONTEXTS, AssociationProfile, ContextTemplate, Proposal, ProposedContext
from dicomjobs.plan.route import NativeRoute, wanted_syntaxes


@dataclass(slots=True)
class ContextNeeds:
    """The distinct contexts that files ask for, numbered in order of first appearance.

    Native files of a SOP class share one context whose transfer syntaxes are those found, then the uncompressed fallback.
    Each encapsulated transfer syntax has a context of its own, so that the peer cannot choose away from the files.
    """

    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _found: list[dict[str, None]] = field(default_factory=list)

    def number(self, sop_class_uid: str, transfer_syntax: str) -> int:
        """Return the number of the context that such a file goes on."""
        shared = is_native(transfer_syntax) and transfer_syntax != DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
        key = (sop_class_uid, "" if shared else transfer_syntax)
        number = self._numbers.setdefault(key, len(self._found))
        if number == len(self._found):
            self._found.append({})
        self._found[number][transfer_syntax] = None
        return number

    def templates(self) -> tuple[ContextTemplate, ...]:
        """Return what to propose for each number."""
        return tuple(
            ContextTemplate(abstract_syntax=sop_class, transfer_syntaxes=_with_fallback(tuple(found)))
            for (sop_class, _), found in zip(self._numbers, self._found, strict=True)
        )


def _with_fallback(found: tuple[str, ...]) -> tuple[str, ...]:
    """Add the uncompressed fallback to native transfer syntaxes, without repeating one."""
    return tuple(dict.fromkeys(found + FALLBACK)) if is_native(found[0]) else found


def number_contexts(templates: Iterable[ContextTemplate]) -> tuple[ProposedContext, ...]:
    """Give templates the IDs 1, 3, 5, … in their order."""
    return tuple(
        ProposedContext(
            context_id=2 * position + 1,
            abstract_syntax=template.abstract_syntax,
            transfer_syntaxes=template.transfer_syntaxes,
        )
        for position, template in enumerate(templates)
    )


def planned_context(
    contexts: Sequence[ProposedContext],
    sop_class_uid: str,
    transfer_syntax: str,
    *,
    natives: NativeRoute = NativeRoute.OWN_SYNTAX,
) -> int:
    """Return the ID of the context a file goes on if the peer accepts all of them, 0 when none fits."""
    offers = [context for context in contexts if context.abstract_syntax == sop_class_uid]
    for wanted in wanted_syntaxes(transfer_syntax, natives):
        for context in offers:
            if not wanted.isdisjoint(context.transfer_syntaxes):
                return context.context_id
    return 0


def proposal_of_profile(profile: AssociationProfile) -> Proposal:
    """Return what a profile proposes: its contexts with their IDs, and for each of them the role of its SOP class.

    A class with two contexts has its role selection item twice (PS3.7 D.3.3.4), as DCMTK sends it.
    """
    roles = {role.sop_class_uid: role for role in profile.roles}
    classes = (context.abstract_syntax for context in profile.contexts)
    return Proposal(
        contexts=number_contexts(profile.contexts),
        roles=tuple(roles[uid] for uid in classes if uid in roles),
        extended_negotiation=profile.extended_negotiation,
    )


@dataclass(slots=True)
class Packing:
    """Need numbers gathered into groups of at most `limit`; what belongs together stays together while it fits."""

    limit: int = MAXIMUM_CONTEXTS
    groups: list[dict[int, None]] = field(default_factory=list)
    _placed: dict[frozenset[int], dict[int, int]] = field(default_factory=dict)

    def place(self, needs: frozenset[int]) -> dict[int, int]:
        """Return the group of each need; the needs of one study share a group unless they are more than the limit."""
        if needs not in self._placed:
            ordered = sorted(needs)
            parts = [ordered[start : start + self.limit] for start in range(0, len(ordered), self.limit)]
            self._placed[needs] = {need: group for part in parts for group in [self._fit(part)] for need in part}
        return self._placed[needs]

    def _fit(self, part: list[int]) -> int:
        """Return the first group that has room for what is new in `part`, opening one when none has."""
        for number, group in enumerate(self.groups):
            if len(group) + sum(need not in group for need in part) <= self.limit:
                group.update(dict.fromkeys(part))
                return number
        self.groups.append(dict.fromkeys(part))
        return len(self.groups) - 1

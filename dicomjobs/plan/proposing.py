"""What a store job proposes, and which of those contexts each file goes on: one class for each way in which a job can say so.

A need is a number that files share which go on the same context. It knows neither rows nor where they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, assert_never

from dicomjobs.dicom.transfer_syntaxes import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.association import (
    MAXIMUM_CONTEXTS,
    AssociationProfile,
    ContextTemplate,
    Over128Contexts,
    Proposal,
    ProposalPolicy,
    ProposedContext,
    Proposing,
)
from dicomjobs.plan.contexts import (
    ContextNeeds,
    Packing,
    number_contexts,
    planned_context,
    proposal_of_profile,
)
from dicomjobs.plan.route import NativeRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The proposals of a job's associations: `ids` has the context ID of each need, `placed` tells a study's need its proposal."""

    proposals: Sequence[Proposal]
    ids: Sequence[dict[int, int]]
    placed: Callable[[frozenset[int], int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TooManyContexts:
    """The job does not want the contexts it needs on more than one association; `words` say how many they are."""

    words: str


class Scheme(Protocol):
    """One way to come from files to proposals."""

    def need(self, sop_class_uid: str, transfer_syntax: str) -> int | str:
        """Return the need of such a file, or a sentence that says why no context is proposed for it."""

    def proposed(self, needs_of_study: Sequence[frozenset[int]]) -> Proposed | TooManyContexts:
        """Return what to propose, once all files were met, for studies with these needs."""

    @property
    def natives(self) -> NativeRoute:
        """Which accepted context native files take first."""


def scheme_of(proposing: Proposing | None) -> Scheme:
    """Return the scheme that a job's association profile means; without one, what the files need is proposed."""
    match proposing:
        case None:
            return _FromNeeds()
        case AssociationProfile():
            return _Fixed(name=proposing.name, proposal=proposal_of_profile(proposing))
        case ProposalPolicy():
            return _FromPolicy(
                policy=proposing, classes={uid: number for number, uid in enumerate(proposing.sop_classes)}
            )
        case _:
            assert_never(proposing)


@dataclass(frozen=True, slots=True)
class _FromNeeds:
    """Whatever the files need, in as few associations as it takes."""

    needs: ContextNeeds = field(default_factory=ContextNeeds)

    @property
    def natives(self) -> NativeRoute:
        """As they are, when the peer takes them so."""
        return NativeRoute.OWN_SYNTAX

    def need(self, sop_class_uid: str, transfer_syntax: str) -> int | str:
        """Every file has a context."""
        return self.needs.number(sop_class_uid, transfer_syntax)

    def proposed(self, needs_of_study: Sequence[frozenset[int]]) -> Proposed | TooManyContexts:
        """What a study needs shares an association while it fits."""
        packing, templates = Packing(), self.needs.templates()
        for needs in needs_of_study:
            packing.place(needs)
        return Proposed(
            proposals=[Proposal(contexts=number_contexts(map(templates.__getitem__, g))) for g in packing.groups],
            ids=[{need: 2 * position + 1 for position, need in enumerate(group)} for group in packing.groups],
            placed=lambda study, need: packing.place(study)[need],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixed:
    """A profile as it stands; a need is a context ID."""

    name: str
    proposal: Proposal

    @property
    def natives(self) -> NativeRoute:
        """As they are, when the peer takes them so."""
        return NativeRoute.OWN_SYNTAX

    def need(self, sop_class_uid: str, transfer_syntax: str) -> int | str:
        """The context that fits best."""
        words = f"the association profile {self.name} has no presentation context for"
        contexts = self.proposal.contexts
        return planned_context(contexts, sop_class_uid, transfer_syntax) or _unfit(
            contexts, sop_class_uid, transfer_syntax, words
        )

    def proposed(self, needs_of_study: Sequence[frozenset[int]]) -> Proposed | TooManyContexts:
        """The same for all."""
        del needs_of_study
        ids = {context.context_id: context.context_id for context in self.proposal.contexts}
        return Proposed(proposals=[self.proposal], ids=[ids], placed=lambda _study, _need: 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FromPolicy:
    """The contexts that a policy has for each SOP class, side by side; `classes` are numbered as listed, or as they are met.

    A need is the place that the context would have if those of all classes were on one association.
    """

    policy: ProposalPolicy
    classes: dict[str, int]

    def need(self, sop_class_uid: str, transfer_syntax: str) -> int | str:
        """A class that the files bring is proposed even if none of its contexts fits the file."""
        if not self.policy.sop_classes:
            self.classes.setdefault(sop_class_uid, len(self.classes))
        number = self.classes.get(sop_class_uid)
        contexts = number_contexts(self._templates(sop_class_uid)) if number is not None else ()
        context_id = planned_context(contexts, sop_class_uid, transfer_syntax, natives=self.natives)
        if number is None or not context_id:
            words = f"`propose` ({self.policy.name}) makes no presentation context for"
            return _unfit(contexts, sop_class_uid, transfer_syntax, words)
        return number * len(self.policy.transfer_syntaxes) + context_id // 2

    def proposed(self, needs_of_study: Sequence[frozenset[int]]) -> Proposed | TooManyContexts:
        """The contexts of one class stay together, and the classes of one study while they fit."""
        each = len(self.policy.transfer_syntaxes)
        count = len(self.classes) * each
        if count > MAXIMUM_CONTEXTS and self.policy.over_128_contexts is Over128Contexts.FAIL:
            words = (
                f"{count} presentation contexts are to be proposed, and an association has at most {MAXIMUM_CONTEXTS}"
            )
            return TooManyContexts(words=words)
        packing = Packing(limit=MAXIMUM_CONTEXTS // each)

        @cache
        def placed(needs: frozenset[int], need: int) -> int:
            number = need // each
            together = {number} if self.policy.sop_classes else {other // each for other in needs}
            return packing.place(frozenset(together))[number]

        for needs in needs_of_study:
            for need in needs:
                placed(needs, need)
        for number in self.classes.values():  # also those that no file, or none that fits, has brought
            if not any(number in group for group in packing.groups):
                packing.place(frozenset({number}))
        groups = list(map(sorted, packing.groups))
        ids = [
            {number * each + n: 2 * (place * each + n) + 1 for place, number in enumerate(group) for n in range(each)}
            for group in groups
        ]
        return Proposed(proposals=list(map(self._proposal, groups)), ids=ids, placed=placed)

    @property
    def natives(self) -> NativeRoute:
        """A policy that prefers deflated wants native files deflated."""
        return NativeRoute.DEFLATED if self.policy.preferred[0] == DEFLATED else NativeRoute.OWN_SYNTAX

    def _proposal(self, group: Sequence[int]) -> Proposal:
        """Return the proposal with the contexts of these classes."""
        classes = list(self.classes)
        templates = [template for number in group for template in self._templates(classes[number])]
        proposed = {classes[number] for number in group}
        policy = self.policy
        return Proposal(
            contexts=number_contexts(templates),
            roles=tuple(role for role in policy.roles if role.sop_class_uid in proposed),
            extended_negotiation=tuple(e for e in policy.extended_negotiation if e.sop_class_uid in proposed),
        )

    def _templates(self, sop_class_uid: str) -> list[ContextTemplate]:
        """Return the contexts of one class."""
        return [
            ContextTemplate(abstract_syntax=sop_class_uid, transfer_syntaxes=syntaxes)
            for syntaxes in self.policy.transfer_syntaxes
        ]


def _unfit(contexts: Sequence[ProposedContext], sop_class_uid: str, transfer_syntax: str, words: str) -> str:
    """Say why a file goes on none of these contexts."""
    offered = [name_of(ts) for c in contexts if c.abstract_syntax == sop_class_uid for ts in c.transfer_syntaxes]
    what = f"only {', '.join(dict.fromkeys(offered))}" if offered else "nothing"
    return f"{words} {name_of(sop_class_uid)} in {name_of(transfer_syntax)}; it proposes {what} for this SOP class"

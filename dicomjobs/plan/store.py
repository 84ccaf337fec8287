"""From a store job and a stream of surveyed files to a step and its rows; memory stays small however many files there are."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Protocol

from dicomjobs.dicom.uids import name_of
from dicomjobs.model.association import Proposal, ProposedContext
from dicomjobs.model.job import Duplicates, StoreJob
from dicomjobs.plan.contexts import ContextNeeds, Packing, contexts_of_profile, number_contexts, planned_context
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedAssociation, PlannedInstance, StoreStep

SKIPPED_WHEN_FOUND = frozenset({"not_dicom", "media_storage_directory", "not_a_regular_file"})
"""Problems that are no failure in a file that a scan came across, but are one in a file that was named outright."""

SKIPPED_ALWAYS = frozenset({"filtered_out", "too_young", "symlink_outside"})
"""Problems that mean the file was never asked for."""

_UNSENT = 0xFFFF_FFFF


class RowStore(Protocol):
    """Rows that can be added to and read back by number; a temporary file or the plan's own."""

    def append(self, row: PlannedInstance) -> int:
        """Add a row and return its number."""

    def __getitem__(self, number: int) -> PlannedInstance:
        """Read a row back."""

    def __len__(self) -> int:
        """How many rows there are."""

    def close(self) -> None:
        """Let go of the rows."""


@dataclass(slots=True)
class _Draft:
    """The rows of a job before they are put in order: on disk but for twelve bytes each."""

    rows: RowStore
    need: array[int] = field(default_factory=lambda: array("I"))
    study: array[int] = field(default_factory=lambda: array("I"))
    needs_of_study: list[frozenset[int]] = field(default_factory=list)
    _studies: dict[int, int] = field(default_factory=dict)
    _interned: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def add(self, row: PlannedInstance, need: int) -> None:
        """Add a row that will be sent on the context of this number."""
        self.rows.append(row)
        number = self._studies.setdefault(hash(row.study_instance_uid), len(self._studies))
        if number == len(self.needs_of_study):
            self.needs_of_study.append(frozenset())
        needs = self.needs_of_study[number]
        if need not in needs:
            wider = needs | {need}
            self.needs_of_study[number] = self._interned.setdefault(wider, wider)
        self.need.append(need)
        self.study.append(number)

    def add_excluded(self, row: PlannedInstance) -> None:
        """Add a row that will not be sent."""
        self.rows.append(row)
        self.need.append(_UNSENT)
        self.study.append(0)


def plan_store(
    job: StoreJob, files: Iterable[SurveyedFile], *, rows: RowStore, scratch: Callable[[], RowStore]
) -> StoreStep:
    """Append the job's rows to `rows`, in sending order, and return the step that describes them."""
    with closing(scratch()) as drafted:
        return _plan_drafted(job, files, _Draft(rows=drafted), rows)


def _plan_drafted(job: StoreJob, files: Iterable[SurveyedFile], draft: _Draft, rows: RowStore) -> StoreStep:
    """Plan with a place for the rows before they are in order."""
    if job.association_profile is None:
        needs = ContextNeeds()
        _draft_rows(job, files, draft, lambda row: needs.number(row.sop_class_uid, row.transfer_syntax))
        groups, placed = _pack(draft)
        templates = needs.templates()
        contexts = [number_contexts(templates[need] for need in group) for group in groups]
        proposals = [Proposal(contexts=each) for each in contexts]
    else:
        profile = job.association_profile
        fixed = contexts_of_profile(profile)
        need_in_profile = cache(partial(_need_in_profile, contexts=fixed, profile=profile.name))
        _draft_rows(job, files, draft, lambda row: need_in_profile(row.sop_class_uid, row.transfer_syntax))
        groups, placed = [{context.context_id: None for context in fixed}], lambda _study, _need: 0
        proposals = [Proposal(contexts=fixed, roles=profile.roles, extended_negotiation=profile.extended_negotiation)]
    ids = [{need: 2 * position + 1 for position, need in enumerate(group)} for group in groups]
    return _write_in_order(job, draft, rows, proposals=proposals, ids=ids, placed=placed)


def _draft_rows(
    job: StoreJob, files: Iterable[SurveyedFile], draft: _Draft, need_of: Callable[[PlannedInstance], int | str]
) -> None:
    """Decide for each file whether it goes out, and on which context."""
    seen: dict[int, int] = {}
    for file in files:
        row = _row(file)
        if row.excluded is Excluded.NO and job.duplicates is Duplicates.SKIP:
            row = _mark_duplicate(row, draft, seen)
        need = need_of(row) if row.excluded is Excluded.NO else ""
        match need:
            case int():
                draft.add(row, need)
            case "":
                draft.add_excluded(row)
            case words:
                draft.add_excluded(
                    replace(row, excluded=Excluded.FAILED, reason="no_presentation_context", words=words)
                )


def _row(file: SurveyedFile) -> PlannedInstance:
    """Turn a surveyed file into a row, excluded when it has a problem."""
    excluded = Excluded.NO
    if file.problem:
        skipped = file.problem in SKIPPED_ALWAYS or (file.problem in SKIPPED_WHEN_FOUND and not file.named)
        excluded = Excluded.SKIPPED if skipped else Excluded.FAILED
    return PlannedInstance(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        offset=file.offset,
        sop_class_uid=file.sop_class_uid,
        sop_instance_uid=file.sop_instance_uid,
        study_instance_uid=file.study_instance_uid,
        series_instance_uid=file.series_instance_uid,
        transfer_syntax=file.transfer_syntax,
        excluded=excluded,
        reason=file.problem,
        words=file.words,
    )


def _mark_duplicate(row: PlannedInstance, draft: _Draft, seen: dict[int, int]) -> PlannedInstance:
    """Exclude a row whose SOP Instance UID an earlier row has; a hash that collides is told apart by reading that row."""
    number = seen.setdefault(hash(row.sop_instance_uid), len(draft.rows))
    if number == len(draft.rows):
        return row
    first = draft.rows[number]
    if first.sop_instance_uid != row.sop_instance_uid:
        return row
    words = f"the same SOP Instance UID as {first.path}"
    return replace(row, excluded=Excluded.SKIPPED, reason="duplicate", words=words)


def _need_in_profile(
    sop_class_uid: str, transfer_syntax: str, *, contexts: tuple[ProposedContext, ...], profile: str
) -> int | str:
    """Return the context ID in a fixed profile, or a sentence that says why there is none."""
    context_id = planned_context(contexts, sop_class_uid, transfer_syntax)
    if context_id:
        return context_id
    offered = [name_of(ts) for c in contexts if c.abstract_syntax == sop_class_uid for ts in c.transfer_syntaxes]
    what = f"only {', '.join(dict.fromkeys(offered))}" if offered else "nothing"
    need = f"{name_of(sop_class_uid)} in {name_of(transfer_syntax)}"
    return f"the association profile {profile} has no presentation context for {need}; it proposes {what} for this SOP class"


def _pack(draft: _Draft) -> tuple[list[dict[int, None]], Callable[[int, int], int]]:
    """Pack the needs of all studies into groups; the second value tells the group of a study's need."""
    packing = Packing()
    for needs in draft.needs_of_study:
        packing.place(needs)
    return packing.groups, lambda study, need: packing.place(draft.needs_of_study[study])[need]


def _write_in_order(
    job: StoreJob,
    draft: _Draft,
    rows: RowStore,
    *,
    proposals: list[Proposal],
    ids: list[dict[int, int]],
    placed: Callable[[int, int], int],
) -> StoreStep:
    """Write the rows by association, then study, then as surveyed, the excluded ones last."""
    first = len(rows)
    order = sorted(_sort_keys(draft, placed))
    associations: list[PlannedAssociation] = []
    for group, members in _by_group(order):
        if group == _UNSENT:
            for number in members:
                rows.append(draft.rows[number])
            continue
        begin, size, studies = len(rows), 0, set[int]()
        for number in members:
            row = draft.rows[number]
            rows.append(replace(row, context_id=ids[group][draft.need[number]]))
            size += row.size - row.offset
            studies.add(draft.study[number])
        associations.append(
            PlannedAssociation(
                number=len(associations) + 1,
                proposal=proposals[group],
                first=begin,
                count=len(rows) - begin,
                bytes=size,
                studies=len(studies),
            )
        )
    return StoreStep(
        associations=tuple(associations),
        first=first,
        count=len(rows) - first,
        bytes=sum(each.bytes for each in associations),
        on_failure=job.on_failure,
        if_empty=job.if_empty,
        end_with=job.end_with,
    )


def _sort_keys(draft: _Draft, placed: Callable[[int, int], int]) -> Iterator[int]:
    """One integer a row, group · study · row: it sorts like the tuple would at a third of its memory."""
    for number, (need, study) in enumerate(zip(draft.need, draft.study, strict=True)):
        group = _UNSENT if need == _UNSENT else placed(study, need)
        yield group << 64 | study << 32 | number


def _by_group(order: list[int]) -> Iterator[tuple[int, Iterator[int]]]:
    """Yield each group with its row numbers; the rows of a group must be taken before the next group."""
    position = 0
    while position < len(order):
        group = order[position] >> 64
        end = position
        while end < len(order) and order[end] >> 64 == group:
            end += 1
        yield group, (key & 0xFFFF_FFFF for key in order[position:end])
        position = end

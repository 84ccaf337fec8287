"""From a store job and a stream of surveyed files to a step and its rows; memory stays small however many files there are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, assert_never

from dicomjobs.model.job import Duplicates, StoreJob
from dicomjobs.model.send_set import Order
from dicomjobs.plan.inventory import Inventory, SurveyedFile
from dicomjobs.plan.plan import Excluded, PlannedAssociation, PlannedInstance, StoreStep
from dicomjobs.plan.proposing import Proposed, TooManyContexts, scheme_of
from dicomjobs.plan.row_codec import decode_path, decode_row, encode_fate, encode_found

SKIPPED_WHEN_FOUND = frozenset({"not_dicom", "media_storage_directory", "not_a_regular_file"})
"""Problems that are no failure in a file that a scan came across, but are one in a file that was named outright."""

SKIPPED_ALWAYS = frozenset({"filtered_out", "too_young", "symlink_outside", "symlink_skipped"})
"""Problems that mean the file was never asked for."""

_UNSENT = 0xFFFF_FFFF


class RowStore(Protocol):
    """Lines of ASCII, a row each, that can be added to and read back by number; a temporary file or the plan's own."""

    def append_line(self, line: bytes) -> None:
        """Add a line, given without its newline."""

    def lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Read lines back in the order asked for, without their newlines; neighbours cost least."""

    def __len__(self) -> int:
        """How many lines there are."""

    def close(self) -> None:
        """Let go of the lines."""


@dataclass(slots=True)
class _Draft:
    """The rows of a job before they are put in order: on disk but for twenty bytes each.

    The line of a row that will be sent lacks its end, the context ID, until all needs are known.
    """

    rows: RowStore
    need: array[int] = field(default_factory=lambda: array("I"))
    study: array[int] = field(default_factory=lambda: array("I"))
    size: array[int] = field(default_factory=lambda: array("Q"))
    needs_of_study: list[frozenset[int]] = field(default_factory=list)
    _studies: dict[int, int] = field(default_factory=dict)
    _interned: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def add(self, file: SurveyedFile, need: int) -> None:
        """Add a file that will be sent on the context of this number."""
        self.rows.append_line(encode_found(file).encode("ascii"))
        number = self._studies.setdefault(hash(file.study_instance_uid), len(self._studies))
        if number == len(self.needs_of_study):
            self.needs_of_study.append(frozenset())
        needs = self.needs_of_study[number]
        if need not in needs:
            wider = needs | {need}
            self.needs_of_study[number] = self._interned.setdefault(wider, wider)
        self.need.append(need)
        self.study.append(number)
        self.size.append(file.size - file.offset)

    def add_left_out(self, file: SurveyedFile, excluded: Excluded, reason: str, words: str) -> None:
        """Add a file that will not be sent."""
        self.rows.append_line((encode_found(file) + encode_fate(0, excluded, reason, words)).encode("ascii"))
        self.need.append(_UNSENT)
        self.study.append(0)
        self.size.append(0)

    def row(self, number: int) -> PlannedInstance:
        """Read back a row, its context ID not known yet."""
        (line,) = self.rows.lines((number,))
        return decode_row(line if self.need[number] == _UNSENT else line + encode_fate(0).encode("ascii"))


def plan_store(job: StoreJob, inventory: Inventory, *, rows: RowStore, scratch: Callable[[], RowStore]) -> StoreStep:
    """Append the job's rows to `rows`, in sending order, and return the step that describes them."""
    with closing(scratch()) as drafted:
        return _plan_drafted(job, inventory, _Draft(rows=drafted), rows)


def _plan_drafted(job: StoreJob, inventory: Inventory, draft: _Draft, rows: RowStore) -> StoreStep:
    """Plan with a place for the rows before they are in order."""
    scheme = scheme_of(job.association_profile)
    _draft_rows(job, inventory, draft, cache(scheme.need))
    first = len(rows)
    associations: tuple[PlannedAssociation, ...] = ()
    match scheme.proposed(draft.needs_of_study):
        case Proposed() as proposed:
            places = _places(draft, job.send_set.order)
            associations = tuple(_write_in_order(draft, rows, proposed, places))
        case TooManyContexts(words=words):
            _write_refused(draft, rows, words)
    return StoreStep(
        associations=associations,
        first=first,
        count=len(rows) - first,
        bytes=sum(each.bytes for each in associations),
        natives=scheme.natives,
        order=job.send_set.order,
        repeat=job.repeat,
        on_failure=job.on_failure,
        verify=job.verify,
        verify_within=job.verify_within,
        duplicates=job.duplicates,
        already_delivered=job.already_delivered,
        on_unknown=job.on_unknown,
        retry=job.retry,
        digest=job.digest,
        if_empty=job.if_empty,
        end_with=job.end_with,
    )


def _draft_rows(job: StoreJob, inventory: Inventory, draft: _Draft, need_of: Callable[[str, str], int | str]) -> None:
    """Decide for each file whether it goes out, and on which context."""
    seen: dict[int, int] = {}
    for file in inventory.survey(job.send_set):
        first = _first_with_uid(file, draft, seen) if job.duplicates is Duplicates.SKIP else None
        if file.problem:
            draft.add_left_out(file, _excluded(file), file.problem, file.words)
        elif first and inventory.same_content(first, file):
            words = f"the same SOP Instance UID and content as {first.path}"
            draft.add_left_out(file, Excluded.SKIPPED, "duplicate", words)
        elif first:
            words = f"the SOP Instance UID of {first.path}, but other content"
            draft.add_left_out(file, Excluded.FAILED, "uid_conflict", words)
        else:
            match need_of(file.sop_class_uid, file.transfer_syntax):
                case int() as need:
                    seen.setdefault(hash(file.sop_instance_uid), len(draft.rows))
                    for _ in range(job.repeat):
                        draft.add(file, need)
                case words:
                    draft.add_left_out(file, Excluded.FAILED, "no_presentation_context", words)


def _excluded(file: SurveyedFile) -> Excluded:
    """Say whether a file with a problem is a failure."""
    skipped = file.problem in SKIPPED_ALWAYS or (file.problem in SKIPPED_WHEN_FOUND and not file.named)
    return Excluded.SKIPPED if skipped else Excluded.FAILED


def _first_with_uid(file: SurveyedFile, draft: _Draft, seen: Mapping[int, int]) -> PlannedInstance | None:
    """Return the earlier row with the same SOP Instance UID that will be sent, None when there is none.

    Only hashes are kept; one that collides is told apart by reading that file's row.
    """
    number = seen.get(hash(file.sop_instance_uid))
    if number is None:
        return None
    first = draft.row(number)
    return first if first.sop_instance_uid == file.sop_instance_uid else None


def _places(draft: _Draft, order: Order) -> Sequence[int]:
    """Return the place of each row within its association; rows of the same place stay as surveyed."""
    match order:
        case Order.BY_STUDY:
            return draft.study
        case Order.AS_GIVEN:
            return array("B", bytes(len(draft.need)))
        case Order.SORTED:
            numbers = range(len(draft.need))
            paths = [decode_path(line) for line in draft.rows.lines(numbers)]
            places = array("I", bytes(4 * len(paths)))
            for place, number in enumerate(sorted(numbers, key=paths.__getitem__)):
                places[number] = place
            return places
        case _:
            assert_never(order)


def _write_in_order(
    draft: _Draft, rows: RowStore, proposed: Proposed, places: Sequence[int]
) -> Iterator[PlannedAssociation]:
    """Write the rows by association, then place, then as surveyed, the excluded ones last; yield each association."""
    number = 0
    for group, members in _by_group(sorted(_sort_keys(draft, proposed, places))):
        if group == _UNSENT:
            _write(draft, members, {_UNSENT: ""}, rows)
            continue
        number += 1
        yield PlannedAssociation(
            number=number,
            proposal=proposed.proposals[group],
            first=len(rows),
            count=len(members),
            bytes=sum(map(draft.size.__getitem__, members)),
            studies=len(set(map(draft.study.__getitem__, members))),
        )
        endings = {need: encode_fate(context_id) for need, context_id in proposed.ids[group].items()}
        _write(draft, members, endings, rows)


def _write_refused(draft: _Draft, rows: RowStore, words: str) -> None:
    """Write all rows as they were surveyed; those that would have been sent have failed."""
    failed = encode_fate(0, Excluded.FAILED, "too_many_contexts", words)
    endings = {**dict.fromkeys(draft.need, failed), _UNSENT: ""}
    _write(draft, array("I", range(len(draft.need))), endings, rows)


def _write(draft: _Draft, members: array[int], endings: Mapping[int, str], rows: RowStore) -> None:
    """Write drafted lines with the endings that their needs have by now."""
    end_of = {need: ending.encode("ascii") for need, ending in endings.items()}
    needs = map(draft.need.__getitem__, members)
    for line, need in zip(draft.rows.lines(members), needs, strict=True):
        rows.append_line(line + end_of[need])


def _sort_keys(draft: _Draft, proposed: Proposed, places: Sequence[int]) -> Iterator[int]:
    """One integer a row, group · place · row: it sorts like the tuple would at a third of its memory."""
    for number, (need, study, place) in enumerate(zip(draft.need, draft.study, places, strict=True)):
        group = _UNSENT if need == _UNSENT else proposed.placed(draft.needs_of_study[study], need)
        yield group << 64 | place << 32 | number


def _by_group(order: list[int]) -> Iterator[tuple[int, array[int]]]:
    """Yield each group with its row numbers."""
    begin = 0
    while begin < len(order):
        group = order[begin] >> 64
        end = bisect_left(order, (group + 1) << 64, begin)
        yield group, array("I", (key & 0xFFFF_FFFF for key in order[begin:end]))
        begin = end

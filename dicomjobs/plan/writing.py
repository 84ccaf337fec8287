"""The rows of a store job put in the order in which they are sent, with the contexts they go on; it decides nothing else."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count as count_from
from typing import assert_never

from dicomjobs.model.send_set import Order
from dicomjobs.plan.draft import UNSENT, WITHDRAWN, Draft, RowStore
from dicomjobs.plan.invention import Identity, Inventor
from dicomjobs.plan.plan import Excluded, PlannedAssociation
from dicomjobs.plan.proposing import Proposed
from dicomjobs.plan.row_codec import decode_path, decode_row, encode_fate, encode_row


def _places(draft: Draft, order: Order) -> Sequence[int]:
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


def write_in_order(
    draft: Draft, rows: RowStore, proposed: Proposed, order: Order, inventor: Inventor | None
) -> Iterator[PlannedAssociation]:
    """Write the rows by association, then as ordered, the excluded ones last; yield each association."""
    number, begin = 0, len(rows)
    for group, members in _by_group(sorted(_sort_keys(draft, proposed, _places(draft, order)))):
        if group == UNSENT:
            _write(draft, members, {UNSENT: ""}, rows)
            continue
        number += 1
        first, count = len(rows), len(members)
        studies = len(set(map(draft.study.__getitem__, members)))
        yield PlannedAssociation(
            number=number,
            proposal=proposed.proposals[group],
            first=first,
            count=count,
            bytes=sum(map(draft.size.__getitem__, members)),
            studies=inventor.studies(first - begin, count) if inventor else studies,
        )
        endings = {need: encode_fate(context_id) for need, context_id in proposed.ids[group].items()}
        if inventor:
            _write_invented(draft, members, endings, rows, map(inventor.identity, count_from(first - begin)))
        else:
            _write(draft, members, endings, rows)


def write_refused(draft: Draft, rows: RowStore, words: str) -> None:
    """Write all rows as they were surveyed; those that would have been sent have failed."""
    failed = encode_fate(0, Excluded.FAILED, "too_many_contexts", words)
    endings = {**dict.fromkeys(draft.need, failed), UNSENT: ""}
    members = array("I", (number for number, need in enumerate(draft.need) if need != WITHDRAWN))
    _write(draft, members, endings, rows)


def _write(draft: Draft, members: array[int], endings: Mapping[int, str], rows: RowStore) -> None:
    """Write drafted lines with the endings that their needs have by now."""
    end_of = {need: ending.encode("ascii") for need, ending in endings.items()}
    needs = map(draft.need.__getitem__, members)
    for line, need in zip(draft.rows.lines(members), needs, strict=True):
        rows.append_line(line + end_of[need])


def _write_invented(
    draft: Draft, members: array[int], endings: Mapping[int, str], rows: RowStore, identities: Iterator[Identity]
) -> None:
    """Write drafted rows with the UIDs that are invented for them; a level that a data set has no UID of keeps none."""
    needs = map(draft.need.__getitem__, members)
    for line, need, identity in zip(draft.rows.lines(members), needs, identities, strict=False):
        row = decode_row(line + endings[need].encode("ascii"))
        invented = replace(
            row,
            sop_instance_uid=identity.sop_instance_uid,
            study_instance_uid=row.study_instance_uid and identity.study_instance_uid,
            series_instance_uid=row.series_instance_uid and identity.series_instance_uid,
        )
        rows.append_line(encode_row(invented).encode("ascii"))


def _sort_keys(draft: Draft, proposed: Proposed, places: Sequence[int]) -> Iterator[int]:
    """One integer a row, group · place · row: it sorts like the tuple would at a third of its memory."""
    for number, (need, study, place) in enumerate(zip(draft.need, draft.study, places, strict=True)):
        if need == WITHDRAWN:
            continue
        group = UNSENT if need == UNSENT else proposed.placed(draft.needs_of_study[study], need)
        yield group << 64 | place << 32 | number


def _by_group(order: list[int]) -> Iterator[tuple[int, array[int]]]:
    """Yield each group with its row numbers."""
    begin = 0
    while begin < len(order):
        group = order[begin] >> 64
        end = bisect_left(order, (group + 1) << 64, begin)
        yield group, array("I", (key & 0xFFFF_FFFF for key in order[begin:end]))
        begin = end

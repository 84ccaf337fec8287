"""Rows in a file: appended, read back in any order, and refused when they are not those that were saved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dicomjobs.disk.row_file import RowFile, create_rows, open_rows, temporary_rows
from dicomjobs.plan.plan import PlannedInstance
from dicomjobs.plan.row_codec import StalePlan, decode_row
from tests.support.runs import MadeInstances


def _rows(count: int) -> list[PlannedInstance]:
    """Return some rows."""
    return list(MadeInstances(count))


@pytest.fixture
def rows() -> Iterator[RowFile]:
    """Give an empty file of rows."""
    with closing(temporary_rows()) as opened:
        yield opened


def test_rows_are_read_back_by_number_and_in_ranges_while_more_are_added(rows: RowFile) -> None:
    """What is not yet written to the file is written when it is asked for."""
    made = _rows(5)
    for number, row in enumerate(made[:3]):
        assert rows.append(row) == number
    assert rows[1] == made[1]
    for row in made[3:]:
        rows.append(row)

    assert list(rows) == made
    assert list(rows.rows(3, 10)) == made[3:]
    assert rows[0] == made[0]


def test_a_number_that_is_no_row_is_an_index_error(rows: RowFile) -> None:
    """Also a negative one."""
    rows.append(_rows(1)[0])

    for number in (-1, 1):
        with pytest.raises(IndexError):
            rows[number]


def test_ranges_longer_than_a_block_are_read_whole(rows: RowFile) -> None:
    """Blocks are about 1 MiB."""
    made = _rows(6000)
    for row in made:
        rows.append(row)

    assert list(rows.rows(0, 6000)) == made


@pytest.mark.parametrize(
    "numbers", [[], [4], [0, 1, 2, 3, 4], [3, 4, 0, 1], [4, 3, 2, 1, 0], [2, 2, 3], list(range(1000, 6000))]
)
def test_lines_come_in_the_order_asked_for(rows: RowFile, numbers: list[int]) -> None:
    """Whether they are neighbours or not, and also when they are many."""
    for number in range(6000):
        rows.append_line(b'{"number":%d,"words":"%b"}' % (number, b"-" * 100))

    assert [json.loads(line)["number"] for line in rows.lines(numbers)] == numbers


def test_a_row_that_is_longer_than_a_block_is_read(rows: RowFile) -> None:
    """Between two others."""
    made = [replace(row, path="x" * size) for row, size in zip(_rows(3), (1, 600_000, 2), strict=True)]
    for row in made:
        rows.append(row)

    assert list(rows) == made
    assert [decode_row(line) for line in rows.lines(range(3))] == made


def test_the_digest_is_that_of_the_file_at_any_time(tmp_path: Path) -> None:
    """Of all rows that were added, whether they were written already or not."""
    path = tmp_path / "rows"
    with closing(create_rows(str(path))) as saved:
        for row in _rows(3):
            saved.append(row)
            digest = saved.digest
            assert digest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    assert digest.count == 3


def test_saved_rows_are_opened_by_their_digest(tmp_path: Path) -> None:
    """And are readable by their owner alone."""
    path = tmp_path / "plan-instances.jsonl"
    rows = create_rows(str(path))
    for row in _rows(3):
        rows.append(row)
    digest = rows.digest
    rows.close()

    with closing(open_rows(str(path), digest)) as opened:
        assert list(opened) == _rows(3)
    assert path.stat().st_mode & 0o777 == 0o600


def test_rows_of_another_plan_are_refused(tmp_path: Path) -> None:
    """One changed byte is enough."""
    path = tmp_path / "plan-instances.jsonl"
    rows = create_rows(str(path))
    rows.append(_rows(1)[0])
    digest = rows.digest
    rows.close()
    path.write_bytes(path.read_bytes().replace(b"000000.dcm", b"000001.dcm"))

    with pytest.raises(StalePlan, match=r"plan-instances\.jsonl is not the one that belongs to this plan"):
        open_rows(str(path), digest)

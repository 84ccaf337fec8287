"""The window moves over files and over what they inflate to, and holds little of either."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from dicomjobs.disk.window import Damaged, InflatedWindow, Window


def deflated(plain: bytes) -> bytes:
    """Return bytes as a raw deflate stream."""
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(plain) + deflater.flush()


def inflating(data: bytes, budget: int = 1 << 40) -> InflatedWindow:
    """Return a window over what bytes in memory inflate to."""
    return InflatedWindow(Window(-1, len(data), data), budget)


def test_a_value_is_read_wherever_the_window_is(tmp_path: Path) -> None:
    """Inside of it, across its end, and far behind it."""
    content = bytes(range(256)) * 200
    path = tmp_path / "file"
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    window = Window(fd, len(content), os.read(fd, 100))

    for position, length in ((10, 5), (95, 10), (40_000, 300), (len(content) - 3, 3)):
        assert window.value(position, length) == content[position : position + length]
    with pytest.raises(Damaged, match="middle of a value"):
        window.value(len(content) - 3, 4)
    os.close(fd)


def test_reading_ends_at_the_budget(tmp_path: Path) -> None:
    """Each move counts what it reads."""
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    with path.open("rb") as file:
        window = Window(file.fileno(), 100_000, budget=20_000)
        window.move(0)
        window.move(50_000)
        with pytest.raises(Damaged, match="larger than any header"):
            window.move(70_000)


def test_an_inflated_window_moves_forward_to_the_end() -> None:
    """What it shows is what was deflated, and its size is known when the end was met."""
    plain = os.urandom(300_000)
    window = inflating(deflated(plain))

    for position in (0, 5, 5, 70_000, 250_000, 299_990):
        window.move(position, 10)
        assert window.data[:10] == plain[position : position + 10]
    window.move(300_000, 10)

    assert (window.data, window.base, window.size) == (b"", 300_000, 300_000)


def test_an_inflated_window_holds_little_of_a_bomb() -> None:
    """A hundred megabytes go by behind it."""
    window = inflating(deflated(bytes(100 * 1024 * 1024)))
    for position in range(0, 100 * 1024 * 1024, 10 * 1024 * 1024):
        window.move(position)

        assert len(window.data) < 256 * 1024


def test_an_inflated_window_ends_at_its_budget() -> None:
    """Counted in inflated bytes."""
    with pytest.raises(Damaged, match="larger than any header"):
        inflating(deflated(bytes(10_000_000)), budget=1_000_000).move(9_000_000)


def test_a_stream_that_is_cut_off_or_broken_is_damage() -> None:
    """And so is going back to what was dropped."""
    whole = deflated(os.urandom(100_000))

    with pytest.raises(Damaged, match="cut off"):
        inflating(whole[:-10]).move(99_999, 10)
    with pytest.raises(Damaged, match="cannot be inflated"):
        inflating(b"\xff" * 100).move(0)
    window = inflating(whole)
    window.move(90_000)
    with pytest.raises(Damaged, match="backwards"):
        window.move(5)

"""Fixtures of the tests of the network layer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.wire import Stop


@pytest.fixture
def stop() -> Iterator[Stop]:
    """A stop signal whose descriptors are closed afterwards."""
    signal = Stop()
    yield signal
    signal.close()

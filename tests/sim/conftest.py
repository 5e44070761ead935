"""Fixtures of the simulator's tests."""

from collections.abc import Iterator

import pytest

from tests.sim.kit.bench import Bench, Peer


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A simulator in memory, on a clock that stands still."""
    made = Bench()
    yield made
    made.simulator.stopService()


@pytest.fixture
def peer(bench: Bench) -> Peer:
    """A client with id 0 of that simulator, past its welcome."""
    return bench.peer()

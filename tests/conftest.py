"""Fixtures of all tests. A failing log event (log.failure, log.critical) fails the test that caused it."""

import pytest
from hypothesis import settings
from twisted.internet.task import Clock
from twisted.logger import LogLevel, formatEvent, globalLogPublisher

# A shared machine: an example that took long says nothing about the code.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def failures():
    """The failing log events seen so far. A test that provokes one asks for this fixture and clears the list."""
    seen = []

    def observe(event):
        if "log_failure" in event or event.get("log_level") is LogLevel.critical:
            seen.append(event)

    globalLogPublisher.addObserver(observe)
    yield seen
    globalLogPublisher.removeObserver(observe)
    assert not seen, "\n".join(f"{formatEvent(event)}\n{event.get('log_failure')}" for event in seen)


@pytest.fixture
def lines():
    """Every line logged (info and above) as `level text`."""
    seen = []

    def observe(event):
        if event["log_level"] is not LogLevel.debug:
            seen.append(f"{event['log_level'].name} {formatEvent(event)}")

    globalLogPublisher.addObserver(observe)
    yield seen
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def clock():
    """A clock at a believable time; it moves by `advance` only."""
    made = Clock()
    made.advance(1_700_000_000)
    return made

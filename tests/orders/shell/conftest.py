"""The gateway that most of these tests trade with."""

import pytest

from tests.kit.trading import trader


@pytest.fixture
def world(monkeypatch):
    """A gateway that trades; AAPL is known, nothing is live."""
    return trader(monkeypatch)


@pytest.fixture
def monkeypatch_for_each():
    """A monkeypatch of its own for each example of a property."""
    return pytest.MonkeyPatch.context

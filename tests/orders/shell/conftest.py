"""The gateway that most of these tests trade with."""

import pytest

from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Unanswered
from tests.kit.redis import FakeLink
from tests.kit.trading import trader


@pytest.fixture
def direct_world(monkeypatch):
    """A gateway that trades; AAPL is known, nothing is live."""
    return trader(monkeypatch)


@pytest.fixture(params=["the short way", "the long way"])
def world(request, monkeypatch):
    """The same, with plain orders going either way."""
    made = trader(monkeypatch)
    if request.param == "the long way":
        made.parts.dispatcher._shortcuts = {}
    return made


@pytest.fixture
def monkeypatch_for_each():
    """A monkeypatch of its own for each example of a property."""
    return pytest.MonkeyPatch.context


# What order entry keeps in Redis.


@pytest.fixture
def link():
    link = FakeLink()
    link.up = True
    return link


@pytest.fixture
def ids():
    ids = OrderIds()
    ids.next_valid_id(1)
    return ids


@pytest.fixture
def reservations(link):
    return Reservations("demo", link, 7)


@pytest.fixture
def counter(link, ids):
    return IdCounter("demo", link, ids)


@pytest.fixture
def halt(link):
    return HaltSwitch("demo", link)


@pytest.fixture
def kept_parts(link, reservations, counter, halt):
    return Kept("demo", link, reservations, Unanswered("demo", link), counter, halt)

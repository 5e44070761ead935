"""One account's download: its parts, its end, its limit, and what happens when there is no room to ask."""

import pytest

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.accounts.shell.download import DOWNLOAD_LIMIT, END_GRACE, MainDownload, MultiDownload
from ibgw_tx.accounts.shell.fence import Fence
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.position import Position
from ibgw_tx.tws.shell.asker import Asker
from tests.kit.contracts import AAPL
from tests.kit.tws import RecordingClient


class Client(RecordingClient):
    def subscribe_account_multi(self, req_id, account):
        self._note("values", req_id, account)

    def cancel_account_multi(self, req_id):
        self._note("no values", req_id)

    def subscribe_positions_multi(self, req_id, account):
        self._note("positions", req_id, account)

    def cancel_positions_multi(self, req_id):
        self._note("no positions", req_id)


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def done():
    return []


@pytest.fixture
def fence():
    return Fence()


@pytest.fixture
def feed(client, clock, done, fence):
    return MainDownload(Balance("DU1"), client, clock, done.append, fence)


@pytest.fixture
def by_request():
    return {}


@pytest.fixture
def multi(client, clock, done, by_request):
    return MultiDownload(Balance("DU2"), client, clock, done.append, Asker(clock), by_request)


def position(pos=100):
    return Position(AAPL, pos, 1.0, None, None, None, None)


def test_a_download_ends_with_its_end(feed, client, done, clock):
    feed.start()
    feed.value("CashBalance", "5", "USD")
    feed.position(position())
    assert client.taken() == [("account", "DU1")] and not done
    feed.ended("download")
    assert done == [feed] and feed.book.complete and not clock.getDelayedCalls()


def test_an_end_before_any_value_is_believed_only_after_a_grace(feed, done, clock):
    feed.start()
    feed.ended("download")
    assert not done
    clock.advance(END_GRACE)
    assert done == [feed]


def test_values_after_an_early_end_and_its_repetition_end_it_once(feed, done, clock):
    feed.start()
    feed.ended("download")
    feed.value("CashBalance", "5", "USD")
    feed.ended("download")
    clock.advance(END_GRACE + 1)
    assert done == [feed]


def test_a_download_without_an_end_is_asked_again_and_changes_nothing(feed, client, done, clock, lines, fence):
    feed.start()
    feed.value("CashBalance", "5", "USD")
    clock.advance(DOWNLOAD_LIMIT)
    assert client.taken() == [("account", "DU1"), ("no account", "DU1"), ("time",)]
    feed.value("CashBalance", "7", "USD")
    feed.ended("download")
    assert not feed.book.complete
    fence.answered()
    assert client.taken() == [("account", "DU1")]
    assert not done and not feed.book.complete and any("asking again" in line for line in lines)
    feed.value("CashBalance", "6", "USD")
    feed.ended("download")
    assert feed.book.document({})["USD"]["balance"] == 6


def test_an_account_that_is_not_ready_is_asked_again_at_the_limit(feed, client, done, clock, fence):
    feed.start()
    feed.value("accountReady", "false", "")
    feed.ended("download")
    assert not done
    clock.advance(DOWNLOAD_LIMIT)
    fence.answered()
    feed.value("AccountReady", "true", "")
    feed.ended("download")
    assert done == [feed]


def test_no_room_to_ask_means_asking_at_the_limit(feed, client, clock, done, fence):
    client.full = PacingFull("full")
    feed.start()
    clock.advance(DOWNLOAD_LIMIT)
    client.full = None
    clock.advance(DOWNLOAD_LIMIT)
    fence.answered()
    assert ("account", "DU1") in client.taken()


@pytest.mark.parametrize("kind", ["feed", "multi"])
def test_what_could_not_be_ended_is_not_begun_beside_it(request, kind, client, clock):
    feed = request.getfixturevalue(kind)
    feed.start()
    client.taken()
    client.full = PacingFull("full")
    clock.advance(DOWNLOAD_LIMIT)
    client.full = None
    clock.advance(DOWNLOAD_LIMIT - 1)
    assert client.taken() == [], "not before it has been ended"
    clock.advance(1)
    assert client.taken()[0][0] in ("no account", "no values")


def test_a_stopped_feed_does_nothing_more(feed, client, clock, done):
    feed.start()
    feed.ended("download")
    feed.stop()
    client.taken()
    clock.advance(DOWNLOAD_LIMIT * 2)
    assert not done and not client.taken() and not clock.getDelayedCalls()


def test_a_value_that_is_no_number_is_skipped_and_logged(feed, lines):
    feed.start()
    feed.value("CashBalance", "x", "USD")
    assert any("no number" in line for line in lines)


def test_both_halves_of_another_account_have_to_end(multi, client, done, by_request):
    multi.start()
    (_, values, _), (_, positions, _) = client.taken()
    assert by_request == {values: multi, positions: multi}
    multi.value("CashBalance", "5", "USD")
    multi.ended("positions")
    assert not done
    multi.ended("values")
    multi.ended("values")
    assert done == [multi]


def test_another_account_asked_again_leaves_no_old_request_behind(multi, client, clock, by_request):
    multi.start()
    old = set(by_request)
    clock.advance(DOWNLOAD_LIMIT)
    assert len(by_request) == 2 and not set(by_request) & old
    assert {call[1] for call in client.taken() if call[0].startswith("no")} == old


def test_a_cancel_twice_is_one(multi, client):
    multi.start()
    multi.cancel()
    client.taken()
    multi.cancel()
    assert not client.taken()

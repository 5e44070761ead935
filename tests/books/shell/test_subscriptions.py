"""Subscriptions: what TWS is asked, and what is done when it goes wrong."""

from itertools import pairwise

import pytest
from twisted.internet.task import Clock

from ibgw_tx.books.greeks import Greeks
from ibgw_tx.books.order_book import ASK, BID, INSERT, UPDATE
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.books.shell.requests import DepthRequests, TopRequests
from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.model import errors, events
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.tws.shell.asker import Asker
from tests.kit.books import BookPath, depth_frame
from tests.kit.commands import command
from tests.kit.contracts import AAPL, BRR5, HK1137
from tests.kit.redis import FakeLink
from tests.kit.tws import RecordingClient

AAPL_CHANNEL = "URANUS:NASDAQ:USD-AAPL:full_odbk_channel"


class Place:
    """Subscriptions between a Redis and a TWS that note everything. Each second has the check that runs beside."""

    def __init__(self):
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.link = FakeLink()
        self.link.bring_up()
        self.client = RecordingClient()
        self.path = BookPath(self.now)
        self.kept, self.dropped = [], []
        self.publisher = BookPublisher(self.path.channels, self.path.top, self.link, self.now, self.now)
        self.asker = Asker(self.clock)
        self.books = self._subscriptions(DepthRequests(self.path.depth))
        self.top = self._subscriptions(TopRequests(self.path.top, Greeks(), self.now))

    def _subscriptions(self, requests):
        return Subscriptions(
            requests,
            self.path.channels,
            self.publisher,
            self.asker,
            self.now,
            lambda kind, subscription: self.kept.append(subscription),
            lambda kind, subscription: self.dropped.append(subscription),
        )

    def now(self):
        return int(self.clock.seconds() * 1000)

    def subscribe(self, contract=AAPL, id=1, **details):
        return self.books.subscribe(KnownContract(contract, details, 0), command(id=id))

    def rows(self, subscription, price=10.0):
        """Two rows that make a book; the turn ends."""
        self.path.depth.depth(depth_frame(subscription.req_id, 0, UPDATE, BID, price, 1))
        self.path.depth.depth(depth_frame(subscription.req_id, 0, UPDATE, ASK, price + 1, 1))
        self.publisher.flush()

    def notice(self, subscription, code, req_id=None):
        found = self.books.noticed(events.Notice(req_id or subscription.req_id, code, "text"))
        self.publisher.flush()
        return found

    def seconds(self, count, alive=True):
        for _ in range(count):
            self.clock.advance(1)
            if alive:
                self.publisher.refresh_quiet()
            self.books.tend()
            self.top.tend()
            self.publisher.flush()

    def told(self, channel=AAPL_CHANNEL):
        """(best bid or None) of each message since the last time."""
        found = [message[0][0]["p"] if message[0] else None for message in self.link.on_channel(channel)]
        self.link.published.clear()
        return found

    def asked(self):
        return [(call[0], call[1]) for call in self.client.taken()]


@pytest.fixture
def place():
    """Subscriptions with a session."""
    made = Place()
    made.books.link_up(made.client)
    made.top.link_up(made.client)
    return made


@pytest.fixture
def apple(place):
    """AAPL, subscribed, with a book that has been told; nothing asked since."""
    made = place.subscribe()
    place.rows(made)
    place.client.taken()
    place.link.published.clear()
    return made


# Wanting.


def test_a_subscription_asks_tws_for_ten_rows(place):
    found = place.subscribe()
    assert place.client.taken() == [("depth", found.req_id, AAPL, 10, True)]
    assert found.feed.channel.name == AAPL_CHANNEL and place.kept == [found]


def test_depth_of_one_exchange_is_not_smart(place):
    place.subscribe(HK1137)
    assert place.client.taken()[0][-1] is False


def test_asking_again_sends_nothing_to_tws(place, apple):
    assert place.subscribe(id=2) is apple
    assert not place.client.taken() and place.kept == [apple] and apple.owner.id == 1


def test_sizes_count_in_tws_lots(place):
    assert place.subscribe(mdSizeMultiplier=100).feed.factor == 100
    assert place.subscribe(BRR5).feed.factor == 5


def test_another_contract_under_the_same_channel_is_refused(place, apple):
    with pytest.raises(CommandError) as found:
        place.subscribe(Contract(conId=99, symbol="AAPL", secType="STK", exchange="NASDAQ", currency="USD"))
    assert found.value.code == errors.AMBIGUOUS_CONTRACT


def test_too_many_books_are_refused(place, monkeypatch):
    monkeypatch.setattr("ibgw_tx.books.shell.subscriptions.MAX_BOOKS", 1)
    place.subscribe()
    with pytest.raises(CommandError) as found:
        place.subscribe(HK1137)
    assert found.value.code == errors.LIMIT


def test_the_end_is_told_once_as_the_empty_book_and_its_key_goes(place, apple):
    place.publisher.flush_keys()
    assert apple.feed.channel.key in place.link.keys
    req_id = apple.req_id
    place.books.unsubscribe(apple)
    assert place.told() == [None] and apple.feed.channel.key not in place.link.keys
    assert place.client.taken() == [("no depth", req_id, True)] and place.dropped == [apple]
    place.path.depth.depth(depth_frame(req_id, 0, UPDATE, BID, 9, 1))
    place.seconds(20)
    assert place.told() == [] and not place.asked()


def test_without_a_session_a_book_is_wanted_and_asked_for_later():
    place = Place()
    found = place.subscribe()
    place.seconds(100)
    assert not place.client.taken()
    place.books.link_up(place.client)
    assert place.asked() == [("depth", found.req_id)]


# The link.


def test_a_lost_session_empties_every_book_and_cancels_nothing(place, apple):
    place.books.link_down(session_lost=True)
    place.publisher.flush()
    assert place.told() == [None] and not place.client.taken() and apple.req_id is None
    place.seconds(120, alive=False)
    assert not place.client.taken() and place.told() == []


def test_a_new_session_asks_for_every_book_from_nothing(place, apple):
    old = apple.req_id
    place.books.link_down(session_lost=True)
    place.publisher.flush()
    again = RecordingClient()
    place.books.link_up(again)
    assert again.calls == [("depth", apple.req_id, AAPL, 10, True)] and apple.req_id != old
    place.path.depth.depth(depth_frame(old, 0, UPDATE, BID, 9, 1))
    place.publisher.flush()
    assert place.told() == [None]


def test_a_link_back_in_the_same_session_cancels_the_old_request_first(place, apple):
    old = apple.req_id
    place.books.link_down(session_lost=False)
    place.publisher.flush()
    place.path.depth.depth(depth_frame(old, 0, UPDATE, BID, 9, 1))
    place.publisher.flush()
    assert place.told() == [None]
    place.books.link_up(place.client)
    assert place.asked() == [("no depth", old), ("depth", apple.req_id)] and apple.req_id != old


def test_a_broken_farm_rebuilds_every_book(place, apple):
    old = apple.req_id
    place.books.farms_changed(farm_broken=True, outage=True)
    place.publisher.flush()
    assert place.told() == [None] and place.asked() == [("no depth", old), ("depth", apple.req_id)]


def test_a_farm_back_asks_soon_for_books_that_stay_empty(place, apple):
    place.books.farms_changed(farm_broken=True, outage=True)
    place.client.taken()
    place.books.farms_changed(farm_broken=False, outage=False)
    place.seconds(4)
    assert not place.client.taken()
    place.seconds(2)
    assert [kind for kind, _ in place.asked()] == ["no depth", "depth"]


def test_a_farm_back_leaves_books_with_rows_alone(place, apple):
    place.books.farms_changed(farm_broken=False, outage=False)
    place.seconds(5)
    assert not place.client.taken() and apple.feed.rows


def test_a_farm_that_breaks_does_not_ask_for_what_tws_has_refused(place, apple):
    place.notice(apple, 354)
    place.books.farms_changed(farm_broken=True, outage=True)
    assert not place.client.taken() and apple.refused == 354


# What TWS says.


def test_317_empties_the_book_and_keeps_the_request(place, apple):
    assert place.notice(apple, 317) is apple
    assert place.told() == [None] and not place.client.taken()
    place.rows(apple, 20.0)
    assert place.told()[-1] == 20


def test_after_317_without_rows_the_book_is_asked_for_again(place, apple):
    place.seconds(5)
    place.notice(apple, 317)
    place.seconds(70)
    assert [kind for kind, _ in place.asked()] == ["no depth", "depth"]


def test_316_asks_again_after_a_pause_without_a_cancel(place, apple):
    place.notice(apple, 316)
    assert place.told() == [None] and apple.req_id is None
    place.seconds(9)
    assert not place.client.taken()
    place.seconds(2)
    assert place.asked() == [("depth", apple.req_id)]


@pytest.mark.parametrize("code", [309, 354, 10092, 200, 322])
def test_a_refusal_ends_the_request_and_is_not_tried_by_itself(place, apple, code):
    assert place.notice(apple, code) is apple
    assert place.told() == [None] and apple.refused == code
    place.seconds(1300)
    assert not place.client.taken() and place.told() == []


def test_asking_again_after_a_refusal_asks_tws_again_and_tells_the_new_owner(place, apple):
    place.notice(apple, 309)
    assert place.subscribe(id=2) is apple
    assert place.asked() == [("depth", apple.req_id)] and apple.owner.id == 2 and not apple.refused


def test_a_place_given_back_goes_to_the_first_that_found_none(place, apple):
    second, third = place.subscribe(HK1137), place.subscribe(BRR5)
    place.notice(second, 309)
    place.notice(third, 309)
    place.client.taken()
    place.books.unsubscribe(apple)
    assert [kind for kind, _ in place.asked()] == ["no depth", "depth"]
    assert (second.refused, third.refused) == (0, 309)


def test_the_next_session_asks_for_refused_books_too(place, apple):
    place.notice(apple, 309)
    place.books.link_down(session_lost=True)
    place.books.link_up(place.client)
    assert place.asked() == [("depth", apple.req_id)]


def test_a_competing_session_suspends_for_a_minute(place, apple):
    old = apple.req_id
    place.notice(apple, 10197)
    assert place.told() == [None] and place.asked() == [("no depth", old)]
    place.seconds(59)
    assert not place.client.taken()
    place.seconds(2)
    assert place.asked() == [("depth", apple.req_id)]


@pytest.mark.parametrize("code", [2152, 10090, 10167, 99999])
def test_a_code_that_proves_nothing_changes_nothing(place, apple, code):
    assert place.notice(apple, code) is apple
    assert not place.client.taken() and place.told() == [] and apple.feed.rows


def test_a_notice_of_an_ended_request_belongs_to_nobody(place, apple):
    old = apple.req_id
    place.books.unsubscribe(apple)
    assert place.notice(apple, 310, req_id=old) is None


def test_a_request_that_cannot_be_encoded_is_refused_at_once(place):
    def refuse(req_id, *rest):
        place.books.noticed(events.Notice(req_id, 579, "illegal character"))

    place.client.subscribe_depth = refuse
    assert place.subscribe().refused == 579


def test_a_full_lane_is_tried_again_soon(place, lines):
    place.client.full = PacingFull("full")
    found = place.subscribe()
    assert found.req_id is None and any("asked for later" in line for line in lines)
    place.client.full = None
    place.seconds(6)
    assert place.asked() == [("depth", found.req_id)]


def test_a_book_that_cannot_be_asked_for_holds_no_other_back_and_is_tried_again(place, failures):
    bad = place.subscribe()
    good = place.subscribe(HK1137)
    place.client.taken()
    ask = place.client.subscribe_depth
    place.client.subscribe_depth = lambda req_id, contract, *rest: 1 / 0 if contract == AAPL else ask(req_id, contract, *rest)
    place.books.link_down(session_lost=True)
    place.books.link_up(place.client)
    assert place.asked() == [("depth", good.req_id)] and bad.req_id is None and len(failures) == 1
    failures.clear()
    place.client.subscribe_depth = ask
    place.rows(good)
    place.seconds(61)
    assert place.asked() == [("depth", bad.req_id)]


def test_a_request_that_waits_for_the_message_rate_is_not_asked_again_for_want_of_rows(place):
    waits = [True]
    place.books._asker.is_waiting = lambda req_id: waits[0]
    found = place.subscribe()
    place.asked()
    place.seconds(200)
    assert place.asked() == []
    waits[0] = False
    place.seconds(61)
    assert place.asked()[-1] == ("depth", found.req_id)


# The check beside.


def test_a_quiet_book_is_told_again_within_ten_seconds_with_a_fresh_time(place, apple):
    start = place.now()
    place.seconds(10)
    (message,) = place.link.on_channel(AAPL_CHANNEL)
    assert message[0][0]["p"] == 10 and start < message[2] <= place.now()
    place.link.published.clear()
    place.seconds(60)
    assert len(place.told()) >= 6


def test_a_quiet_book_is_not_refreshed_while_the_feed_may_be_dead(place, apple):
    place.seconds(60, alive=False)
    assert place.told() == []


def test_a_book_senseless_for_five_seconds_is_emptied_and_asked_for_anew(place, apple):
    old = apple.req_id
    place.path.depth.depth(depth_frame(old, 0, INSERT, BID, 50, 1))
    place.publisher.flush()
    place.seconds(4)
    assert place.told() == [] and not place.client.taken()
    place.seconds(2)
    assert place.told() == [None] and place.asked() == [("no depth", old), ("depth", apple.req_id)]


def test_a_book_that_gets_no_row_is_asked_for_again_ever_more_rarely(place):
    place.subscribe()
    place.client.taken()
    times = []
    for second in range(1800):
        place.seconds(1)
        times += [second for kind, _ in place.asked() if kind == "depth"]
    gaps = [b - a for a, b in pairwise(times)]
    assert 55 <= times[0] <= 65 and gaps == sorted(gaps) and gaps[0] >= 115 and max(gaps) <= 605


def test_rows_past_the_end_rebuild_the_book_but_not_every_second(place, apple):
    rebuilt = 0
    for _ in range(60):
        for _ in range(3):
            place.path.depth.depth(depth_frame(apple.req_id, 7, UPDATE, BID, 5, 1))
        place.rows(apple)
        place.seconds(1)
        rebuilt += sum(1 for kind, _ in place.asked() if kind == "depth")
    assert 1 <= rebuilt <= 13


# Restoration after a restart.


def test_a_restored_book_is_wanted_asked_for_and_told_empty_first(place):
    place.books.restore(AAPL, 100)
    place.publisher.flush()
    (found,) = place.books.wanted.values()
    assert found.feed.factor == 100 and place.asked() == [("depth", found.req_id)]
    assert place.told() == [None] and not place.kept


def test_restoring_what_is_wanted_already_does_nothing(place, apple):
    place.books.restore(AAPL, 7)
    assert list(place.books.wanted.values()) == [apple] and apple.feed.factor == 1 and not place.client.taken()


def test_whoever_asks_for_a_restored_book_owns_it(place):
    place.books.restore(AAPL, 1)
    assert place.subscribe(id=5).owner.id == 5


# What TWS says while a farm is broken.


def test_a_refusal_in_an_outage_is_not_final(place, apple):
    place.books.farms_changed(farm_broken=True, outage=True)
    place.notice(apple, 354)
    place.client.taken()
    place.seconds(600)
    assert not place.client.taken(), "not before the farm is back"
    place.books.farms_changed(farm_broken=False, outage=False)
    place.seconds(6)
    assert place.asked() == [("depth", apple.req_id)]
    place.notice(apple, 354)
    place.books.farms_changed(farm_broken=False, outage=False)
    place.seconds(600)
    assert not place.client.taken(), "asked with every farm in order it is final"


def test_a_refusal_that_comes_after_the_outage_it_was_asked_in_is_not_final(place, apple):
    place.books.farms_changed(farm_broken=True, outage=True)
    place.books.farms_changed(farm_broken=False, outage=False)
    place.notice(apple, 200)
    place.client.taken()
    place.seconds(6)
    assert place.asked() == [("depth", apple.req_id)]


def test_a_refusal_of_something_asked_before_the_outage_is_not_final(place):
    found = place.subscribe()
    place.books.farms_changed(farm_broken=True, outage=True)
    found.in_outage = False
    place.notice(found, 10168)
    place.client.taken()
    place.books.farms_changed(farm_broken=False, outage=False)
    place.seconds(6)
    assert place.asked() == [("depth", found.req_id)]


# Level 1.


@pytest.fixture
def quoted(place):
    """AAPL's level 1, with a quote that has been told."""
    made = place.top.subscribe(KnownContract(AAPL, {}, 0), command(id=1))
    place.path.quote(made.req_id, 1, 10.0)
    place.publisher.flush()
    place.client.taken()
    place.link.published.clear()
    return made


def top_notice(place, subscription, code):
    place.top.noticed(events.Notice(subscription.req_id, code, "text"))
    place.publisher.flush()


@pytest.mark.parametrize("code", [10089, 10090, 10091])
def test_level_1_that_still_ticks_is_not_ended_by_advice(place, quoted, code):
    top_notice(place, quoted, code)
    place.path.quote(quoted.req_id, 1, 10.1)
    place.publisher.flush()
    assert place.told() == [10.1] and not place.client.taken()
    place.seconds(120)
    assert not place.client.taken()


@pytest.mark.parametrize("code", [10089, 10091])
def test_level_1_refused_in_doubt_is_heard_when_it_ticks_after_all(place, lines, code):
    found = place.top.subscribe(KnownContract(AAPL, {}, 0), command(id=1))
    top_notice(place, found, code)
    assert found.refused == code and any(f"TWS at ? says {code}" in line for line in lines)
    place.path.quote(found.req_id, 1, 10.1)
    place.publisher.flush()
    assert place.told() == [10.1]
    place.seconds(2)
    assert not found.refused


@pytest.mark.parametrize("code", [354, 10168, 200])
def test_level_1_is_ended_by_a_refusal(place, quoted, code):
    top_notice(place, quoted, code)
    assert place.told() == [None] and quoted.req_id is None and quoted.refused == code


# Depth and level 1 on one channel.


@pytest.mark.parametrize("code", [309, 354, 10092])
def test_level_1_speaks_while_depth_is_refused(place, quoted, code):
    depth = place.subscribe()
    place.notice(depth, code)
    place.path.quote(quoted.req_id, 1, 10.1)
    place.publisher.flush()
    assert place.told() == [10.1]


def test_level_1_takes_over_without_a_gap_when_depth_goes(place, quoted):
    depth = place.subscribe()
    place.rows(depth, 9.0)
    assert place.told()[-1] == 9
    place.notice(depth, 317)
    place.rows(depth, 9.0)
    place.books.unsubscribe(depth)
    assert place.told() == [10, 9, 10] and depth.feed.channel.key in place.link.keys


@pytest.mark.parametrize("session_lost", [True, False])
@pytest.mark.parametrize("depth_has", ["no rows", "rows", "a refusal"])
def test_a_lost_link_empties_whoever_spoke_last_and_the_key(place, quoted, session_lost, depth_has):
    depth = place.subscribe()
    if depth_has == "rows":
        place.rows(depth, 9.0)
    elif depth_has == "a refusal":
        place.notice(depth, 309)
    place.told()
    place.publisher.flush_keys()
    place.books.link_down(session_lost)
    place.top.link_down(session_lost)
    place.publisher.flush()
    place.publisher.flush_keys()
    assert place.told() == [None] and place.link.json(quoted.feed.channel.key)[:2] == [[], []]


def test_the_channel_of_one_contract_is_not_shared_with_another_of_the_other_kind(place, quoted):
    with pytest.raises(CommandError) as found:
        place.subscribe(Contract(conId=99, symbol="AAPL", secType="STK", exchange="NASDAQ", currency="USD"))
    assert found.value.code == errors.AMBIGUOUS_CONTRACT


def test_sizes_are_counted_by_the_version_of_the_session_that_tells_them(place):
    found = place.subscribe(mdSizeMultiplier=100)
    assert found.feed.factor == 100
    place.books.link_down(session_lost=True)
    place.client.server_version = 178
    place.books.link_up(place.client)
    assert found.feed.factor == 1 and found.lots == 100

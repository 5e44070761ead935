"""What is said on a channel, who says it, and what its state makes of it."""

import json

import pytest

from ibgw_tx.books.channel import GAP_LIMIT, QUIET_LIMIT, TRANSITIONS, UNSETTLED_LIMIT, Sign, State
from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE
from tests.kit.books import NOW, BookPath
from tests.kit.contracts import AAPL


@pytest.fixture
def path():
    return BookPath()


@pytest.fixture
def feed(path):
    return path.fed(AAPL, 7)


@pytest.fixture
def channel(feed):
    return feed.channel


def crossed(feed):
    feed.rows.apply(INSERT, BID, 0, 11, 1)
    feed.rows.apply(INSERT, ASK, 0, 10, 1)


def message(channel, now=NOW):
    found = channel.message(now, now)
    return None if found is None else json.loads(found)


def test_a_message_is_bids_asks_and_the_time_of_publishing(feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10.5, 3)
    feed.rows.apply(INSERT, ASK, 0, 10.75, 4)
    assert message(channel) == [[{"p": 10.5, "s": 3}], [{"p": 10.75, "s": 4}], NOW]
    assert channel.message(NOW + 5, 5).endswith(b",%d]" % (NOW + 5)) and channel.told_at == 5


def test_a_crossed_book_does_not_go_out_until_it_is_uncrossed(feed, channel):
    crossed(feed)
    assert message(channel) is None and channel.state is State.SILENT
    feed.rows.apply(UPDATE, BID, 0, 9, 1)
    assert message(channel) is not None and channel.state is State.SPEAKING
    assert feed.unsettled_since is None


def test_a_speaker_that_makes_no_sense_holds_the_channel(feed, channel):
    feed.rows.apply(INSERT, BID, 0, 9, 1)
    message(channel)
    crossed(feed)
    assert message(channel) is None and channel.state is State.HELD and not channel.is_quiet(NOW + 60_000)


def test_a_feed_is_unsettled_from_the_first_message_it_could_not_give(feed, channel):
    crossed(feed)
    message(channel)
    message(channel, NOW + 4000)
    assert not feed.is_senseless(NOW + UNSETTLED_LIMIT - 1) and feed.is_senseless(NOW + UNSETTLED_LIMIT)


def test_a_feed_with_missing_rows_is_rebuilt_but_not_more_often_than_its_limit(feed):
    for _ in range(GAP_LIMIT):
        feed.rows.apply(INSERT, BID, 5, 1, 1)
    assert feed.is_senseless(NOW)
    feed.rebuild(NOW)
    assert feed.unsettled_limit == 2 * UNSETTLED_LIMIT
    assert not feed.is_senseless(NOW + feed.unsettled_limit - 1) and feed.is_senseless(NOW + feed.unsettled_limit)


def test_durations_do_not_hear_of_the_wall_clock(feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10, 1)
    channel.message(NOW, 1000)
    channel.message(NOW + 3_600_000, 2000)
    assert not channel.is_quiet(2000 + QUIET_LIMIT - 1) and channel.is_quiet(2000 + QUIET_LIMIT)


def test_a_lost_book_is_told_empty_once(path, feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10, 1)
    message(channel)
    path.channels.distrust(feed)
    assert channel.state is State.FALLEN and message(channel, NOW + 1) == [[], [], NOW + 1]
    assert channel.state is State.EMPTIED and message(channel, NOW + 2) is None


def test_a_book_never_told_needs_no_emptying(path, feed, channel):
    path.channels.distrust(feed)
    assert channel.state is State.SILENT and not path.channels.has_news


def test_an_emptied_book_that_comes_back_crossed_is_still_told_empty(path, feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10, 1)
    message(channel)
    path.channels.distrust(feed)
    crossed(feed)
    assert message(channel, NOW + 1) == [[], [], NOW + 1]
    assert message(channel, NOW + 2) is None


def test_a_quiet_book_is_due_again_within_ten_seconds(feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10, 1)
    message(channel)
    assert not channel.is_quiet(NOW + QUIET_LIMIT - 1) and channel.is_quiet(NOW + QUIET_LIMIT)
    assert QUIET_LIMIT + 1000 <= 10_000


def test_a_book_whose_last_row_went_is_told_empty(feed, channel):
    feed.rows.apply(INSERT, BID, 0, 10, 1)
    message(channel)
    feed.rows.apply(DELETE, BID, 0, 0, 0)
    assert message(channel, NOW + 1) == [[], [], NOW + 1] and not channel.is_quiet(NOW + 60_000)


@pytest.mark.parametrize("state", State)
def test_the_table_brings_no_state_where_the_last_word_is_unknown(state):
    assert set(TRANSITIONS) == set(State)
    after = {sign: TRANSITIONS[state].get(sign, state) for sign in Sign}
    assert after[Sign.SAID] is State.SPEAKING and after[Sign.EMPTY] is State.EMPTIED
    assert after[Sign.LOST] not in (State.SPEAKING, State.HELD), "what is lost is not spoken of as if it stood"


# Who speaks.


@pytest.fixture
def top(path, feed):
    return path.fed_top(AAPL, 9)


def levels(path, now=NOW):
    """The best bid of each message that goes out."""
    return [message[0][0]["p"] if message[0] else None for _, message in path.told(now)]


def test_level_1_speaks_until_depth_has_rows_and_again_when_they_are_gone(path, feed, top):
    path.quote(9, 1, 10.0)
    assert levels(path) == [10.0]
    path.row(7, 0, INSERT, BID, 9.5, 3)
    assert levels(path) == [9.5]
    path.quote(9, 1, 10.5)
    assert levels(path) == [], "silent while depth speaks"
    path.row(7, 0, DELETE, BID, 0, 0)
    assert levels(path) == [10.5], "without a gap"


def test_depth_that_is_distrusted_hands_over_to_level_1_without_a_gap(path, feed, top):
    path.quote(9, 1, 10.0)
    path.row(7, 0, INSERT, BID, 9.5, 3)
    assert levels(path) == [9.5]
    path.channels.distrust(feed)
    assert levels(path) == [10.0]


def test_depth_that_comes_senseless_does_not_silence_level_1(path, feed, top):
    path.quote(9, 1, 10.0)
    levels(path)
    path.row(7, 0, INSERT, BID, 11, 1)
    path.row(7, 0, INSERT, ASK, 10, 1)
    assert levels(path) == [10.0]
    path.quote(9, 1, 10.1)
    assert levels(path) == [10.1]


@pytest.mark.parametrize("first", ["depth", "level 1"])
def test_whoever_spoke_last_is_emptied_when_both_are_lost(path, feed, top, first):
    path.quote(9, 1, 10.0)
    path.row(7, 0, INSERT, BID, 9.5, 3)
    levels(path)
    for each in (feed, top) if first == "depth" else (top, feed):
        path.channels.distrust(each)
    assert levels(path) == [None] and levels(path) == []


def test_one_channel_may_be_fed_by_two_requests_of_depth(path, feed):
    other = path.fed(AAPL, 8)
    path.row(8, 0, INSERT, BID, 9.0, 1)
    assert levels(path) == [9.0]
    path.row(7, 0, INSERT, BID, 10.0, 1)
    assert levels(path) == [10.0]
    path.row(8, 0, UPDATE, BID, 9.1, 1)
    assert levels(path) == [], "the first one speaks"
    path.channels.leave(feed)
    assert levels(path) == [9.1] and other.channel.feeds == (other,)


def test_the_best_prices_are_those_of_the_first_feed_that_has_any(path, feed, top):
    assert path.channels.best(AAPL) == (None, None)
    path.quote(9, 1, 10.0)
    assert path.channels.best(AAPL) == (10.0, None)
    path.row(7, 0, INSERT, ASK, 9.5, 3)
    assert path.channels.best(AAPL) == (None, 9.5)

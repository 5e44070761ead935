"""All channels: the marks, the keys, and that one bad book holds no other back."""

import json

import pytest

from ibgw_tx.books.channel import Channel, State
from ibgw_tx.books.order_book import BID, INSERT, UPDATE
from tests.kit.books import NOW, BookPath
from tests.kit.contracts import AAPL, HK1137


@pytest.fixture
def path():
    return BookPath()


@pytest.fixture
def feed(path):
    return path.fed(AAPL, 7)


def keys(path):
    writes, gone = path.channels.take_keys()
    return [(key, json.loads(value)) for key, value in writes], gone


def test_many_changes_of_one_turn_are_one_message(path, feed):
    for row in range(5):
        path.row(7, row, INSERT, BID, 10 - row, 1)
    ((channel, message),) = path.told()
    assert channel == feed.channel.name and len(message[0]) == 5 and message[2] == NOW
    assert not path.channels.has_news and not path.told()


def test_marks_stay_until_they_are_taken_and_only_the_newest_state_goes_out(path, feed):
    for price in range(100):
        path.row(7, 0, UPDATE, BID, price, 1)
    assert path.told()[0][1][0] == [{"p": 99, "s": 1}]


def test_a_key_is_stale_once_for_each_message_told(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    assert keys(path) == ([(feed.channel.key, [[{"p": 10, "s": 1}], [], NOW])], []) and keys(path) == ([], [])


def test_lost_feeds_are_told_empty_and_hear_no_more(path, feed):
    other = path.fed(HK1137, 8)
    for req_id in (7, 8):
        path.row(req_id, 0, INSERT, BID, 10, 1)
    path.told()
    for each in (feed, other):
        path.depth.feeds.end(each)
    assert sorted(path.told()) == sorted((each.channel.name, [[], [], NOW]) for each in (feed, other))
    path.row(7, 0, INSERT, BID, 10, 1)
    assert not path.channels.has_news and path.depth.strays == 1


def test_redis_back_means_every_channel_on_which_anything_was_said_says_it_again(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    path.fed(HK1137, 8)
    path.channels.owe_all()
    assert [channel for channel, _ in path.told(NOW + 1)] == [feed.channel.name]


def test_a_book_emptied_while_redis_was_away_goes_out_empty(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    path.channels.distrust(feed)
    path.told()
    path.channels.owe_all()
    assert path.told(NOW + 1) == [(feed.channel.name, [[], [], NOW + 1])]


def test_quiet_books_are_marked_and_busy_ones_are_not(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    path.channels.mark_quiet(NOW + 5000)
    assert not path.channels.has_news
    path.channels.mark_quiet(NOW + 9000)
    assert path.told(NOW + 9000) == [(feed.channel.name, [[{"p": 10, "s": 1}], [], NOW + 9000])]


def test_a_channel_without_feeds_is_told_empty_then_its_key_goes(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    path.depth.feeds.end(feed)
    path.channels.leave(feed)
    assert keys(path) == ([], []), "not before the empty book is said"
    assert path.told() == [(feed.channel.name, [[], [], NOW])]
    assert keys(path) == ([], [feed.channel.key]) and not path.channels.by_name and keys(path) == ([], [])


def test_a_channel_wanted_again_before_its_key_goes_keeps_it(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    path.channels.leave(feed)
    path.told()
    again = path.fed(AAPL, 8)
    assert again.channel is feed.channel
    assert keys(path) == ([(feed.channel.key, [[], [], NOW])], [])


# One bad book.


@pytest.fixture
def broken(monkeypatch, feed):
    """AAPL's message cannot be made."""
    make = Channel.message

    def message(self, t, now):
        if self is feed.channel and not feed.spoilt:
            raise OverflowError("int too large")
        return make(self, t, now)

    monkeypatch.setattr(Channel, "message", message)


def test_a_book_that_cannot_be_told_holds_no_other_back(path, feed, broken):
    other = path.fed(HK1137, 8)
    path.row(7, 0, INSERT, BID, 10, 1)
    path.row(8, 0, INSERT, BID, 20, 1)
    assert [channel for channel, _ in path.told()] == [other.channel.name]
    ((name, error),) = path.channels.broken
    assert name == feed.channel.name and isinstance(error, OverflowError)
    path.row(8, 0, UPDATE, BID, 21, 1)
    assert other.channel.name in dict(path.told()), "its mark is free for the next change"


def test_a_book_that_cannot_be_told_is_emptied_and_waits_for_its_next_request(path, feed, broken):
    feed.channel.state, feed.channel.speaker = State.SPEAKING, feed
    path.row(7, 0, INSERT, BID, 10, 1)
    path.told()
    assert path.told() == [(feed.channel.name, [[], [], NOW])] and feed.is_senseless(NOW)
    path.row(7, 0, INSERT, BID, 10, 1)
    assert path.told() == [], "rows on top of forgotten ones are no book"
    path.depth.feeds.start(feed, 70)
    assert not feed.spoilt


def test_what_was_not_written_waits_again(path, feed):
    path.row(7, 0, INSERT, BID, 10, 1)
    messages = path.channels.take_messages(NOW, NOW)
    path.channels.not_written(channel for channel, _ in messages)
    assert path.told() == [(feed.channel.name, [[{"p": 10, "s": 1}], [], NOW])]
    path.channels.distrust(feed)
    path.channels.not_written(channel for channel, _ in path.channels.take_messages(NOW, NOW))
    assert path.told(NOW + 1) == [(feed.channel.name, [[], [], NOW + 1])]

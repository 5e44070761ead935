"""Books to Redis: the newest state only, one write a turn, bounded whatever Redis does."""

import json

import hiredis
import pytest

from ibgw_tx.books.order_book import BID, INSERT, UPDATE
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.redis.resp import delete_command, publish_command, publish_head, publish_with, set_command
from tests.kit.books import BookPath
from tests.kit.contracts import AAPL, HK1137
from tests.kit.redis import FakeLink


@pytest.fixture
def path():
    return BookPath()


@pytest.fixture
def link():
    return FakeLink()


@pytest.fixture
def publisher(path, link, clock):
    def now_ms():
        return int(clock.seconds() * 1000)

    return BookPublisher(path.channels, path.top, link, now_ms, now_ms)


@pytest.fixture
def book(path, publisher, link):
    """The channel of a book that is fed by request 7, with Redis up."""
    link.bring_up()
    return path.fed(AAPL, 7).channel


def price(path, value, req_id=7):
    path.row(req_id, 0, UPDATE, BID, value, 1)


def best(message):
    return message[0][0]["p"] if message[0] else None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (publish_command("a:é", b"[]"), [b"PUBLISH", "a:é".encode(), b"[]"]),
        (publish_with(publish_head("a:é"), b"[]"), [b"PUBLISH", "a:é".encode(), b"[]"]),
        (set_command("k", b"v\r\n"), [b"SET", b"k", b"v\r\n"]),
        (delete_command("k"), [b"DEL", b"k"]),
    ],
)
def test_commands_are_what_redis_reads(command, words):
    reader = hiredis.Reader()
    reader.feed(command)
    assert reader.gets() == words and reader.gets() is False


def test_every_changed_book_goes_out_in_one_write(path, publisher, link, book):
    path.fed(HK1137, 8)
    price(path, 10)
    price(path, 11)
    price(path, 20, 8)
    publisher.flush()
    assert len(link.books.batches) == 1 and len(link.books.batches[0]) == 2 and publisher.published == 2
    assert [best(message) for message in link.on_channel(book.name)] == [11]


def test_nothing_new_writes_nothing(publisher, link, book):
    publisher.flush()
    publisher.flush_keys()
    assert not link.books.batches


def test_a_crossed_book_writes_nothing(path, publisher, link, book):
    path.row(7, 0, INSERT, 1, 11, 1)
    path.row(7, 0, INSERT, 0, 10, 1)
    publisher.flush()
    assert not link.books.batches


def test_without_room_only_the_newest_state_is_kept(path, publisher, link, book):
    link.books.room = False
    for value in range(1, 1000):
        price(path, value)
        publisher.flush()
    assert not link.published
    link.books.room = True
    link.on_room()
    assert [best(message) for message in link.on_channel(book.name)] == [999]


def test_while_redis_is_away_nothing_piles_up_and_its_return_tells_everything(path, publisher, link, book):
    price(path, 10)
    publisher.flush()
    link.go_down()
    for value in range(20, 30):
        price(path, value)
        publisher.flush()
    assert len(path.channels.dirty) == 1
    link.bring_up()
    assert [best(message) for message in link.on_channel(book.name)] == [10, 29]


def test_the_key_follows_the_last_message(path, publisher, link, book):
    for value in (10, 11, 12):
        price(path, value)
        publisher.flush()
    assert book.key not in link.keys
    publisher.flush_keys()
    assert best(link.json(book.key)) == 12 and len(link.books.batches[-1]) == 1


def test_without_room_the_key_waits(path, publisher, link, book):
    price(path, 10)
    publisher.flush()
    link.books.room = False
    publisher.flush_keys()
    link.books.room = True
    publisher.flush_keys()
    assert best(link.json(book.key)) == 10


def test_a_forgotten_books_key_goes_even_when_redis_was_away(path, publisher, link, book):
    price(path, 10)
    publisher.flush()
    publisher.flush_keys()
    link.go_down()
    path.channels.leave(*book.feeds)
    publisher.flush_keys()
    assert book.key in link.keys
    link.bring_up()
    publisher.flush_keys()
    assert book.key not in link.keys


def test_a_book_subscribed_again_keeps_its_key(path, publisher, link, book):
    link.books.room = False
    path.channels.leave(*book.feeds)
    publisher.flush_keys()
    link.books.room = True
    again = path.fed(AAPL, 9)
    price(path, 15, 9)
    publisher.flush()
    publisher.flush_keys()
    assert best(link.json(again.channel.key)) == 15


def test_an_emptied_books_key_is_empty(path, publisher, link, book):
    price(path, 10)
    publisher.flush()
    path.depth.feeds.end(*book.feeds)
    publisher.flush()
    publisher.flush_keys()
    assert json.loads(link.keys[book.key])[:2] == [[], []]


def test_a_size_that_is_no_size_neither_goes_out_nor_silences_the_other_books(path, publisher, link, book):
    other = path.fed(HK1137, 8)
    path.row(7, 0, INSERT, BID, 10, 2**127 - 1)
    price(path, 20, 8)
    publisher.flush()
    price(path, 21, 8)
    publisher.flush()
    assert [best(message) for message in link.on_channel(other.channel.name)] == [20, 21] and not link.on_channel(book.name)


def test_a_write_that_fails_is_made_up_for(path, publisher, link, book, monkeypatch):
    price(path, 10)
    with monkeypatch.context() as patch:
        patch.setattr(link.books, "send", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publisher.flush()
    publisher.flush()
    assert [best(message) for message in link.on_channel(book.name)] == [10]


def test_a_trade_that_cannot_be_told_is_one_line_and_costs_no_book(path, publisher, link, book, lines):
    feed = path.fed_top(HK1137, 9)
    for _ in range(2):
        path.quote(9, 4, 10.5)
    feed.rows.trades.waiting[0]["t"] = 10**30
    price(path, 10)
    publisher.flush()
    assert [best(message) for message in link.on_channel(book.name)] == [10]
    assert sum("cannot be told" in line for line in lines) == 1
    publisher.flush()
    assert sum("cannot be told" in line for line in lines) == 1


def test_the_quiet_are_found_by_the_steady_clock_whatever_the_wall_clock_says(path, link, clock):
    wall = [1_700_000_000_000]
    publisher = BookPublisher(path.channels, path.top, link, lambda: wall[0], lambda: int(clock.seconds() * 1000))
    link.bring_up()
    book = path.fed(AAPL, 7).channel
    price(path, 10)
    publisher.flush()
    for jump in (3_600_000, -7_200_000):
        wall[0] += jump
        publisher.refresh_quiet()
        publisher.flush()
    assert len(link.on_channel(book.name)) == 1
    clock.advance(9)
    publisher.refresh_quiet()
    publisher.flush()
    assert [message[2] for message in link.on_channel(book.name)] == [1_700_000_000_000, wall[0]]

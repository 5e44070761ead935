"""Books to Redis: the newest state only, one write a turn, bounded whatever Redis does."""

import json

import hiredis
import pytest

from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.books.order_book import BID, INSERT, UPDATE
from ibgw_tx.books.shelf import BookShelf
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.books.top_shelf import TopShelf
from ibgw_tx.redis.resp import delete_command, publish_command, set_command
from tests.kit.fakes import AAPL, HK1137, FakeLink, depth_frame


@pytest.fixture
def shelf():
    return BookShelf()


@pytest.fixture
def link():
    return FakeLink()


@pytest.fixture
def publisher(shelf, link, clock):
    def now_ms():
        return int(clock.seconds() * 1000)

    return BookPublisher(shelf, TopShelf(shelf, now_ms), link, now_ms)


@pytest.fixture
def book(shelf, publisher, link):
    """A book that is fed by request 7, with Redis up."""
    link.bring_up()
    return fed(shelf, AAPL, 7)


def fed(shelf, contract, req_id):
    made = LiveBook(contract, 1)
    shelf.add(made)
    shelf.feed(made, req_id)
    return made


def price(shelf, value, req_id=7):
    shelf.depth(depth_frame(req_id, 0, UPDATE, BID, value, 1))


def best(message):
    return message[0][0]["p"] if message[0] else None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (publish_command("a:é", b"[]"), [b"PUBLISH", "a:é".encode(), b"[]"]),
        (set_command("k", b"v\r\n"), [b"SET", b"k", b"v\r\n"]),
        (delete_command("k"), [b"DEL", b"k"]),
    ],
)
def test_commands_are_what_redis_reads(command, words):
    reader = hiredis.Reader()
    reader.feed(command)
    assert reader.gets() == words and reader.gets() is False


def test_every_changed_book_goes_out_in_one_write(shelf, publisher, link, book):
    fed(shelf, HK1137, 8)
    price(shelf, 10)
    price(shelf, 11)
    price(shelf, 20, 8)
    publisher.flush()
    assert len(link.books.batches) == 1 and len(link.books.batches[0]) == 2 and publisher.published == 2
    assert [best(message) for message in link.on_channel(book.channel)] == [11]


def test_nothing_new_writes_nothing(publisher, link, book):
    publisher.flush()
    publisher.flush_keys()
    assert not link.books.batches


def test_a_crossed_book_writes_nothing(shelf, publisher, link, book):
    shelf.depth(depth_frame(7, 0, INSERT, 1, 11, 1))
    shelf.depth(depth_frame(7, 0, INSERT, 0, 10, 1))
    publisher.flush()
    assert not link.books.batches


def test_without_room_only_the_newest_state_is_kept(shelf, publisher, link, book):
    link.books.room = False
    for value in range(1, 1000):
        price(shelf, value)
        publisher.flush()
    assert not link.published
    link.books.room = True
    link.on_room()
    assert [best(message) for message in link.on_channel(book.channel)] == [999]


def test_while_redis_is_away_nothing_piles_up_and_its_return_tells_everything(shelf, publisher, link, book):
    price(shelf, 10)
    publisher.flush()
    link.go_down()
    for value in range(20, 30):
        price(shelf, value)
        publisher.flush()
    assert len(shelf._dirty) == 1
    link.bring_up()
    assert [best(message) for message in link.on_channel(book.channel)] == [10, 29]


def test_the_key_follows_the_last_message(shelf, publisher, link, book):
    for value in (10, 11, 12):
        price(shelf, value)
        publisher.flush()
    assert book.key not in link.keys
    publisher.flush_keys()
    assert best(link.json(book.key)) == 12 and len(link.books.batches[-1]) == 1


def test_without_room_the_key_waits(shelf, publisher, link, book):
    price(shelf, 10)
    publisher.flush()
    link.books.room = False
    publisher.flush_keys()
    link.books.room = True
    publisher.flush_keys()
    assert best(link.json(book.key)) == 10


def test_a_forgotten_books_key_goes_even_when_redis_was_away(shelf, publisher, link, book):
    price(shelf, 10)
    publisher.flush()
    publisher.flush_keys()
    link.go_down()
    shelf.remove(book)
    publisher.forget(book)
    assert book.key in link.keys
    link.bring_up()
    publisher.flush_keys()
    assert book.key not in link.keys


def test_a_book_subscribed_again_keeps_its_key(shelf, publisher, link, book):
    link.books.room = False
    shelf.remove(book)
    publisher.forget(book)
    link.books.room = True
    again = fed(shelf, AAPL, 9)
    price(shelf, 15, 9)
    publisher.flush()
    publisher.flush_keys()
    assert best(link.json(again.key)) == 15


def test_an_emptied_books_key_is_empty(shelf, publisher, link, book):
    price(shelf, 10)
    publisher.flush()
    shelf.distrust_all()
    publisher.flush()
    publisher.flush_keys()
    assert json.loads(link.keys[book.key])[:2] == [[], []]


def test_a_size_that_is_no_size_neither_goes_out_nor_silences_the_other_books(shelf, publisher, link, book):
    other = fed(shelf, HK1137, 8)
    shelf.depth(depth_frame(7, 0, INSERT, BID, 10, 2**127 - 1))
    price(shelf, 20, 8)
    publisher.flush()
    price(shelf, 21, 8)
    publisher.flush()
    assert [best(message) for message in link.on_channel(other.channel)] == [20, 21] and not link.on_channel(book.channel)

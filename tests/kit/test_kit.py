"""The fakes give what the real ones give."""

import inspect
import json

import pytest

from ibgw_tx.model.redis_access import Access
from ibgw_tx.redis.shell.book_connection import BookProtocol
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.redis.shell.way import Way
from ibgw_tx.tws.api.client import TWSClient
from tests.kit.books import check_book
from tests.kit.deferreds import result
from tests.kit.redis import FakeLink, FakeWire
from tests.kit.tws import RecordingClient


@pytest.mark.parametrize("method", ["call", "tell", "tell_all", "transaction", "publish", "startService", "stopService"])
def test_the_fake_link_takes_what_the_real_one_takes(method):
    fake, real = (list(inspect.signature(getattr(kind, method)).parameters) for kind in (FakeLink, RedisLink))
    assert fake == real


def test_the_fake_link_has_what_others_set_and_read():
    real = RedisLink(Way(Access("127.0.0.1", 6379), None), "CMD")
    wanted = {name for name in vars(real) if not name.startswith("_") and name != "refused"} | {"on_room"}
    assert wanted <= set(vars(FakeLink())) | set(dir(FakeLink))


def test_the_fake_wire_takes_what_the_real_one_takes():
    fake, real = (list(inspect.signature(kind.send).parameters) for kind in (FakeWire, BookProtocol))
    assert fake == real and isinstance(inspect.getattr_static(BookProtocol, "has_room"), property)


ASKED = [name for name, found in vars(RecordingClient).items() if not name.startswith("_") and callable(found)]


@pytest.mark.parametrize("method", sorted(set(ASKED) - {"taken"}))
def test_the_recording_client_is_asked_as_the_real_one_is(method):
    fake, real = (list(inspect.signature(getattr(kind, method)).parameters) for kind in (RecordingClient, TWSClient))
    assert fake == real


def test_the_fake_link_keeps_what_redis_would_keep():
    link = FakeLink()
    link.bring_up()
    link.tell("HSET", "h", "f", b"v")
    assert result(link.call("HGETALL", "h")) == [b"f", b"v"]
    link.tell("DEL", "h")
    assert result(link.call("HGETALL", "h")) == []


@pytest.mark.parametrize(
    "message",
    [
        [[{"p": 1, "s": 1}], [{"p": 1, "s": 1}], 1],
        [[{"p": 1, "s": 1}, {"p": 2, "s": 1}], [], 1],
        [[{"p": 1, "s": 0}], [], 1],
        [[{"p": 1, "s": None}], [], 1],
        [[], [], 1.5],
    ],
)
def test_the_check_of_books_finds_what_must_not_be_published(message):
    with pytest.raises((AssertionError, TypeError)):
        check_book(json.loads(json.dumps(message)))

"""Entries of the stream that a Redis gives out again: after a fail-over it may have lost what was done last."""

import pytest
from twisted.internet.defer import fail, succeed
from twisted.internet.task import Clock

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.streams.shell import command_stream as module
from ibgw_tx.streams.shell.command_stream import CommandStream

END = ("XACK", "IBGateway:demo:CMDS", "ibgateway")


class Redis:
    """Transactions, and whether an entry is with the group."""

    up = True

    def __init__(self):
        self.transactions, self.away, self.pending = [], False, []

    def transaction(self, commands):
        if self.away:
            return fail(RedisDown("away"))
        self.transactions.append(commands)
        return succeed([b"0"] * len(commands))

    def call(self, *words):
        return succeed(self.pending)


class Stream:
    def __init__(self):
        self.redis, self.done = Redis(), []
        publication = lambda ack: [("PUBLISH", "ACK", ack), ("XADD", "events", ack)]  # noqa: E731
        self.stream = CommandStream("demo", self.redis, self._dispatch, publication, lambda: True, Clock(), lambda: 0)

    def _dispatch(self, message, entry):
        self.done.append((entry.id, message, entry.again))
        entry.reply(b"ack of " + (message if isinstance(message, bytes) else message.encode()))

    def take(self, entry_id, message, again=False):
        self.stream._take(entry_id, message, again)
        return self.redis.transactions[-1] if self.redis.transactions else None


@pytest.fixture
def stream():
    return Stream()


def test_what_is_done_and_given_out_again_is_not_done_again_nor_told_twice(stream):
    assert stream.take("1-0", b"{}") == [("PUBLISH", "ACK", b"ack of {}"), ("XADD", "events", b"ack of {}"), (*END, "1-0")]
    for again in (False, True):
        assert stream.take("1-0", b"{}", again) == [("XADD", "events", b"ack of {}"), (*END, "1-0")]
    assert len(stream.done) == 1


def test_what_was_done_and_perhaps_not_told_is_told(stream):
    stream.redis.away = True
    stream.take("1-0", b"{}")
    # Nobody knows it there: the end may have been carried out, its answer lost.
    stream.redis.away = False
    stream.stream._tick()
    assert not stream.redis.transactions
    assert stream.take("1-0", b"{}") == [("PUBLISH", "ACK", b"ack of {}"), ("XADD", "events", b"ack of {}"), (*END, "1-0")]
    assert len(stream.done) == 1


def test_what_waits_to_be_told_is_told_once(stream):
    stream.redis.away, stream.redis.pending = True, [b"1-0"]
    stream.take("1-0", b"{}")
    stream.redis.away = False
    stream.take("1-0", b"{}")
    assert stream.redis.transactions == [] and len(stream.done) == 1
    stream.stream._tick()
    assert len(stream.redis.transactions) == 1


def test_another_entry_of_the_same_id_is_another_entry(stream):
    """A new master whose clock is behind may give an id a second time."""
    stream.take("1-0", b"{}")
    stream.take("1-0", b"[]")
    assert [message for _, message, _ in stream.done] == [b"{}", b"[]"]


def test_one_without_a_command_is_known_again(stream):
    stream.take("1-0", "it has no command")
    stream.take("1-0", "it has no command", again=True)
    assert len(stream.done) == 1


def test_so_many_are_remembered(stream, monkeypatch):
    monkeypatch.setattr(module, "MEMORY", 2)
    for number in range(3):
        stream.take(f"{number}-0", b"{}")
    stream.take("0-0", b"{}")
    stream.take("2-0", b"{}")
    assert [entry for entry, _, _ in stream.done] == ["0-0", "1-0", "2-0", "0-0"]

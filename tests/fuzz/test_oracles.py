"""The checks of the fuzzers see what they are there to see: each is shown a fault that is built in."""

from __future__ import annotations

import json

import pytest

from ibgw_tx.tws.api.generation import MODERN

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")

if MODERN:
    from ibgw_tx.commands.shell.dispatcher import Dispatcher
    from ibgw_tx.orders.shell.orders import Orders
    from ibgw_tx.redis.shell.book_connection import BookProtocol
    from ibgw_tx.redis.shell.connections import RedisProtocol
    from ibgw_tx.tws.api import client
    from ibgw_tx.tws.frames import FrameSplitter, frame
    from ibgw_tx.tws.shell.incoming import Incoming
    from tests.fuzz import commands, frames, replies
    from tests.fuzz.stage import Stage, Violated

STATUS = b"3\0001\0Filled\000100\0000\000100.0\0001000640001\0000\000100.0\0000\0\0000.0\0"
PLACE = {"exchange": "NASDAQ", "showName": "USD-AAPL", "order": {"T": "buy", "s": 100, "p": 100.0}}


@pytest.fixture(autouse=True)
def alone(failures):
    Stage.forget()
    yield
    Stage.forget()
    failures.clear()


def command(cmd, **params):
    return b"\0" + json.dumps({"id": 1, "cmd": cmd, "params": params}).encode()


def test_a_message_that_breaks_behind_its_reading_is_seen(monkeypatch):
    frames.check(b"\0" + frame(STATUS))
    take = Orders.take

    def stumble(self, event):
        return 1 / 0 if getattr(event, "status", "") == "Filled" else take(self, event)

    monkeypatch.setattr(Orders, "take", stumble)
    with pytest.raises(Violated, match="ZeroDivisionError"):
        frames.check(b"\0" + frame(STATUS))


def test_an_exception_out_of_the_reading_is_seen(monkeypatch):
    monkeypatch.setattr(FrameSplitter, "feed", lambda self, data: 1 / 0)
    with pytest.raises((Violated, ZeroDivisionError)):
        frames.check(b"\0" + frame(b"x"))


def test_what_a_skipped_message_leaves_is_seen(monkeypatch):
    skip = Incoming._skip

    def leave_a_trace(self, payload):
        skip(self, payload)
        self._decode(STATUS.split(b"\0")[:-1])

    monkeypatch.setattr(Incoming, "_skip", leave_a_trace)
    with pytest.raises(Violated, match="left a trace"):
        frames.check(b"\0" + frame(b"3\0x\0"))


def test_a_second_acknowledgement_is_seen(monkeypatch):
    message = Dispatcher.message
    commands.check(command("ACCOUNT_LIST"))
    Stage.forget()

    def twice(self, text, entry=None):
        message(self, text, entry)
        message(self, text, entry)

    monkeypatch.setattr(Dispatcher, "message", twice)
    with pytest.raises((Violated, AssertionError)):
        commands.check(command("ACCOUNT_LIST"))


def test_another_order_than_the_one_commanded_is_seen(monkeypatch):
    commands.check(command("PLACE_ORDER", **PLACE))
    Stage.forget()

    def one_more(terms, *args):
        order = order_to_ib(terms, *args)
        order.totalQuantity += 1
        return order

    order_to_ib = client.order_to_ib
    monkeypatch.setattr(client, "order_to_ib", one_more)
    with pytest.raises(Violated, match="ordered"):
        commands.check(command("PLACE_ORDER", **PLACE))


def test_books_that_are_answered_more_often_than_sent_are_seen(monkeypatch):
    replies.check(b"\x02+OK\r\n")

    def take(self, data, unpause):
        self.in_flight -= 1

    monkeypatch.setattr(BookProtocol, "_take", lambda self, *args: (take if self._ready else RedisProtocol._take)(self, *args))
    with pytest.raises(Violated, match="unanswered"):
        replies.check(b"\x02+OK\r\n")

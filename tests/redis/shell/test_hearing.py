"""Commands are heard only while their acknowledgements can be told."""

from __future__ import annotations

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.redis.shell.connections import REPLY_LIMIT
from ibgw_tx.redis.shell.subscription import PING_INTERVAL
from tests.redis.shell.test_link import Place, info

SUBSCRIBE = ["SUBSCRIBE", "IBGateway:demo:CMD"]
SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$18\r\nIBGateway:demo:CMD\r\n:1"


def test_nothing_is_subscribed_before_acknowledgements_can_be_told():
    # Seen in the fault campaign: after a restart of Redis orders were cancelled, and nobody heard of it.
    place = Place()
    ear = place.connect(1)
    ear.reply(b"+PONG", info(), b":11")
    assert SUBSCRIBE not in ear.words() and not place.link.listening
    place.ready(0)
    assert ear.words() == [SUBSCRIBE]
    ear.reply(SUBSCRIBED)
    assert place.link.listening
    ear.wire.end()


def test_the_subscription_ends_with_the_connection_for_acknowledgements():
    place = Place()
    mouth, ear = place.ready(0), place.ready(1)
    assert place.link.listening
    mouth.wire.end()
    assert ear.wire.aborted
    ear.wire.end()
    assert not place.link.listening
    again = place.connect(1)
    again.reply(b"+PONG", info(), b":11", b":12")
    assert SUBSCRIBE not in again.words()
    place.connect(0).reply(b"+PONG", info(), b":1", b":12")
    assert again.words() == [SUBSCRIBE]
    again.wire.end()


def test_a_subscription_that_waits_and_is_lost_is_forgotten(lines):
    place = Place()
    lost = place.connect(1)
    lost.reply(b"+PONG", info(), b":11")
    lost.words()
    lost.wire.end()
    place.ready(0)
    assert lost.words() == [] and not place.link.listening
    assert not [line for line in lines if "subscription" in line or "hung up" in line]


def test_a_flood_that_takes_long_to_read_does_not_end_the_subscription():
    # Seen in the fault campaign: of 10,000 commands at once the last ones were lost: a PING's answer stood behind them.
    place = Place()
    place.ready(0)
    ear, got = place.ready(1), []
    place.link.on_message = got.append
    message = b"*3\r\n$7\r\nmessage\r\n$18\r\nIBGateway:demo:CMD\r\n$1\r\nx"
    ear.protocol._pings.clock = place.clock
    ear.protocol._ping()
    for _ in range(3 * REPLY_LIMIT):
        place.clock.advance(1)
        ear.reply(message)
    assert len(got) == 3 * REPLY_LIMIT and not ear.wire.aborted
    place.clock.advance(REPLY_LIMIT + PING_INTERVAL)
    assert ear.wire.aborted, "silence ends it as ever"
    ear.wire.end()


def test_who_waits_when_the_connection_is_lost_finds_redis_away():
    # Seen in the fault campaign: an order that could not be kept wanted its record away at once, and ended in a traceback.
    place, said = Place(), []
    server = place.ready(0)

    def failed(failure):
        place.link.tell("HDEL", "k", "f")
        place.link.tell_all([("HDEL", "k", "f")])
        for more in (place.link.call("GET", "k"), place.link.transaction([("DEL", "k")])):
            more.addErrback(lambda why: said.append(why.type))

    place.link.call("SET", "k", "v").addErrback(failed)
    server.wire.end()
    assert said == [RedisDown, RedisDown]

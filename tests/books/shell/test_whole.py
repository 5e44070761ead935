"""Books over a whole gateway in memory: what bots see when TWS sends what it should not, refuses, or goes away."""

import json

import attrs
import pytest

from tests.kit.books import check_book
from tests.kit.contracts import AAPL, HK1137
from tests.kit.deferreds import result
from tests.kit.gateway import World
from tests.kit.tws import tws_frame

CHANNEL = "URANUS:SEHK:HKD-1137:full_odbk_channel"
TICKS = "URANUS:SEHK:HKD-1137:full_tick_channel"
KEY = "URANUS:SEHK:HKD-1137:orderbook"
APPLE = "URANUS:NASDAQ:USD-AAPL:full_odbk_channel"


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def subscribed(world, cmd, contract=HK1137, **details):
    """The request by which TWS is asked."""
    world.send(cmd, contract={"conId": contract.conId, "exchange": contract.exchange})
    world.answer(contract, **details)
    assert world.ack()["ok"]
    return asked(world, cmd)


def asked(world, cmd):
    return world.asked("10" if cmd == "SUB_ODBK" else "1")[-1][2]


def quote(world, req_id, bid=10.0):
    world.tws.say(1, 6, req_id, 1, bid, 5, 0)


def row(world, req_id, bid=9.0, size=3):
    world.tws.say(12, 1, req_id, 0, 1, 1, bid, size)


def bids(world, channel=CHANNEL):
    """The best bid (or None) of each message since the last time."""
    found = [check_book(message)[0] for message in world.link.on_channel(channel)]
    world.link.published = [each for each in world.link.published if each[0] != channel]
    return [side[0][0] if side else None for side in found]


def trades(world):
    found = [trade for message in world.link.on_channel(TICKS) for trade in message[0]]
    world.link.published = [each for each in world.link.published if each[0] != TICKS]
    return found


# Who speaks.


@pytest.mark.parametrize("code", [309, 354, 10092])
def test_level_1_goes_on_when_depth_is_refused(world, code):
    top = subscribed(world, "SUB_TOP")
    quote(world, top)
    depth = subscribed(world, "SUB_ODBK")
    world.tws.notice(code, id=depth)
    quote(world, top, 10.5)
    assert bids(world) == [10.0, 10.5]


def test_level_1_goes_on_while_depth_has_no_rows_and_is_silent_when_it_has(world):
    top = subscribed(world, "SUB_TOP")
    depth = subscribed(world, "SUB_ODBK")
    quote(world, top)
    row(world, depth)
    quote(world, top, 10.5)
    assert bids(world) == [10.0, 9.0]
    world.tws.notice(317, id=depth)
    assert bids(world) == [10.5], "without a gap"


@pytest.mark.parametrize("how", ["1100", "session", "stop"])
@pytest.mark.parametrize("refused", [True, False])
def test_whoever_spoke_last_is_emptied_with_its_key_when_trust_ends(world, how, refused):
    quote(world, subscribed(world, "SUB_TOP"))
    depth = subscribed(world, "SUB_ODBK")
    if refused:
        world.tws.notice(309, id=depth)
    world.seconds(1)
    assert world.link.json(KEY)[0][0]["p"] == 10.0
    bids(world)
    if how == "session":
        world.tws.wire.end()
    elif how == "stop":
        result(world.gateway.stopService())
    else:
        world.tws.notice(int(how))
    if how != "stop":
        world.seconds(1)
    assert bids(world) == [None] and json.loads(world.link.keys[KEY])[:2] == [[], []]


# Which book is meant.


def test_unsub_ends_what_is_named_and_nothing_else(world):
    island, arca, nyse = (attrs.evolve(AAPL, exchange=exchange) for exchange in ("ISLAND", "ARCA", "NYSE"))
    requests = {each.exchange: subscribed(world, "SUB_ODBK", each) for each in (island, arca)}
    world.send("UNSUB_ODBK", contract={"conId": AAPL.conId, "exchange": "NYSE"})
    world.answer(nyse)
    assert not world.ack()["ok"] and not world.asked("11")
    world.send("UNSUB_ODBK", contract={"conId": AAPL.conId, "exchange": "ARCA"})
    assert world.ack()["channel"] == "URANUS:ARCA:USD-AAPL:full_odbk_channel"
    assert [message[2] for message in world.asked("11")] == [requests["ARCA"]]


def test_a_conid_alone_that_fits_two_books_is_refused(world):
    for exchange in ("ISLAND", "ARCA"):
        subscribed(world, "SUB_TOP", attrs.evolve(AAPL, exchange=exchange))
    world.send("UNSUB_TOP", contract={"conId": AAPL.conId})
    ack = world.ack()
    assert ack["code"] == "ambiguous_contract" and "ISLAND" in ack["err"] and not world.asked("2")


def test_smart_and_nasdaq_of_one_conid_are_both_asked_restored_and_ended_alone(world):
    first = subscribed(world, "SUB_ODBK", AAPL)
    second = subscribed(world, "SUB_ODBK", attrs.evolve(AAPL, exchange="NASDAQ"))
    world.tws.say(12, 1, second, 0, 1, 1, 9.0, 3)
    assert bids(world, APPLE) == [9.0]
    world.tws.say(13, 1, first, 0, "ARCA", 1, 1, 9.5, 3, 1)
    assert bids(world, APPLE) == [9.5]
    assert len(world.link.hashes["IBGateway:demo:subscriptions"]) == 2
    world.send("UNSUB_ODBK", contract={"conId": AAPL.conId, "exchange": "SMART"})
    assert world.ack()["ok"] and bids(world, APPLE) == [9.0]
    assert len(world.link.hashes["IBGateway:demo:subscriptions"]) == 1


# What cannot be read.


@pytest.mark.parametrize("size", ["1.7976931348623157E308", "170141183460469231731687303715884105727", "2147483647", "junk"])
@pytest.mark.parametrize("kind", ["SUB_TOP", "SUB_ODBK"])
def test_a_size_that_is_none_costs_no_other_book_its_change(world, size, kind, failures):
    other = subscribed(world, "SUB_ODBK", AAPL)
    ours = subscribed(world, kind)
    for bid in (9.0, 9.1, 9.2):
        bad = (1, 6, ours, 1, 10.0, size, 0) if kind == "SUB_TOP" else (12, 1, ours, 0, 1, 1, 10.0, size)
        packet = tws_frame(*bad) + tws_frame(12, 1, other, 0, 1, 1, bid, 3)
        world.tws.session.dataReceived(packet)
    assert bids(world, APPLE) == [9.0, 9.1, 9.2]
    assert not any(bids(world)), "no size, no level"
    row(world, ours) if kind == "SUB_ODBK" else quote(world, ours, 9.0)
    assert bids(world) == [9.0], "its own next change goes out too"
    assert len(failures) == (3 if size == "junk" else 0)
    failures.clear()


@pytest.mark.parametrize("text", ["10.5;3;12345678901234567890;;", "10.5;1.8e308;1700000000000;;", "nan;3;1;;"])
def test_an_rt_volume_that_is_none_costs_no_depth_row_of_its_packet(world, text, failures):
    depth, top = subscribed(world, "SUB_ODBK", AAPL), subscribed(world, "SUB_TOP")
    world.tws.session.dataReceived(tws_frame(46, 6, top, 48, text) + tws_frame(12, 1, depth, 0, 1, 1, 9.0, 3))
    world.tws.session.dataReceived(tws_frame(12, 1, depth, 0, 1, 1, 9.1, 3))
    assert bids(world, APPLE) == [9.0, 9.1] and not trades(world)
    failures.clear()


def test_a_bad_message_is_counted(world, failures):
    depth = subscribed(world, "SUB_ODBK")
    before = world.tws.session.bad_messages
    world.tws.say(12, 1, depth, 0, 7, 1, 9.0, 3)
    assert world.tws.session.bad_messages == before + 1 == len(failures)
    failures.clear()


# Trades.


def test_what_tws_repeats_on_a_new_subscription_is_no_trade(world):
    top = subscribed(world, "SUB_TOP")
    for _ in range(5):
        world.tws.say(1, 6, top, 4, 10.5, 3, 0)
        world.tws.say(46, 6, top, 48, f"10.5;3;{int(world.reactor.seconds() * 1000) - 60_000};100;10;true")
        world.seconds(2)
        world.tws.notice(1102)
        top = asked(world, "SUB_TOP")
    assert trades(world) == []
    world.tws.say(1, 6, top, 4, 10.5, 3, 0)
    world.tws.say(1, 6, top, 4, 10.6, 4, 0)
    assert [(trade["p"], trade["s"]) for trade in trades(world)] == [(10.6, 4)]


def test_a_delayed_feed_after_one_with_rt_volume_tells_its_trades_with_their_own_time(world):
    top = subscribed(world, "SUB_TOP")
    world.tws.say(46, 6, top, 48, f"10.5;3;{int(world.reactor.seconds() * 1000) + 1};100;10;true")
    assert len(trades(world)) == 1
    world.tws.notice(1102)
    top = asked(world, "SUB_TOP")
    ago = int(world.reactor.seconds()) - 900
    world.tws.say(1, 6, top, 68, 10.0, 1, 0)
    world.tws.say(46, 6, top, 88, ago - 60)
    for number in range(5):
        world.tws.session.dataReceived(
            tws_frame(46, 6, top, 88, ago + number) + tws_frame(1, 6, top, 68, 10.1 + number, 1, 0)
        )
    assert [trade["t"] for trade in trades(world)] == [(ago + number) * 1000 for number in range(5)]


# Refusals.


def test_a_refusal_while_a_farm_is_broken_is_asked_again_when_it_is_back(world):
    depth = subscribed(world, "SUB_ODBK")
    world.tws.notice(2103, "Market data farm connection is broken:hfarm")
    again = asked(world, "SUB_ODBK")
    assert again != depth
    world.tws.notice(354, id=again)
    world.seconds(30)
    assert not world.asked("10")
    world.tws.notice(2104, "Market data farm connection is OK:hfarm")
    world.seconds(6)
    row(world, asked(world, "SUB_ODBK"))
    assert bids(world)[-1] == 9.0


@pytest.mark.parametrize("code", [10089, 10090, 10091])
def test_advice_about_subscriptions_does_not_end_level_1_that_ticks(world, code):
    top = subscribed(world, "SUB_TOP")
    quote(world, top)
    world.tws.notice(code, "Requested market data requires additional subscription for API", id=top)
    quote(world, top, 10.5)
    assert bids(world) == [10.0, 10.5] and not world.asked("2")
    assert [message["code"] for message in world.told("error")] == [code]


def test_a_hundred_resets_ask_for_each_book_once(world):
    old = subscribed(world, "SUB_ODBK")
    for _ in range(100):
        world.send("RESET")
    assert len(world.told("ack")) == 100
    assert [message[2] for message in world.asked("11")] == [old] and len(world.asked("10")) == 1


# Lots.


def test_sizes_of_us_stocks_are_lots_times_their_factor_before_version_159(world):
    depth = subscribed(world, "SUB_ODBK", AAPL, mdSizeMultiplier=100)
    world.tws.say(13, 1, depth, 0, "ARCA", 0, 1, 9.0, 3, 1)
    assert world.link.on_channel(APPLE)[-1][0] == [{"p": 9.0, "s": 300}]


# Tick-by-tick.


def ticking(world):
    """A level-1 subscription with tick-by-tick trades: both requests."""
    world.send("SUB_TOP", contract={"conId": HK1137.conId}, tickByTick=True)
    world.answer(HK1137)
    assert world.ack()["tick_channel"] == TICKS
    return world.asked("1")[-1][2], world.asked("97")[-1][1]


def test_trades_come_from_tick_by_tick_where_that_is_asked_for(world):
    top, ticks = ticking(world)
    now = int(world.reactor.seconds())
    world.tws.say(46, 6, top, 48, f"10.5;3;{now * 1000 + 1};100;10;true")
    world.tws.say(99, ticks, 2, now, 10.5, 3, 0, "SEHK", "I")
    (trade,) = trades(world)
    assert (trade["c"], trade["x"], trade["t"]) == ("I", "SEHK", now * 1000)


def test_refused_ticks_are_told_and_level_1_tells_the_trades(world):
    top, ticks = ticking(world)
    world.tws.notice(10190, "Max number of tick-by-tick requests has been reached", id=ticks)
    assert [message["code"] for message in world.told("error")] == [10190]
    world.tws.say(46, 6, top, 48, f"10.5;3;{int(world.reactor.seconds() * 1000) + 1};100;10;true")
    assert len(trades(world)) == 1


def test_ticks_are_restored_and_end_with_level_1(world):
    _, ticks = ticking(world)
    assert {field.split()[0] for field in world.link.hashes["IBGateway:demo:subscriptions"]} == {b"top", b"ticks"}
    world.tws.notice(1102)
    assert [message[1] for message in world.asked("98")] == [ticks]
    again = world.asked("97")[-1][1]
    world.send("UNSUB_TOP", contract={"conId": HK1137.conId})
    assert world.ack()["ok"] and [message[1] for message in world.asked("98")] == [again]
    assert not world.link.hashes.get("IBGateway:demo:subscriptions")


def test_ticks_are_ended_by_a_false_and_left_alone_without_a_word(world):
    _, ticks = ticking(world)
    world.send("SUB_TOP", contract={"conId": HK1137.conId})
    assert world.ack()["ok"] and not world.asked("98")
    world.send("SUB_TOP", contract={"conId": HK1137.conId}, tickByTick=False)
    assert world.ack()["ok"] and [message[1] for message in world.asked("98")] == [ticks]


@pytest.mark.parametrize(("cmd", "value"), [("SUB_TOP", 1), ("SUB_TOP", "yes"), ("SUB_TOP", None), ("SUB_ODBK", True)])
def test_tick_by_tick_is_true_or_false_and_of_level_1(world, cmd, value):
    world.send(cmd, contract={"conId": HK1137.conId}, tickByTick=value)
    assert world.ack()["code"] == "bad_params" and not world.asked("9")

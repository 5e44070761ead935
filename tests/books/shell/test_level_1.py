"""SUB_TOP in a whole gateway in memory: requests, greeks of options, kinds of data."""

import attrs
import pytest

from ibgw_tx.model import keys as names
from tests.kit.books import check_book
from tests.kit.contracts import AAPL, HK1137
from tests.kit.deferreds import result
from tests.kit.gateway import World

OPTION = attrs.evolve(
    AAPL,
    conId=7,
    secType="OPT",
    primaryExchange="",
    lastTradeDateOrContractMonth="20260116",
    strike=100.0,
    right="C",
    multiplier="100",
)
GREEKS = names.greeks("SMART", "OPT", "USD-AAPL@20260116@100C100")
CHANNEL = "URANUS:SEHK:HKD-1137:full_odbk_channel"


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch).running()


def subscribed(world, contract=HK1137):
    world.send("SUB_TOP", contract={"conId": contract.conId})
    world.answer(contract)
    ack = world.ack()
    assert ack["ok"] and ack["tick_channel"].endswith("full_tick_channel")
    (asked,) = world.asked("1")
    return asked[2]


def greeks(world, req_id, tick=13, iv=0.25):
    world.tws.say(21, req_id, tick, 1, iv, 0.5, 3.0, 0.1, 0.01, 0.2, -0.03, 100.0)


def quote(world, req_id):
    world.tws.say(1, 6, req_id, 1, 10.0, 5, 0)
    world.tws.say(1, 6, req_id, 2, 10.5, 5, 0)


def test_a_quote_goes_out_at_the_end_of_the_read(world):
    quote(world, subscribed(world))
    assert check_book(world.link.on_channel(CHANNEL)[-1]) == ([(10.0, 5)], [(10.5, 5)])


def test_asking_again_sends_nothing(world):
    subscribed(world)
    world.send("SUB_TOP", contract={"conId": HK1137.conId})
    assert world.ack()["ok"] and not world.asked("1")


def test_unsub_cancels_and_tells_the_empty_book(world):
    req_id = subscribed(world)
    quote(world, req_id)
    world.send("UNSUB_TOP", contract={"conId": HK1137.conId})
    assert world.ack()["ok"] and [message[2] for message in world.asked("2")] == [req_id]
    assert check_book(world.link.on_channel(CHANNEL)[-1]) == ([], [])


def test_greeks_stand_within_a_second_and_go_with_their_subscription(world):
    req_id = subscribed(world, OPTION)
    greeks(world, req_id)
    greeks(world, req_id, tick=10, iv=0.2)
    world.seconds(1)
    told = world.link.json(GREEKS)
    assert told["model"]["iv"] == 0.25 and told["bid"]["iv"] == 0.2 and isinstance(told["t"], int)
    world.send("UNSUB_TOP", contract={"conId": 7})
    world.seconds(1)
    assert GREEKS not in world.link.keys


def test_unset_greeks_are_null(world):
    greeks(world, subscribed(world, OPTION), iv="-1.7976931348623157E308")
    world.seconds(1)
    assert world.link.json(GREEKS)["model"]["iv"] is None


def test_greeks_that_do_not_change_are_not_written_again(world):
    req_id = subscribed(world, OPTION)
    for _ in range(5):
        greeks(world, req_id)
        world.seconds(1)
    assert world.link.sets(GREEKS) == 1


@pytest.mark.parametrize("how", ["1100", "session", "stop"])
def test_greeks_go_with_their_trust(world, how):
    greeks(world, subscribed(world, OPTION))
    world.seconds(1)
    if how == "session":
        world.tws.wire.end()
    elif how == "stop":
        result(world.gateway.stopService())
    else:
        world.tws.notice(int(how))
    if how != "stop":
        world.seconds(1)
    assert GREEKS not in world.link.keys


def test_late_greeks_after_a_lost_link_bring_nothing_back(world):
    req_id = subscribed(world, OPTION)
    greeks(world, req_id)
    world.tws.notice(1100)
    greeks(world, req_id, iv=0.9)
    world.seconds(2)
    assert GREEKS not in world.link.keys
    world.tws.notice(1102)
    greeks(world, req_id, iv=0.9)
    (again,) = world.asked("1")
    greeks(world, again[2], iv=0.4)
    world.seconds(1)
    assert world.link.json(GREEKS)["model"]["iv"] == 0.4


def test_an_empty_redis_gets_the_greeks_again(world):
    greeks(world, subscribed(world, OPTION))
    world.seconds(1)
    world.link.go_down()
    world.link.keys.clear()
    world.link.bring_up()
    world.seconds(1)
    assert GREEKS in world.link.keys


def test_greeks_of_what_is_no_option_or_of_no_request_are_nothing(world):
    greeks(world, subscribed(world))
    greeks(world, 999)
    greeks(world, subscribed(world, OPTION), tick=53)
    world.seconds(1)
    assert not [key for key in world.link.keys if "Greeks" in key]


@pytest.mark.parametrize(("kind", "said"), [(1, False), (2, True), (3, True), (4, True), (9, True)])
def test_data_that_is_not_live_is_marked_in_the_log(world, lines, kind, said):
    world.tws.say(58, 1, subscribed(world), kind)
    assert any("its data is" in line for line in lines) == said

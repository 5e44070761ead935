"""A program before this one has numbered its orders by the clock: ids go on above them, and requests move aside."""

import pytest

from tests.kit.contracts import HK1137
from tests.kit.trading import AAPL, BUY, OrderWorld


def trading(monkeypatch, next_valid_id, kept=None):
    world = OrderWorld(monkeypatch)
    if kept is not None:
        world.link.keys["IBGateway:demo:order_id"] = str(kept).encode()
    world.link.bring_up()
    world.connect().welcome(order_id=next_valid_id)
    world.download()
    world.snapshot()
    return world


def ids_asked(world):
    """The ids of orders sent, and of questions asked, since the last time."""
    world.send("SUB_ODBK", exchange="SEHK", showName="HKD-1137")
    world.answer(HK1137)
    return [int(fields[1]) for fields in world.asked("3")], [int(fields[2]) for fields in world.asked("10")]


@pytest.mark.parametrize(
    ("next_valid_id", "kept", "first"),
    [(1_700_000_000, None, 1_700_000_000), (1, 1_700_000_000, 1_700_000_001), (2_100_000_000, None, 2_100_000_000)],
)
def test_ids_go_on_where_they_are_and_requests_are_apart(monkeypatch, next_valid_id, kept, first):
    world = trading(monkeypatch, next_valid_id, kept)
    assert world.place("c1")["apiOrderId"] == first
    orders, requests = ids_asked(world)
    assert orders == [first] and requests and not set(requests) & set(range(first - 10, first + 1000))


def test_ids_that_are_used_up_are_a_refusal_and_nothing_is_sent(monkeypatch):
    world = trading(monkeypatch, 2**31 - 1)
    ack = world.place("c1")
    assert (ack["ok"], ack["code"]) == (False, "unavailable") and "used up" in ack["err"]
    assert not world.asked("3")


def test_the_last_id_is_given_and_a_group_that_does_not_fit_is_refused_whole(monkeypatch):
    world = trading(monkeypatch, 2**31 - 2)
    world.send("PLACE_ORDER", orders=[{"contract": {"conId": AAPL.conId, "exchange": "SMART"}, "order": dict(BUY)}] * 2)
    world.answer(AAPL)
    assert world.ack()["code"] == "unavailable" and not world.asked("3")
    assert world.place("c1")["apiOrderId"] == 2**31 - 2

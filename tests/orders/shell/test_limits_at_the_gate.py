"""The gateway's limits over a whole gateway in memory: what a bot's own figures hide, the market shows."""

import attrs
import pytest

from tests.kit.books import depth_frame
from tests.kit.contracts import AAPL
from tests.kit.trading import OrderWorld, opened, status

MSFT = attrs.evolve(AAPL, conId=272093, symbol="MSFT", localSymbol="MSFT")


def trading(monkeypatch, **limits):
    return OrderWorld(monkeypatch, **{name.replace("_", "-"): value for name, value in limits.items()}).trading()


def book(world, contract=AAPL, bid=149.9, ask=150.0):
    world.send("SUB_ODBK", contract={"conId": contract.conId, "exchange": "SMART"})
    world.answer(contract)
    (request,) = world.asked("10")
    for side, price in ((1, bid), (0, ask)):
        world.parts.hot_depth.depth(depth_frame(request[2], 0, 0, side, price, 5))
    world.told("ack")


@pytest.mark.parametrize(
    "order",
    [
        {"T": "sell", "s": 1_000_000, "p": 0.01},
        {"s": 20_000, "p": None, "orderType": "STP", "aux": 0.5},
        {"s": None, "p": None, "orderType": "MKT", "cashQty": 1_000_000},
        {"s": 1, "p": None, "orderType": "MKT", "cashQty": 1_000_000},
        {"s": 20_000, "p": None, "orderType": "TRAIL", "aux": 1, "trailStopPrice": 0.5},
    ],
)
def test_an_order_is_valued_by_the_market_too(monkeypatch, order):
    world = trading(monkeypatch, max_notional="10000")
    book(world)
    ack = world.place("a", **order)
    assert ack["code"] == "limit" and ack["err"].startswith("max_notional: ") and not world.asked("3")
    assert world.place("b", s=10, p=150)["ok"]


def test_a_change_is_valued_by_the_market_too(monkeypatch):
    world = trading(monkeypatch, max_notional="10000")
    book(world)
    order_id = world.placed("a", s=10, p=150)
    ack = world.change(order_id, s=1000)
    assert ack["code"] == "limit" and "max_notional" in ack["err"] and not world.asked("3")


@pytest.mark.parametrize(
    "order",
    [
        {"orderType": "TRAIL", "aux": 300},
        {"orderType": "TRAIL", "trailingPercent": 99},
        {"orderType": "REL", "aux": 300},
    ],
)
def test_a_price_that_runs_ahead_of_the_market_is_valued_where_it_may_stand(monkeypatch, order):
    world = trading(monkeypatch, max_notional="10000")
    book(world)
    ack = world.place("a", **{"s": 50, "p": None, **order})
    assert ack["code"] == "limit" and ack["err"].startswith("max_notional: ") and not world.asked("3")
    assert world.place("b", **{"s": 50, "p": None, **order, **{name: 1 for name in order if name != "orderType"}})["ok"]


@pytest.mark.parametrize("change", [{"s": 60}, {"p": 140}, {"tif": "GTC"}])
def test_a_change_is_measured_by_the_book_of_its_contract(monkeypatch, change):
    world = trading(monkeypatch, price_collar="5", max_notional="10000")
    book(world)
    order_id = world.placed("a", s=50, p=150)
    assert world.change(order_id, **change)["ok"]
    ack = world.change(order_id, p=160)
    assert ack["code"] == "limit" and ack["err"].startswith("price_collar: 160 is more than 5 percent above 150")
    ack = world.change(order_id, s=75, p=100)
    assert ack["code"] == "limit" and "11250 is above 10000" in ack["err"]


def test_an_order_without_price_and_book_is_refused_only_when_value_is_limited(monkeypatch):
    world = trading(monkeypatch, max_notional="1000000000")
    ack = world.place("a", p=None, orderType="MKT")
    assert ack["code"] == "limit" and "no price and no book" in ack["err"]
    assert trading(monkeypatch, max_quantity="1000000").place("a", p=None, orderType="MKT")["ok"]


def test_a_limit_if_touched_far_above_the_market_is_collared(monkeypatch):
    world = trading(monkeypatch, price_collar="5")
    book(world)
    ack = world.place("a", orderType="LIT", p=1000, aux=1000)
    assert ack["code"] == "limit" and ack["err"].startswith("price_collar: 1000 is more than 5 percent above 150")
    assert world.place("b", orderType="STP LMT", p=161, aux=160)["ok"], "a stop-limit is measured from its stop"


def combo(world, *legs, answers=(AAPL, MSFT), p=0.01):
    contract = {"secType": "BAG", "symbol": "AAPL", "currency": "USD", "exchange": "SMART"}
    contract["comboLegs"] = [{"conId": leg.conId, "ratio": 1, "action": side, "exchange": "SMART"} for leg, side in legs]
    world.send("PLACE_ORDER", contract=contract, order={"T": "buy", "s": 100, "p": p})
    while world.answer(*answers):
        pass
    return world.ack()


def test_a_combo_is_valued_by_its_legs(monkeypatch):
    world = trading(monkeypatch, max_notional="40000")
    book(world)
    pair = (AAPL, "BUY"), (MSFT, "SELL")
    ack = combo(world, *pair)
    assert ack["code"] == "limit" and "no book is known" in ack["err"] and not world.asked("3")
    book(world, MSFT, 299.0, 300.0)
    ack = combo(world, *pair)
    assert ack["code"] == "limit" and ack["err"] == "max_notional: 44900 is above 40000" and not world.asked("3")
    assert combo(trading(monkeypatch), *pair)["ok"], "without a limit on value no leg is looked at"


def test_the_legs_of_a_combo_are_held_to_the_allowed_symbols(monkeypatch):
    world = trading(monkeypatch, allowed_symbols="AAPL")
    ack = combo(world, (AAPL, "BUY"), (MSFT, "SELL"))
    assert ack["code"] == "limit" and "MSFT is not among them" in ack["err"] and not world.asked("3")
    ack = combo(world, (AAPL, "BUY"), (attrs.evolve(AAPL, conId=9), "SELL"))
    assert ack["code"] == "limit" and "legs of the combo are not known" in ack["err"] and not world.asked("3")
    both = trading(monkeypatch, allowed_symbols="AAPL,MSFT")
    assert combo(both, (AAPL, "BUY"), (MSFT, "SELL"))["ok"]


def unanswered(world):
    world.seconds(61)
    while world.asked("16"):
        world.tws.say(53, 1)
        world.asked("99")
        world.tws.say(102)
        for asked in world.asked("7"):
            world.tws.say(55, 1, asked[2])


def test_an_order_gone_unknown_keeps_its_place_among_the_open_ones(monkeypatch):
    world = trading(monkeypatch, max_open_orders="1")
    order_id = world.place("a")["apiOrderId"]
    unanswered(world)
    assert world.orders()[-1]["status"] == "Unknown"
    ack = world.place("b")
    assert ack["code"] == "limit" and "max_open_orders" in ack["err"]
    world.hear(opened(order_id, orderRef="a"), status(order_id, "Cancelled"))
    assert world.place("c")["ok"], "its fate is known, and its place is free"


def test_a_preview_is_not_refused_by_limits(monkeypatch):
    limits = {"max_quantity": "10", "max_notional": "10", "max_open_orders": "1", "allowed_symbols": "MSFT", "price_collar": "1"}
    world = trading(monkeypatch, **limits)
    for _ in range(3):
        assert world.place(whatIf=True)["ok"]
    assert len(world.asked("3")) == 3
    assert world.place()["code"] == "limit"


def test_a_show_name_stands_for_the_contract_of_an_order(monkeypatch):
    world = trading(monkeypatch)
    world.send("PLACE_ORDER", exchange="NASDAQ", showName="USD-AAPL", order={"T": "buy", "s": 100, "p": 150, "client_oid": "a"})
    world.answer(AAPL)
    ack = world.ack()
    assert ack["ok"] and world.asked("3")
    world.hear(opened(ack["apiOrderId"], orderRef="a"), status(ack["apiOrderId"]))
    world.send("PLACE_ORDER", order={"client_oid": "a", "p": 149})
    world.answer(AAPL)
    assert world.ack()["apiOrderId"] == ack["apiOrderId"] and "149" in world.asked("3")[0]


@pytest.mark.parametrize(("word", "near"), [("side", "T (action)"), ("quantity", "s (totalQuantity)")])
def test_the_nearest_name_is_told(monkeypatch, word, near):
    world = trading(monkeypatch)
    ack = world.place("a", **{word: "buy"})
    assert ack["code"] == "bad_params" and ack["err"].endswith(f"did you mean {near}?") and not world.asked("3")

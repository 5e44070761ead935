"""The installed gateway and orders of other kinds over ibsim: brackets, groups, trails, conditions, what TWS refuses late."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from attrs import frozen
from twisted.internet import reactor
from twisted.internet.threads import blockingCallFromThread, deferToThread

from tests.kit.program import Program, wait_for

from .kit import World
from .test_orders import AAPL_ID

CONTRACT = {"conId": AAPL_ID, "exchange": "SMART"}
HASH = "URANUS:NASDAQ:outside:O:USD-AAPL"
WORKING = ("Submitted", "PreSubmitted")


def in_thread(test: Callable[..., None]) -> Callable[..., Any]:
    """A test that waits, beside the reactor that drives ibsim."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> Any:
        return deferToThread(test, **fixtures)

    return run


@frozen
class Stage:
    """The gateway as a process and ibsim in this one; for tests in a thread of their own."""

    world: World
    program: Program

    def sim(self, what: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Something done in ibsim's thread."""
        return blockingCallFromThread(reactor, what, *args, **more)

    def restart(self) -> None:
        self.program.stop()
        self.program.run("--exchanges=NASDAQ,SMART").trading("NASDAQ")

    def place(self, client_oid: str, **order: Any) -> Any:
        """A new order that TWS works with."""
        order = {"T": "buy", "s": 100, "p": 100, "client_oid": client_oid, **order}
        ack = self.program.send("PLACE_ORDER", contract=CONTRACT, order=order)
        assert ack["ok"], ack
        return self.shown(client_oid)

    def place_all(self, *orders: dict[str, Any]) -> Any:
        ack = self.program.send("PLACE_ORDER", orders=[{"contract": CONTRACT, "order": order} for order in orders])
        assert ack["ok"], ack
        return ack

    def change(self, client_oid: str, **members: Any) -> Any:
        """A change of an order; what went to TWS for it."""
        sent = len(self.world.requests("placeOrder"))
        ack = self.program.send("PLACE_ORDER", order={"i": self.program.order(HASH, client_oid)["i"], **members})
        assert ack["ok"], ack
        return wait_for(lambda: self.sent()[sent:], say="a placeOrder")[-1]

    def shown(self, client_oid: str, *statuses: str, **figures: Any) -> Any:
        """The order in its hash, once it is so."""

        def found() -> Any:
            order = self.program.order(HASH, client_oid)
            fits = all(order.get(name) == value for name, value in figures.items())
            return order if order.get("status") in (statuses or WORKING) and fits else None

        return wait_for(found, say=f"{client_oid} {statuses or WORKING} {figures}")

    def sent(self) -> list[Any]:
        """The members of every placeOrder so far."""

        return self.sim(lambda: [entry.args for entry in self.world.sim.office.journal.named("placeOrder")])


@pytest_twisted.async_yield_fixture
async def stage(world: World, client: Any, tmp_path: Path) -> Any:
    world.start_simulator()
    world.sim.freeze()
    world.sim.trouble.set_book(AAPL_ID, [(99.9, 1000)], [(100.1, 1000)])
    program = Program(client, world.redis.port, world.tws_port, tmp_path)
    made = Stage(world, program)
    await deferToThread(made.restart)
    yield made
    await deferToThread(program.stop)


@pytest.mark.parametrize("orders", [
    [{"T": "sell", "s": 100, "p": 120}, {"T": "sell", "s": 100, "p": 130}],
    [{"T": "buy", "s": 100, "p": 80}, {"T": "buy", "s": 50, "p": 81}, {"T": "sell", "s": 100, "orderType": "STP", "aux": 70}],
])  # fmt: skip
@in_thread
def test_every_member_of_a_plain_group_is_live(stage: Stage, orders: list[dict[str, Any]]) -> None:
    names = [f"g{number}" for number in range(len(orders))]
    stage.place_all(*({**order, "ocaGroup": "g", "client_oid": name} for order, name in zip(orders, names, strict=True)))
    assert all(stage.shown(name)["i"] for name in names)


@pytest.mark.parametrize("change", [{"aux": 71}, {"s": 50}])
@pytest.mark.parametrize("again", [False, True])
@in_thread
def test_a_child_of_a_filled_parent_is_changed_without_its_parent(stage: Stage, change: dict[str, Any], again: bool) -> None:
    stage.place_all(
        {"T": "buy", "s": 100, "p": 90, "client_oid": "parent"},
        {"T": "sell", "s": 100, "orderType": "STP", "aux": 70, "client_oid": "stop"},
    )
    stage.shown("stop")
    parent = stage.shown("parent")
    stage.sim(stage.world.sim.trouble.orders.fill, int(parent["i"]))
    stage.shown("parent", "Filled")
    if again:
        stage.restart()
    assert stage.change("stop", **change)["parentId"] == 0
    stage.shown("stop", **change)


TRAILS = [
    {"T": "sell", "p": None, "orderType": "TRAIL", "aux": 2, "trailStopPrice": 98},
    {"T": "sell", "p": None, "orderType": "TRAIL", "trailingPercent": 2, "trailStopPrice": 98},
    {"T": "sell", "p": None, "orderType": "TRAIL LIMIT", "aux": 2, "trailStopPrice": 98, "lmtPriceOffset": 0.5},
]


@pytest.mark.parametrize("trail", TRAILS)
@pytest.mark.parametrize("shown", [True, False])
@in_thread
def test_a_change_of_a_trailing_stop_keeps_the_ground_it_has_won(stage: Stage, trail: dict[str, Any], shown: bool) -> None:
    perm = int(stage.place("trail", **trail)["i"])
    stage.sim(stage.world.sim.trouble.set_book, AAPL_ID, [(110.9, 1000)], [(111.0, 1000)])
    stop = wait_for(lambda: (at := stage.world.sim.tws.orders.store.by_perm(perm).stop) and at > 105 and at, say="a trailed stop")
    if shown:
        stage.sim(stage.world.sim.trouble.orders.tell_again, perm)
        time.sleep(0.5)
    assert stage.change("trail", s=50)["trailStopPrice"] in (None, float(stop))
    stage.shown("trail", s=50)
    assert stage.world.sim.tws.orders.store.by_perm(perm).stop == stop


@in_thread
def test_a_trail_with_an_offset_has_no_price(stage: Stage) -> None:
    order = stage.place("trail", T="sell", p=None, orderType="TRAIL LIMIT", aux=2, trailStopPrice=98, lmtPriceOffset=0.5)
    assert order["p"] is None and order["aux"] == 2


@pytest.mark.parametrize("percent", [1, 2.5])
@in_thread
def test_the_percent_of_a_trail_is_shown(stage: Stage, percent: float) -> None:
    order = stage.place("trail", T="sell", p=None, orderType="TRAIL", trailingPercent=percent, trailStopPrice=90)
    assert order["trailingPercent"] == percent


@pytest.mark.parametrize("order", [
    {"conditions": [{"condType": "Price", "conId": AAPL_ID, "exchange": "SMART", "isMore": False, "price": 90.5}]},
    {"algoStrategy": "Adaptive", "algoParams": [{"tag": "adaptivePriority", "value": "Normal"}]},
])  # fmt: skip
@in_thread
def test_an_order_with_more_is_changed_after_a_restart(stage: Stage, order: dict[str, Any]) -> None:
    stage.place("more", p=90, **order)
    first = stage.sent()[-1]
    stage.restart()
    second = stage.change("more", p=91)
    assert second["lmtPrice"] == 91 and {name: second[name] for name in order} == {name: first[name] for name in order}
    stage.shown("more", p=91)


@pytest.mark.parametrize("again", [True, False])
@in_thread
def test_an_order_good_till_a_date_becomes_good_till_cancelled(stage: Stage, again: bool) -> None:
    stage.place("dated", p=90, tif="GTD", goodTillDate="20350105 15:30:00 US/Eastern")
    if again:
        stage.restart()
    assert stage.change("dated", tif="GTC")["goodTillDate"] == ""
    stage.shown("dated", tif="GTC")


@pytest.mark.parametrize(("name", "change"), [("win", {"p": 121}), ("lose", {"aux": 71})])
@in_thread
def test_a_child_of_a_bracket_is_changed_after_a_restart(stage: Stage, name: str, change: dict[str, Any]) -> None:
    stage.place_all(
        {"T": "buy", "s": 100, "p": 90, "client_oid": "parent"},
        {"T": "sell", "s": 100, "p": 120, "client_oid": "win"},
        {"T": "sell", "s": 100, "orderType": "STP", "aux": 70, "client_oid": "lose"},
    )
    for each in ("parent", "win", "lose"):
        stage.shown(each)
    stage.restart()
    sent = stage.change(name, **change)
    assert sent["ocaGroup"] == "" and sent["parentId"]
    stage.shown(name, **change)


@pytest.mark.parametrize("code", [434, 438])
@in_thread
def test_what_ib_refuses_by_an_algos_code_is_refused(stage: Stage, code: int) -> None:
    stage.sim(stage.world.sim.trouble.orders.reject_next_order, code, "no", with_status=False)
    ack = stage.program.send("PLACE_ORDER", contract=CONTRACT, order={"T": "buy", "s": 100, "p": 90, "client_oid": "no"})
    assert ack["ok"]
    order = stage.shown("no", "Inactive")
    assert order["alive"] is False
    told = wait_for(lambda: [m for _, m in stage.program.listen() if isinstance(m, dict) and m.get("type") == "error"])
    assert told[0]["code"] == code, told


@pytest.mark.parametrize("code", [201, 434])
@in_thread
def test_an_order_refused_that_tws_lists_no_more_is_refused(stage: Stage, code: int) -> None:
    """The refusal of a working order came, its status did not."""
    orders = stage.world.sim.tws.orders
    perm = int(stage.place("gone", p=90)["i"])

    def refused() -> None:
        order = orders.store.by_perm(perm)
        orders.mail.note(order, code, "no margin")
        orders.store.finish(order)
        del orders.store.done[perm]

    stage.sim(refused)
    time.sleep(0.5)
    assert stage.program.send("RESET")["ok"]
    order = stage.shown("gone", "Inactive", "Unknown")
    assert (order["status"], order["alive"], order["extCode"]) == ("Inactive", False, code)

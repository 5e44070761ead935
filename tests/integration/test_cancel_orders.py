"""CANCEL_ORDERS beside orders of other clients and orders placed by hand: those are nobody's to cancel here."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .judge import ib_async_sees
from .kit import World, sleep, until
from .test_orders import AAPL_ID, CHANNEL, placed, running_oms

OPEN = """
return [str(trade.order.permId) for trade in ib.reqAllOpenOrders()]
"""


def alive(world: World) -> dict[str, Any]:
    """The orders that are alive, by permId, as the channel told them last."""
    last = {order["i"]: order for order in world.bot.on(CHANNEL)}
    return {i: order for i, order in last.items() if order["alive"]}


@ensureDeferred
async def test_only_this_clients_orders_that_match_all_that_is_given_are_cancelled(running: World) -> None:
    await running_oms(running)
    foreign = running.sim.trouble.orders.order_by(7, AAPL_ID, "BUY", 10, limit=100.0)
    by_hand = running.sim.trouble.orders.manual_order(AAPL_ID, "BUY", 10, limit=100.0)
    mine = {}
    for oid, side, price in (("a-1", "buy", 150), ("a-2", "sell", 900), ("b-1", "buy", 151)):
        _, order = await placed(running, {"T": side, "s": 10, "p": price, "client_oid": oid})
        mine[oid] = order
    await until(lambda: str(by_hand) in alive(running))
    ack = await running.bot.send("CANCEL_ORDERS", exchange="NASDAQ", showName="USD-AAPL", T="buy", prefix="a-")
    assert ack["apiOrderIds"] == [mine["a-1"]["apiOrderId"]]
    ack = await running.bot.send("CANCEL_ORDERS", exchange="NASDAQ", showName="USD-AAPL", account="DU1000001")
    assert ack["apiOrderIds"] == [mine["a-2"]["apiOrderId"], mine["b-1"]["apiOrderId"]], "and none by hand"
    await until(lambda: not {order["client_oid"] for order in alive(running).values()} & set(mine))
    await sleep(0.3)
    lives = running.sim.trouble.orders._tws.orders.store.live
    assert {order.perm_id for order in lives.values()} >= {foreign, by_hand}
    assert (await running.bot.send("CANCEL_ORDERS"))["code"] == "bad_params"
    left = await ib_async_sees(running.tws_port, OPEN)
    assert set(left) == {str(foreign), str(by_hand)} > set(alive(running)), "another client's is not told to this one"

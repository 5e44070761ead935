"""A whole gateway in memory that trades: its TWS answers the questions about orders when a test says so."""

import json

import attrs

from ibgw_tx.model import keys as names
from ibgw_tx.model.events import OrderEcho
from ibgw_tx.model.order_events import OpenOrder, OrderStatus, Terms
from ibgw_tx.sim.wire import requests
from tests.kit import order_events as omskit
from tests.kit.contracts import AAPL
from tests.kit.gateway import World

HASH = names.order_hash("NASDAQ", "demo", "USD-AAPL")
CHANNEL = names.order_channel("NASDAQ", "demo")
FLAG = names.oms_flag("NASDAQ", "demo")
AAPL_OPEN = attrs.evolve(AAPL, primaryExchange="")
TERMS = Terms("BUY", 100, "LMT", 150.0, 0.0, "DAY", "DU1")
BUY = {"T": "buy", "s": 100, "p": 150}
STEPS = ("16", "99", "7")  # reqAllOpenOrders, reqCompletedOrders, reqExecutions


def opened(order_id=1, status="Submitted", **more):
    """openOrder of an order of this gateway."""
    more = {"terms": TERMS, "contract": AAPL_OPEN, "clientId": 0, "perm": 5000 + order_id, **more}
    return omskit.opened(status, order_id=order_id, **more)


def echo_of(event, **more):
    """How TWS shows that open order, member by member."""
    terms = {name: value for name, value in attrs.asdict(event.terms).items() if value not in (None, "")}
    members = {**terms, "orderRef": event.orderRef, **more}
    return OrderEcho(event.orderId, event.clientId, event.contract, members)


def status(order_id=1, word="Submitted", filled=0.0, **more):
    """orderStatus of an order of this gateway."""
    perm = more.pop("perm", 5000 + order_id)
    return OrderStatus(order_id, more.pop("clientId", 0), perm, word, filled, 100 - filled, 150.0, 150.0, **more)


def fill(exec_id="e.1.01.01", shares=100, order_id=1, **more):
    """execDetails of an order of this gateway."""
    more = {"clientId": 0, "contract": attrs.evolve(AAPL_OPEN, exchange="ISLAND"), "perm": 5000 + order_id, **more}
    return omskit.fill(exec_id, shares, 150.0, order_id=order_id, **more)


class OrderWorld(World):
    """AAPL is known; orders are told as records, as the decoder would tell them."""

    def trading(self, *heard):
        """Status true, the snapshot of orders written: `heard` are the live orders."""
        self.running()
        self.snapshot(*heard)
        assert self.parts.orders.is_running
        return self

    def hear(self, *told):
        """What TWS says, in one read; an open order is told with its echo first, as the decoder would."""
        for before, event in zip((None, *told), told, strict=False):
            if isinstance(event, OpenOrder) and not isinstance(before, OrderEcho):
                self.gateway.told(echo_of(event))
            self.gateway.told(event)
        self.gateway.turnEnded()

    def snapshot(self, *heard):
        """Answer one question about all orders, with its contracts."""
        assert self.asked("16"), "nothing was asked"
        self.hear(*heard)
        self.tws.say(53, 1)
        assert self.asked("99")
        self.tws.say(102)
        (executions,) = self.asked("7")
        self.tws.say(55, 1, executions[2])
        self.answer(AAPL)

    def place(self, client_oid=None, **order):
        """PLACE_ORDER, with its acknowledgement."""
        oid = {} if client_oid is None else {"client_oid": client_oid}
        self.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order={**BUY, **oid, **order})
        self.answer(AAPL)
        return self.ack()

    def placed(self, client_oid=None, **order):
        """A new order that TWS works with; its id."""
        ack = self.place(client_oid, **order)
        assert ack["ok"], ack
        said = wire(self.asked("3")[-1])
        order_id = ack["apiOrderId"]
        terms = Terms(**{name: said[name] for name in attrs.fields_dict(Terms)})
        self.hear(opened(order_id, orderRef=client_oid or "", terms=terms), status(order_id))
        return order_id

    def change(self, order_id, **change):
        """A modification, with its acknowledgement."""
        self.send("PLACE_ORDER", order={"apiOrderId": order_id, **change})
        self.answer(AAPL)
        return self.ack()

    def orders(self):
        """What the order channel said since the last time."""
        found = self.link.on_channel(CHANNEL)
        self.link.published = [each for each in self.link.published if each[0] != CHANNEL]
        return found

    @property
    def trusted(self):
        """(flag, mark)"""
        return FLAG in self.link.keys, b"t" in self.link.hashes.get(HASH, {})


def kept(world, oid):
    return world.link.keys.get(names.reservation("demo", oid))


def wire(message):
    """Everything that a placeOrder frame says, by ibapi's names."""
    return requests.parse(message, 157).args


def members(message):
    """(order id, quantity, limit price) of a placeOrder frame."""
    at = message.index("BUY") if "BUY" in message else message.index("SELL")
    return int(message[1]), message[at + 1], message[at + 3]


CONTRACT = {"conId": AAPL.conId, "exchange": "SMART"}


def order_left(world):
    """The ids of the orders whose bytes have left since the last time."""
    return [int(message[1]) for message in world.asked("3")]


def burst(world, count=60):
    """So many orders that some wait for TWS's message rate; the names of those that wait. Only those that left are acked."""
    # The gateway's own signs of life count too: not while one of them does.
    while world.gateway._session.budget["sent"]:
        world.seconds(1)
    for number in range(count):
        world.send("PLACE_ORDER", id=f"burst-{number}", contract=CONTRACT, order={**BUY, "client_oid": f"burst-{number}"})
    acks = world.told("ack")
    assert all(ack["ok"] for ack in acks) and [ack["apiOrderId"] for ack in acks] == order_left(world) and len(acks) <= count
    return [f"burst-{number}" for number in range(len(acks), count)]


def trader(monkeypatch):
    """A gateway that trades; AAPL is known, nothing is live, and some seconds have passed since it sent anything."""
    world = OrderWorld(monkeypatch).trading()
    assert world.place("warm", s=1)["ok"]
    world.seconds(2)
    world.asked("3")
    world.tws.notice(201, "refused", 1)
    world.orders()
    world.told("error")
    return world


def one_live_order(monkeypatch):
    """A gateway whose one live order is number 1."""
    world = OrderWorld(monkeypatch).trading(opened(), status())
    world.orders()
    return world


def stored(world, field="5001"):
    """The order_json in that field of the hash."""
    return json.loads(world.link.hashes[HASH][field.encode()])


def redis_calls(world):
    """The commands for Redis since the last time."""
    calls, world.link.calls = world.link.calls, []
    return calls

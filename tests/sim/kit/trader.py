"""What the tests of orders share: a client that speaks through ibapi's own encoder and hears through its decoder."""

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from ibgw_tx.sim.exchange.order import Status
from tests.kit.ibapi_names import CANCEL
from tests.sim.kit.bench import AAPL, Judge


class Wire:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.sent = b""

    def isConnected(self):
        return True

    def sendMsg(self, data):
        self.sent += data

    def disconnect(self):
        pass


def encoded(version, name, *args):
    """The frame that the official client would send."""
    client = EClient(EWrapper())
    client.conn, client.serverVersion_ = Wire(), version
    client.connState, client.clientId, client.optCapab = EClient.CONNECTED, 7, ""
    getattr(client, name)(*args, *(CANCEL if name in ("cancelOrder", "reqGlobalCancel") else ()))
    return client.conn.sent


def contract_of(con_id=AAPL, exchange="SMART", **fields):
    made = Contract()
    made.conId, made.exchange = con_id, exchange
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def bag():
    """AAPL against MSFT, one for one."""
    legs = []
    for con_id, action in ((AAPL, "BUY"), (272093, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange, leg.exemptCode = con_id, 1, action, "SMART", -1
        leg.shortSaleSlot, leg.designatedLocation, leg.openClose = 2, "here", 1
        legs.append(leg)
    made = contract_of(0, "SMART", symbol="AAPL,MSFT", secType="BAG", currency="USD")
    made.comboLegs = legs
    return made


def order_of(action="BUY", quantity=100, kind="LMT", limit=None, **fields):
    """An order with the two defaults of 9.81.1 that TWS refuses put right."""
    made = Order()
    made.eTradeOnly = made.firmQuoteOnly = False
    made.action, made.totalQuantity, made.orderType, made.tif = action, quantity, kind, "DAY"
    if limit is not None:
        made.lmtPrice = limit
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


class Trader:
    """One client: requests by ibapi's names, answers as short tuples; every message is decoded to its last field.

    ("openOrder", id, status), ("orderStatus", id, status, filled, remaining), ("execDetails", id, quantity, price),
    ("error", id, code), ("commissionReport", execId), the rest by name alone.
    """

    def __init__(self, bench, client_id=1, versions="v100..157"):
        self.bench, self.client_id = bench, client_id
        self.peer = bench.peer(client_id, versions)
        self.judge = Judge(self.peer.version)
        self.next_id = 1
        self.raw = []

    def ask(self, name, *args):
        return self.hear(self.peer.feed(encoded(self.peer.version, name, *args)))

    def place(self, action="BUY", quantity=100, kind="LMT", limit=None, *, order_id=None, about=None, **fields):
        if order_id is None:
            order_id, self.next_id = self.next_id, self.next_id + 1
        return self.ask("placeOrder", order_id, about or contract_of(), order_of(action, quantity, kind, limit, **fields))

    def heard(self):
        """What came since the last look."""
        return self.hear(self.peer.heard())

    def hear(self, messages):
        calls = [call for fields in messages for call in self.judge.decode(fields)]
        self.raw = calls
        return [short(call) for call in calls]

    def last(self, name):
        """The arguments of the latest callback of a name."""
        return next(call[1:] for call in reversed(self.judge.calls) if call[0] == name)

    def order(self):
        """The order of the latest openOrder."""
        return self.last("openOrder")[2]


def short(call):
    name, *args = call
    if name == "openOrder":
        return name, args[0], args[3].status
    if name == "orderStatus":
        return name, args[0], args[1], args[2], args[3]
    if name == "execDetails":
        return name, args[2].orderId, args[2].shares, args[2].price
    if name == "commissionReport":
        return name, args[0].execId
    if name == "completedOrder":
        return name, args[2].status, args[2].completedStatus
    if name == "error":
        return name, args[0], args[1]
    return (name,)


def pair(order_id, status, filled, remaining):
    """An open order and its status."""
    return [("openOrder", order_id, status), ("orderStatus", order_id, status, filled, remaining)]


def names(heard):
    return [event[0] for event in heard]


def live(bench):
    return [order for order in bench.simulator.tws.orders.store.live.values() if order.status != Status.FILLED]

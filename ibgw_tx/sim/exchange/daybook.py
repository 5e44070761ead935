"""What befell every order, in order and with its time: each request of a client, each state an order was in, each fill.

It is what a client's own view is held against from outside (`ibsimctl ledger`). Quantities are base units as plain numbers,
times the market's clock in epoch seconds. The last 50,000 entries are kept; the oldest go first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.wire.requests import Request

#: Some 10,000 orders, and 40 MB.
KEPT = 50_000
REQUESTS = frozenset({"placeOrder", "cancelOrder", "reqGlobalCancel"})
SAID = ("action", "totalQuantity", "orderType", "lmtPrice", "auxPrice", "tif", "orderRef", "transmit", "whatIf")


class Daybook:
    """`seconds` is the clock. Entries are numbered from 1."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._now = seconds
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._states: dict[int, dict[str, Any]] = {}  # the last one noted of each living order
        self.last = 0

    def _note(self, what: str, **details: Any) -> None:
        self.last += 1
        self._entries.append({"n": self.last, "t": self._now(), "what": what, **details})

    def request(self, client_id: int, request: Request) -> None:
        """What a client asked of orders, before anything is made of it."""
        if request.name in REQUESTS:
            said = {key: _plain(request.args[key]) for key in SAID if key in request.args}
            self._note("request", client=client_id, name=request.name, id=request.req_id, said=said)

    def order(self, order: Order) -> None:
        """An order as it is now; once is enough."""
        state = {
            "client": order.client_id, "id": order.order_id, "ref": order.terms.reference, "conId": order.instrument.con_id,
            "buys": order.terms.buys, "total": float(order.total), "limit": order.shown_limit, "filled": float(order.filled),
            "average": order.average, "status": order.status, "ended": order.ended is not None,
        }  # fmt: skip
        if self._states.get(order.perm_id) != state:
            self._states[order.perm_id] = state
            self._note("order", perm=order.perm_id, **state)
        if order.ended is not None:
            self._states.pop(order.perm_id, None)

    def fill(self, fill: Fill) -> None:
        self._note(
            "fill", exec=fill.exec_id, perm=fill.order.perm_id, conId=fill.instrument.con_id, buys=fill.sign > 0,
            quantity=float(fill.quantity), price=fill.price, leg=fill.leg,
        )  # fmt: skip

    def since(self, number: int, most: int) -> Iterator[dict[str, Any]]:
        """The entries behind a number, so many at most. Raises ValueError when the first of them are gone."""
        first = self.last - len(self._entries) + 1
        if number + 1 < first:
            raise ValueError(f"the ledger begins at {first}")
        return islice(self._entries, number + 1 - first, number + 1 - first + most)


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return value if value is None or isinstance(value, str | bool) else float(value)

"""What really happened, by ibsim's own ledger (`ibsimctl ledger`): requests received, states of orders, fills. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from attrs import define, field, frozen

DEAD = frozenset({"Cancelled", "Filled", "Inactive", "ApiCancelled"})


@frozen
class State:
    """How an order stood from `t` (epoch seconds) on."""

    t: float
    status: str
    filled: float
    total: float
    limit: float | None
    average: float

    @property
    def alive(self) -> bool:
        return self.status not in DEAD


@define
class Order:
    """An order that TWS has, by its permId."""

    perm: int
    ref: str
    con_id: int
    buys: bool
    client: int
    id: int
    states: list[State] = field(factory=list)

    @property
    def now(self) -> State:
        return self.states[-1]

    def between(self, since: float, until: float) -> list[State]:
        """The states in force at any time from `since` to `until`; empty for an order that is younger than `since`."""
        if self.states[0].t > since:
            return []
        begun = max(number for number, state in enumerate(self.states) if state.t <= since)
        return [state for state in self.states[begun:] if state.t <= until]


@frozen
class Request:
    """What a client asked of orders; `said` has the fields of an order under IB's names."""

    t: float
    name: str
    id: int
    said: dict[str, Any]


@frozen
class Fill:
    exec_id: str
    perm: int
    con_id: int
    sign: int
    quantity: float
    price: float


@define
class Ledger:
    """Fed with the entries as they come; `last` is the number of the newest."""

    orders: dict[int, Order] = field(factory=dict)
    fills: dict[str, Fill] = field(factory=dict)
    requests: list[Request] = field(factory=list)
    last: int = 0

    def take(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["n"] <= self.last:
                continue
            self.last = entry["n"]
            {"request": self._request, "order": self._order, "fill": self._fill}[entry["what"]](entry)

    def _request(self, entry: dict[str, Any]) -> None:
        self.requests.append(Request(entry["t"], entry["name"], entry["id"], entry["said"]))

    def _order(self, entry: dict[str, Any]) -> None:
        made = Order(entry["perm"], entry["ref"], entry["conId"], entry["buys"], entry["client"], entry["id"])
        order = self.orders.setdefault(made.perm, made)
        order.id = entry["id"]
        figures = (entry[name] for name in ("t", "status", "filled", "total", "limit", "average"))
        order.states.append(State(*figures))

    def _fill(self, entry: dict[str, Any]) -> None:
        sign = 1 if entry["buys"] else -1
        made = Fill(entry["exec"], entry["perm"], entry["conId"], sign, entry["quantity"], entry["price"])
        self.fills[made.exec_id] = made

    def named(self) -> dict[str, list[Order]]:
        """Orders by the name that a bot gave them."""
        found: dict[str, list[Order]] = defaultdict(list)
        for order in self.orders.values():
            found[order.ref].append(order)
        return found

    def told(self, ref: str) -> str:
        """All there is about an order of a name, a line each, for people."""
        orders = list(self.orders.values())  # the observer may add one meanwhile
        ids = {order.id for order in orders if order.ref == ref}
        perms = {order.perm for order in orders if order.ref == ref}
        asked = [r for r in list(self.requests) if r.said.get("orderRef") == ref or r.id in ids]
        lines = [(r.t, f"asked  {r.name} {r.id} {r.said}") for r in asked]
        for perm in perms:
            lines += [(s.t, f"order  {perm} {s.status} {s.filled:g}/{s.total:g} at {s.limit}") for s in self.orders[perm].states]
        lines += [(0.0, f"fill   {f.exec_id} {f.quantity:g} at {f.price}") for f in list(self.fills.values()) if f.perm in perms]
        return "\n".join(f"    {t:.3f} {text}" for t, text in sorted(lines))

"""Trouble with orders, on demand: what people at TWS, other clients, IB and bad luck do to them.

Orders are given by permId, which the methods that make one return; instruments by conId; quantities in base units.
`simulator.tws.orders.store` shows what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ibgw_tx.sim.desks.tws import SimulatedTWS
from ibgw_tx.sim.exchange.lives import BY_SYSTEM
from ibgw_tx.sim.exchange.order import MANUAL, Order, Status, terms_of
from ibgw_tx.sim.market.instrument import exact
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.ids import OFFICIAL
from ibgw_tx.sim.wire.order_layout import blank

SEED_STEPS = 400  # seeded orders stand at so many prices, from a half to a fifth of the instrument's


@frozen
class Wanted:
    """An order that no client here sent: instrument by conId, quantity in base units, `fields` under IB's names."""

    con_id: int
    action: str
    quantity: float
    kind: str
    limit: float | None
    aux: float | None
    fields: dict[str, Any]


class OrderTrouble:
    """Trouble with orders, as methods. `said` logs what was done."""

    def __init__(self, tws: SimulatedTWS, said: Callable[..., None]) -> None:
        self._tws, self._office, self._said = tws, tws.office, said

    def _order(self, perm_id: int) -> Order:
        return self._tws.orders.store.by_perm(perm_id)

    def read_only(self, on: bool = True) -> None:
        """The box "Read-Only API" is ticked, or is no more: orders, changes and cancels are refused (321)."""
        self._said("read_only", on=on)
        self._office.faults.read_only = on

    # Orders nobody here sent

    def manual_order(
        self, con_id: int, action: str, quantity: float, kind: str = "LMT", limit: float | None = None,
        aux: float | None = None, **fields: Any,
    ) -> int:
        """An order placed by hand in TWS; its permId. Client 0 with auto-open-orders gets it bound, else it has id 0.

        `fields`: any other field under IB's name, e.g. `tif="GTC"`, `account="DU1"`, `exchange="NASDAQ"`.
        """
        order = self._made(MANUAL, 0, Wanted(con_id, action, quantity, kind, limit, aux, fields))
        order.manual = True
        self._said("manual_order", perm_id=order.perm_id)
        return self._admitted(order)

    def order_by(
        self, client_id: int, con_id: int, action: str, quantity: float, kind: str = "LMT", limit: float | None = None,
        aux: float | None = None, **fields: Any,
    ) -> int:
        """An order of any client id, connected or not, under its next order id; its permId."""
        number = self._office.next_id(client_id)
        self._office.next_ids[client_id] = number + 1
        order = self._made(client_id, number, Wanted(con_id, action, quantity, kind, limit, aux, fields))
        self._said("order_by", client_id=client_id, perm_id=order.perm_id)
        return self._admitted(order)

    def seed_orders(self, count: int, client_id: int = 0, con_ids: tuple[int, ...] = (), ref: str = "seed") -> list[int]:
        """So many live limit orders far below the market, without a word to anyone; their permIds.

        They are spread over `con_ids` (default: every stock and future), reference `ref-1` and so on.
        """
        office = self._office
        known = office.catalogue.instruments
        chosen = con_ids or tuple(con_id for con_id in known if known[con_id].sec_type in ("STK", "FUT"))
        made = []
        for number in range(1, count + 1):
            instrument = known[chosen[number % len(chosen)]]
            ladder = office.catalogue.rules.ladder(instrument.rule)
            share = 0.5 - 0.3 * (number // len(chosen) % SEED_STEPS) / SEED_STEPS
            limit = ladder.real(ladder.snap(instrument.price * share))
            fields = {"orderRef": f"{ref}-{number}", "tif": "GTC"}
            order_id = office.next_id(client_id)
            office.next_ids[client_id] = order_id + 1
            order = self._made(client_id, order_id, Wanted(instrument.con_id, "BUY", instrument.lot, "LMT", limit, None, fields))
            self._quietly(order)
            made.append(order)
        self._tws.orders.mail.warm(made, min(office.settings.server_version, OFFICIAL))
        self._said("seed_orders", count=count, client_id=client_id)
        return [order.perm_id for order in made]

    def _quietly(self, order: Order) -> None:
        """Into the market without a message."""
        mail, lives = self._tws.orders.mail, self._tws.orders.lives
        mail.muted.add(order.perm_id)
        lives.place(order)
        mail.muted.discard(order.perm_id)

    def _made(self, client_id: int, order_id: int, wanted: Wanted) -> Order:
        office, instrument, fields = self._office, self._office.catalogue.instruments[wanted.con_id], dict(wanted.fields)
        exchange = fields.pop("exchange", "SMART" if instrument.smart else instrument.exchange)
        account = fields.pop("account", "") or next(iter(office.accounts))
        said = blank(
            action=wanted.action, totalQuantity=exact(wanted.quantity), orderType=wanted.kind, lmtPrice=wanted.limit,
            auxPrice=wanted.aux, **fields,
        )
        terms = terms_of(said, account)
        perm_id = self._tws.orders.lives.next_perm()
        return Order(perm_id, client_id, order_id, instrument, exchange, terms, terms.total, office.now())

    def _admitted(self, order: Order) -> int:
        orders, lists = self._tws.orders, self._tws.order_lists
        if order.manual and lists.binds:
            lists.bind(order)  # before its first message, as TWS does
        orders.admit(order)
        return order.perm_id

    # What happens to an order

    def fill(self, perm_id: int, quantity: float | None = None, price: float | None = None, silent: bool = False) -> str:
        """Fill an order, or a part of it, whatever the market says; the execId.

        `price` defaults to its limit or the market's middle; `silent`: execution and commission only.
        """
        orders, order = self._tws.orders, self._order(perm_id)
        walk = orders.lives.walk(order)
        if price is None:
            price = order.shown_limit or (walk.mark() if walk is not None else 1.0)
        self._said("fill", perm_id=perm_id, quantity=quantity, price=price)
        amount = order.remaining if quantity is None else exact(quantity)
        made = orders.lives.fill(order, amount, price, order.instrument.exchange, silent)
        return made.exec_id

    def cancel_order(self, perm_id: int, text: str = "") -> None:
        """TWS cancels an order by itself: Cancelled, then 202 with a text."""
        self._said("cancel_order", perm_id=perm_id)
        self._tws.orders.lives.cancel(self._order(perm_id), BY_SYSTEM, say(202, cause=text))

    def reject_order(self, perm_id: int, code: int = 201, text: str = "") -> None:
        """A live order is refused after all: the code, then Inactive for good."""
        self._said("reject_order", perm_id=perm_id, code=code)
        orders, order = self._tws.orders, self._order(perm_id)
        orders.mail.note(order, code, text or say(code, cause="rejected on demand"))
        orders.lives.finish(order, Status.INACTIVE, f"Rejected: {code}")

    def deactivate(self, perm_id: int, why_held: str = "locate") -> None:
        """Inactive but alive, e.g. while shares are located (404); `reactivate` lets it go on."""
        self._said("deactivate", perm_id=perm_id)
        orders, order = self._tws.orders, self._order(perm_id)
        orders.store.withdraw(order)
        order.status, order.why_held = Status.INACTIVE, why_held
        if why_held == "locate":
            orders.mail.note(order, 404, say(404))
        orders.lives.tell(order)

    def reactivate(self, perm_id: int) -> None:
        """An inactive order goes on."""
        self._said("reactivate", perm_id=perm_id)
        order = self._order(perm_id)
        order.status, order.why_held = Status.PRE_SUBMITTED, ""
        self._tws.orders.lives.go_on(order)

    def notice(self, perm_id: int, code: int, text: str = "") -> None:
        """A code with the order's id that leaves it as it is: 399, 2109, 10349, or one that nobody knows."""
        self._said("notice", perm_id=perm_id, code=code)
        order = self._order(perm_id)
        self._tws.orders.mail.note(order, code, text or say(code))

    def tell_again(self, perm_id: int, status: str = "") -> None:
        """Open order and status once more; a `status` is told once without being true."""
        order = self._order(perm_id)
        true, order.status = order.status, status or order.status
        self._tws.orders.lives.tell(order)
        order.status = true

    def correct(self, exec_id: str, quantity: float | None = None, price: float | None = None) -> str:
        """A correction replaces an execution and is told by itself, without a commission; the new execId."""
        made = self._tws.orders.lives.fills.correct(exec_id, None if quantity is None else exact(quantity), price)
        self._said("correct", exec_id=exec_id, by=made.exec_id)
        self._tws.orders.mail.corrected(made)
        return made.exec_id

    def bust(self, exec_id: str) -> str:
        """An execution is taken back: a correction to quantity 0."""
        return self.correct(exec_id, quantity=0)

    # The next order

    def reject_next_order(
        self, code: int = 201, text: str = "", with_status: bool | None = None, advanced: str = ""
    ) -> None:
        """The next order (or modify) is refused. 201 shows it as Inactive, other codes come alone, unless said.

        A refused modify leaves the live order as it is. `advanced`: JSON for clients of server version 166 and above.
        """
        self._said("reject_next_order", code=code)
        shown = code == 201 if with_status is None else with_status
        self._office.faults.rejects.append((code, text, shown))
        self._office.faults.advanced = advanced

    def notice_next_order(self, code: int, text: str = "") -> None:
        """The next order gets this code after its first messages, and lives."""
        self._said("notice_next_order", code=code)
        self._office.faults.notices.append((code, text))

    def swallow_next_order(self, times: int = 1) -> None:
        """The next orders vanish into a dialog at TWS: no answer, until `click_dialog` or never."""
        self._said("swallow_next_order", times=times)
        self._office.faults.swallow += times

    def click_dialog(self) -> int:
        """Somebody clicks OK: the swallowed orders go on; how many."""
        faults = self._office.faults
        waiting, faults.swallowed = faults.swallowed, []
        for client, request in waiting:
            self._tws.orders.take(client, request)
        return len(waiting)

    def late_orders(self, seconds: float) -> None:
        """Orders are looked at so many seconds late, cancels at once; 0 ends it."""
        self._said("late_orders", seconds=seconds)
        self._office.faults.order_lag = seconds

    def instant_next_order(self, times: int = 1) -> None:
        """The next orders are filled at once and only their executions and commissions are told."""
        self._said("instant_next_order", times=times)
        self._office.faults.instant += times

    def drop_on_next_order(self, accepted: bool) -> None:
        """The connection breaks when the next order comes: before TWS took it, or after, its answers lost."""
        self._said("drop_on_next_order", accepted=accepted)
        self._office.faults.cuts.append("after" if accepted else "before")

    # The day

    def end_session(self) -> None:
        """The closing bell: orders for the close trade, orders for the day end and are completed orders."""
        self._said("end_session")
        self._tws.orders.engine.end_session()

    def open_session(self) -> None:
        """The opening bell: orders for the opening trade, or end."""
        self._said("open_session")
        self._tws.orders.engine.open_session()

    def midnight(self) -> None:
        """After `end_session`: completed orders and executions of the day are gone."""
        self._said("midnight")
        self._tws.orders.engine.end_session()
        self._tws.orders.store.new_day()

    def lose_untransmitted(self) -> None:
        """Orders held with transmit=False are forgotten, as at a restart."""
        self._tws.orders.restarted()


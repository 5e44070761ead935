"""Who hears of an order, and how: the engine's events as messages to the right clients, and lists of orders.

An order is its client's; the master client sees all of them; one placed by hand is seen by client 0 once it is bound
(tws-facts 1.3, 4.7). While TWS's link to IB is down, or TWS says nothing at all, what happens at IB waits here.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.sim.desks.accounts import AccountDesk
from ibgw_tx.sim.desks.depth import DepthDesk
from ibgw_tx.sim.desks.positions import PositionDesk
from ibgw_tx.sim.exchange.daybook import Daybook
from ibgw_tx.sim.exchange.order import Fill, Order
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import fills as replies_fills
from ibgw_tx.sim.replies import orders as replies_orders
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire import frames as wire
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In

SLICE = 250  # orders of a list sent in one turn of the reactor: about 30 ms of work


class OrderMail:
    """engine.Hearer. `muted`: permIds whose open order and status messages are left out."""

    def __init__(self, office: OfficeState, depth: DepthDesk, positions: PositionDesk, accounts: AccountDesk) -> None:
        self.office, self._depth, self._positions, self._accounts = office, depth, positions, accounts
        self.muted: set[int] = set()
        self.daybook = Daybook(office.now)
        self._backlog: list[list[tuple[Conversation, Fields]]] = []
        self._frames: dict[int, tuple[int, int, bytes]] = {}

    def audience(self, order: Order) -> list[Conversation]:
        unbound = order.manual and order.order_id == 0
        master = self.office.settings.master_client
        return [
            client for client in self.office.clients
            if client.client_id == master or (client.client_id == order.client_id and not unbound)
        ]

    def post(self, order: Order, fields: Callable[[Conversation], Fields]) -> None:
        """Send now, or, as it is now, when the link is back."""
        made = [(client, fields(client)) for client in self.audience(order)]
        if self.office.faults.link_up and not self.office.faults.silent:
            self._send(made)
        else:
            self._backlog.append(made)

    def _send(self, made: list[tuple[Conversation, Fields]]) -> None:
        for client, fields in made:
            if fields:
                client.send(fields)

    def deliver(self) -> None:
        """The link is back: what waited goes out."""
        waiting, self._backlog = self._backlog, []
        for made in waiting:
            self._send(made)

    # engine.Hearer

    def open_order(self, order: Order) -> None:
        self.daybook.order(order)
        if order.perm_id not in self.muted:
            self.post(order, lambda client: replies_orders.open_order(order, client.server_version))

    def order_status(self, order: Order) -> None:
        self.daybook.order(order)
        if order.perm_id not in self.muted:
            self.post(order, lambda client: replies_orders.order_status(order))

    def note(self, order: Order, code: int, text: str) -> None:
        """Codes go to the order's own client only."""
        order_id, now = order.order_id, self.office.now()
        self.post(order, lambda client: (
            replies.error(order_id, code, text, client.server_version, now) if client.client_id == order.client_id else ()
        ))

    def executed(self, fill: Fill) -> None:
        """A fill is in the books: positions at once, the commission a little later, accounts at their next turn."""
        self.daybook.fill(fill)
        self.daybook.order(fill.order)
        self.post(fill.order, lambda client: replies_fills.execution(fill, -1, client.server_version))
        self.tell_position(fill)
        if fill.order.legs and not fill.leg:
            return  # a combo's commissions are its legs'
        self.office.agenda.after(self.office.settings.commission_after, lambda: self.commissioned(fill))

    def corrected(self, fill: Fill) -> None:
        """A correction is an execution like any other, but brings no commission and no status."""
        self.daybook.fill(fill)
        self.daybook.order(fill.order)
        self.post(fill.order, lambda client: replies_fills.execution(fill, -1, client.server_version))
        self.tell_position(fill)

    def tell_position(self, fill: Fill) -> None:
        account = self.office.accounts[fill.order.terms.account]
        held = account.positions.get(fill.instrument.con_id)
        if held is not None:
            self._positions.tell(account, held)
        self._accounts.hurry(account)

    def commissioned(self, fill: Fill) -> None:
        """The open order once more, now with the commission, then the report (as recorded)."""
        self.open_order(fill.order)
        self.post(fill.order, lambda client: replies_fills.commission(fill))

    def ended(self, order: Order) -> None:
        self.daybook.order(order)
        self._frames.pop(order.perm_id, None)

    def moved(self, walk: Walk) -> None:
        self._depth.flush(walk)

    # Lists

    def send_list(self, client: Conversation, orders: list[Order], end: Fields) -> None:
        """Open orders and their statuses, then the end: long lists in slices, so that others are served between."""
        for order in orders[:SLICE]:
            if order.ended is None:
                client.send_frame(In.OPEN_ORDER, self._frame(order, client.server_version))
                client.send(replies_orders.order_status(order))
        if len(orders) > SLICE:
            self.office.agenda.after(0.0, lambda: self.send_list(client, orders[SLICE:], end))
        elif end:
            client.send(end)

    def _frame(self, order: Order, version: int) -> bytes:
        """An open order's bytes, remembered until it changes: with thousands of orders they cost the most."""
        known = self._frames.get(order.perm_id)
        if known is not None and known[:2] == (order.revision, version):
            return known[2]
        data = wire.frame(replies_orders.open_order(order, version), version)
        self._frames[order.perm_id] = order.revision, version, data
        return data

    def warm(self, orders: list[Order], version: int) -> None:
        """Make the frames of many orders beforehand, so that a benchmark measures its subject and not this."""
        for order in orders:
            self._frame(order, version)

"""Lists of orders and executions, and the binding of orders placed by hand to client 0 (tws-facts 4.7)."""

from __future__ import annotations

from collections.abc import Mapping

from ibgw_tx.sim.desks import order_checks as orderchecks
from ibgw_tx.sim.desks.orders import OrderDesk
from ibgw_tx.sim.exchange.order import MANUAL, Order
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import fills as replies_fills
from ibgw_tx.sim.replies import orders as replies_orders
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.requests import Request


class OrderListDesk(BaseDesk):
    """What there is, for whom: a client's own orders, everybody's, the completed ones, executions."""

    def __init__(self, office: OfficeState, orders: OrderDesk) -> None:
        super().__init__(office)
        self.store, self.mail, self._fills = orders.store, orders.mail, orders.lives.fills
        self._binding: set[int] = set()  # conversations of client 0 with auto-open-orders on
        self._last_bound = 0

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqOpenOrders": self.open_orders,
            "reqAllOpenOrders": self.all_open_orders,
            "reqAutoOpenOrders": self.auto_open_orders,
            "reqCompletedOrders": self.completed_orders,
            "reqExecutions": self.executions,
        }

    def open_orders(self, client: Conversation, request: Request) -> None:
        """The client's own; client 0 binds those placed by hand."""
        if client.client_id == MANUAL:
            orderchecks.check_writable(self.office, request)
            for order in list(self.store.live.values()):
                self.bind(order)
        own = [order for order in self.store.live.values() if order.client_id == client.client_id]
        self.mail.send_list(client, own, replies.open_order_end())

    def all_open_orders(self, client: Conversation, request: Request) -> None:
        self.mail.send_list(client, list(self.store.live.values()), replies.open_order_end())

    def auto_open_orders(self, client: Conversation, request: Request) -> None:
        if client.client_id != MANUAL:
            client.error(-1, 327)
            return
        orderchecks.check_writable(self.office, request)
        (self._binding.add if request.args["bind"] else self._binding.discard)(id(client))

    @property
    def binds(self) -> bool:
        """Whether orders placed by hand are bound as they come."""
        return bool(self._binding)

    def bind(self, order: Order) -> None:
        """Give an order placed by hand an id of client 0."""
        if not order.manual or order.order_id or not order.live:
            return
        if self.office.settings.bind_negative:
            self._last_bound -= 1
            number = self._last_bound
        else:
            number = self.office.next_id(MANUAL)
            self.office.next_ids[MANUAL] = number + 1
        self.store.rekey(order, number)
        self.mail.post(order, lambda client: replies_fills.order_bound(order))

    def completed_orders(self, client: Conversation, request: Request) -> None:
        for order in self.store.done.values():
            if not (request.args["api_only"] and order.manual):
                client.send(replies_orders.completed_order(order, client.server_version))
        client.send(replies.completed_orders_end())

    def executions(self, client: Conversation, request: Request) -> None:
        try:
            found = list(self._fills.found(request.args, self.office.now()))
        except ValueError:
            raise Refused(321, say(321, name=request.name, cause="Invalid time")) from None
        for fill in found:
            client.send(replies_fills.execution(fill, request.req_id, client.server_version))
            client.send(replies_fills.commission(fill))
        client.send(replies.executions_end(request.req_id))

    def welcome(self, client: Conversation) -> None:
        """Open orders for a client that connects, if TWS is set so."""
        if self.office.settings.download_open_orders:
            own = [order for order in self.store.live.values() if order.client_id == client.client_id and order.order_id]
            self.mail.send_list(client, own, replies.open_order_end() if own else ())

    def leave(self, client: Conversation) -> None:
        self._binding.discard(id(client))

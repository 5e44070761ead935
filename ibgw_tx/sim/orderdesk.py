"""Order requests. There is no matching engine yet: every order is refused, and every list of orders is empty.

The engine plugs in here: ``place``, ``cancel``, ``cancel_all`` hand over to it, and ``open_orders``,
``completed_orders``, ``executions`` send what it keeps before their end markers. Fills then go to
``office.accounts`` and are told through ``office.positions.tell`` and ``office.account_desk.hurry``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ibgw_tx.sim import lookup, replies
from ibgw_tx.sim.codes import say
from ibgw_tx.sim.conversation import Conversation
from ibgw_tx.sim.desk import BaseDesk
from ibgw_tx.sim.ids import Since
from ibgw_tx.sim.requests import Request

if TYPE_CHECKING:
    from ibgw_tx.sim.office import Answer


class OrderDesk(BaseDesk):
    """Orders, executions and who may see them."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "placeOrder": self.place,
            "cancelOrder": self.cancel,
            "reqGlobalCancel": self.cancel_all,
            "exerciseOptions": self.exercise,
            "reqOpenOrders": self.open_orders,
            "reqAllOpenOrders": self.open_orders,
            "reqAutoOpenOrders": self.auto_open_orders,
            "reqCompletedOrders": self.completed_orders,
            "reqExecutions": self.executions,
        }

    def place(self, client: Conversation, request: Request) -> None:
        if request.req_id < self.office.next_id(client.client_id):
            client.error(request.req_id, 103)
            return
        self.office.next_ids[client.client_id] = request.req_id + 1
        lookup.resolve(self.office.catalogue, request.contract, request.name)
        client.error(request.req_id, 201, say(201, cause="this simulator takes no orders yet"))

    def cancel(self, client: Conversation, request: Request) -> None:
        client.error(request.req_id, 10147, say(10147, id=request.req_id))

    def cancel_all(self, client: Conversation, request: Request) -> None:
        """Nothing is open, and TWS confirms a global cancel by the orders' own messages only."""

    def exercise(self, client: Conversation, request: Request) -> None:
        client.error(request.req_id, 322, say(322, name=request.name, cause="Not supported by ibsim"))

    def open_orders(self, client: Conversation, request: Request) -> None:
        client.send(replies.open_order_end())

    def auto_open_orders(self, client: Conversation, request: Request) -> None:
        if client.client_id != 0:
            client.error(-1, 327)

    def completed_orders(self, client: Conversation, request: Request) -> None:
        if client.server_version >= Since.COMPLETED_ORDERS:
            client.send(replies.completed_orders_end())
        else:
            client.error(-1, 320, say(320, name=request.name, cause="Unknown message id 99"))

    def executions(self, client: Conversation, request: Request) -> None:
        client.send(replies.executions_end(request.req_id))

"""From a request to an order that passed every check; nothing is in the market yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibgw_tx.sim.desks import order_checks as orderchecks
from ibgw_tx.sim.exchange.engine import Engine
from ibgw_tx.sim.exchange.order import Leg, Order, Status, Terms, terms_of
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.wire.requests import Request

if TYPE_CHECKING:
    from ibgw_tx.sim.desks.tws import Office


class OrderMaker:
    """Raises lookup.Refused with TWS's code for what TWS would not take."""

    def __init__(self, office: Office, engine: Engine) -> None:
        self._office, self._engine = office, engine

    def make(self, client: Conversation, request: Request, held: Order | None) -> Order:
        """A checked order, not yet anywhere; ``held``: the untransmitted one that it replaces."""
        one, exchange, legs, terms = self.checked(client.server_version, request)
        perm_id = held.perm_id if held is not None else self._engine.next_perm()
        order = Order(perm_id, client.client_id, request.req_id, one, exchange, terms, terms.total, self._office.now(), legs)
        order.parent = self._parent(order)
        limit = self._office.settings.order_limit
        if limit and self._engine.store.count(order) >= limit and not terms.said["whatIf"]:
            cause = f"the maximum of {limit} active orders for this contract, side and account is reached"
            raise orderchecks.refuse(201, cause=cause)
        return order

    def checked(self, version: int, request: Request) -> tuple[Instrument, str, tuple[Leg, ...], Terms]:
        office, said, now = self._office, request.args, self._office.now()
        one, exchange, legs = orderchecks.contract_of(office.catalogue, request)
        account = orderchecks.account_of(list(office.accounts), said, request.name)
        middle = lambda: office.market.walk(one, now).middle()  # noqa: E731
        orderchecks.check(said, one, office.catalogue, office.settings, now, version, middle)
        return one, exchange, legs, terms_of(said, account, one.parts)

    def _parent(self, order: Order) -> Order | None:
        parent_id = order.terms.said["parentId"]
        if not parent_id:
            return None
        parent = self._engine.store.by_key(order.client_id, parent_id)
        if parent is None or parent_id == order.order_id:
            raise orderchecks.refuse(10006)
        if parent.ended is not None and parent.status != Status.FILLED:
            raise orderchecks.refuse(201, cause="Parent order is being cancelled.")
        return parent

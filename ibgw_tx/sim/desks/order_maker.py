"""From a request to an order that passed every check; nothing is in the market yet."""

from __future__ import annotations

from ibgw_tx.sim.desks import order_checks as orderchecks
from ibgw_tx.sim.exchange.lives import Lives
from ibgw_tx.sim.exchange.order import Leg, Order, Status, Terms, terms_of
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.wire.requests import Request


class OrderMaker:
    """Raises lookup.Refused with TWS's code for what TWS would not take."""

    def __init__(self, office: OfficeState, lives: Lives) -> None:
        self._office, self._lives = office, lives

    def make(self, client: Conversation, request: Request, held: Order | None) -> Order:
        """A checked order, not yet anywhere; `held`: the untransmitted one that it replaces."""
        instrument, exchange, legs, terms = self.checked(client.server_version, request)
        perm_id = held.perm_id if held is not None else self._lives.next_perm()
        order = Order(
            perm_id, client.client_id, request.req_id, instrument, exchange, terms, terms.total, self._office.now(), legs
        )
        order.parent = self._parent(order)
        if order.terms.oca_group:
            orderchecks.check_group(order, self._lives.store.in_group(order.terms.oca_group))
        limit = self._office.settings.order_limit
        if limit and self._lives.store.count(order) >= limit and not terms.said["whatIf"]:
            cause = f"the maximum of {limit} active orders for this contract, side and account is reached"
            raise orderchecks.refuse(201, cause=cause)
        return order

    def checked(self, version: int, request: Request) -> tuple[Instrument, str, tuple[Leg, ...], Terms]:
        office, said, now = self._office, request.args, self._office.now()
        instrument, exchange, legs = orderchecks.contract_of(office.catalogue, request)
        account = orderchecks.account_of(list(office.accounts), said, request.name)

        def middle() -> float:
            return office.market.walk(instrument, now).middle()

        orderchecks.check(said, instrument, office.catalogue, office.settings, now, version, middle)
        return instrument, exchange, legs, terms_of(said, account, instrument.parts)

    def _parent(self, order: Order) -> Order | None:
        parent_id = order.terms.said["parentId"]
        if not parent_id:
            return None
        parent = self._lives.store.by_key(order.client_id, parent_id)
        if parent is None or parent_id == order.order_id:
            raise orderchecks.refuse(10006)
        if parent.ended is not None and parent.status != Status.FILLED:
            raise orderchecks.refuse(201, cause="Parent order is being cancelled.")
        return parent

"""Order requests: whose id it is, new or changed, held or sent on; and cancels.

What becomes of an order is exchange/lives.py's; who hears of it is order_mail.py's; lists are order_lists.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ibgw_tx.sim.desks import order_checks as orderchecks
from ibgw_tx.sim.desks.accounts import AccountDesk
from ibgw_tx.sim.desks.depth import DepthDesk
from ibgw_tx.sim.desks.order_mail import OrderMail
from ibgw_tx.sim.desks.order_maker import OrderMaker
from ibgw_tx.sim.desks.positions import PositionDesk
from ibgw_tx.sim.exchange import margins
from ibgw_tx.sim.exchange.engine import Engine
from ibgw_tx.sim.exchange.lives import Lives
from ibgw_tx.sim.exchange.order import Order, Status
from ibgw_tx.sim.market.walk import Walk
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import orders as replies_orders
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.requests import Request


class OrderDesk(BaseDesk):
    """Orders placed, changed and cancelled."""

    def __init__(
        self, office: OfficeState, depth: DepthDesk, positions: PositionDesk, accounts: AccountDesk
    ) -> None:
        super().__init__(office)
        self.mail = OrderMail(office, depth, positions, accounts)
        self.lives = Lives(
            office.catalogue, office.market, office.accounts, self.mail, office.now, office.settings.keep_hours
        )
        self.engine = Engine(self.lives)
        self.store = self.lives.store
        self.maker = OrderMaker(office, self.lives)
        self._deferred: list[Callable[[], None]] = []  # for when the link is back

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "placeOrder": self.place,
            "cancelOrder": self.cancel,
            "reqGlobalCancel": self.cancel_all,
        }

    @property
    def walks(self) -> list[Walk]:
        """Markets with an order in them: they move, watched or not."""
        return [working.walk for working in self.store.working.values()]

    # Placing

    def place(self, client: Conversation, request: Request) -> None:
        """The troubles that may befall an order on its way in, then the order."""
        orderchecks.check_writable(self.office, request)
        faults = self.office.faults
        cut = faults.cuts.pop(0) if faults.cuts else ""
        if cut == "before":
            client.abort()
        elif faults.swallow:
            faults.swallow -= 1
            faults.swallowed.append((client, request))
        elif faults.order_lag:
            self.office.agenda.after(faults.order_lag, lambda: self.take(client, request))
        elif cut == "after":
            client.deaf = True
            self.take(client, request)
            client.abort()
        else:
            self.take(client, request)

    def take(self, client: Conversation, request: Request) -> None:
        """An order request, whenever it gets through; a refusal is told here, as it may come late."""
        try:
            self._take(client, request)
        except Refused as no:
            client.error(request.req_id, no.code, no.text)

    def _take(self, client: Conversation, request: Request) -> None:
        known = self.store.by_key(client.client_id, request.req_id)
        upcoming = self.office.next_id(client.client_id)
        if known is not None and known.live and not request.args["whatIf"]:
            self._modify(client, request, known)
            return
        if known is not None and known.ended is None and request.args["whatIf"]:
            self._preview(client, self.maker.make(client, request, known))
            return
        if request.req_id < upcoming and not (known is not None and known.held):
            raise orderchecks.refuse(104 if known is not None and known.status == Status.FILLED else 103)
        self.office.next_ids[client.client_id] = max(upcoming, request.req_id + 1)
        held = known if known is not None and known.held else None
        order = self.maker.make(client, request, held)
        if held is not None:
            self.lives.replace_held(held, order)
        refusal = self.office.faults.take_reject()
        if refusal is not None:
            self._reject(client, order, *refusal)
        elif order.terms.said["whatIf"]:
            self._preview(client, order)
        elif not order.terms.said["transmit"]:
            self.lives.hold(order)
        else:
            self._transmit(order)

    def _preview(self, client: Conversation, order: Order) -> None:
        """What an order would do to its account; nothing is kept of it, not even under the id of a live or held order."""
        figures = margins.what_if(order, self.office.accounts[order.terms.account], self.office.market, self.office.now())
        client.send(replies_orders.open_order(order, client.server_version, margins=figures))

    def _reject(self, client: Conversation, order: Order, code: int, text: str, with_status: bool) -> None:
        """A refusal from IB: the code, then the order as Inactive (INSYNC#554); or the code alone."""
        told = text or say(code, cause="rejected on demand", id=order.order_id)
        client.error(order.order_id, code, told, self.office.faults.take_advanced())
        if with_status:
            self.store.unhold(order)
            self.store.add(order)
            self.lives.finish(order, Status.INACTIVE, f"Rejected: {code}")

    def _transmit(self, order: Order) -> None:
        """Send an order on, and before it what was held for it: its parent, then its siblings."""
        group = [order]
        parent = order.parent
        if parent is not None:
            siblings = [o for o in self.store.held.values() if o.parent is parent and o.key != order.key]
            group = [*([parent] if parent.held else []), *siblings, order]
        for member in group:
            self.admit(member)

    def admit(self, order: Order) -> None:
        """Into the market, or into TWS's drawer while the link is down."""
        faults = self.office.faults
        if faults.take_instant():
            self.mail.muted.add(order.perm_id)
        if not faults.link_up:
            self.store.unhold(order)
            self.store.add(order)
            order.status = Status.PENDING_SUBMIT
            self._say_at_once(order)
            self._deferred.append(lambda: self._later_placed(order))
            return
        self.lives.place(order)
        if order.perm_id in self.mail.muted and order.live:
            self.fill_at_market(order)
        said = order.terms.said
        if self.office.settings.tif_notice and not said["tif"]:
            self.mail.note(order, 10349, say(10349))
        if orderchecks.without_zone(said):
            self.mail.note(order, 2174, say(2174))
        for code, text in faults.take_notices():
            self.mail.note(order, code, text or say(code))

    def fill_at_market(self, order: Order) -> None:
        walk = self.lives.walk(order)
        price = order.terms.limit if walk is None or order.terms.limit else walk.mark()
        self.lives.fill(order, order.remaining, price or 0.0, order.instrument.exchange)

    def _later_placed(self, order: Order) -> None:
        if order.live:
            order.status = "PreSubmitted"
            self.lives.place(order)

    def _say_at_once(self, order: Order) -> None:
        """TWS's own word, which needs no link."""
        self.mail.daybook.order(order)
        for client in self.mail.audience(order):
            client.send(replies_orders.open_order(order, client.server_version))
            client.send(replies_orders.order_status(order))

    def _modify(self, client: Conversation, request: Request, order: Order) -> None:
        if order.booked is not None:
            raise orderchecks.refuse(105)
        one, exchange, _, terms = self.maker.checked(client.server_version, request)
        orderchecks.check_change(order, one, exchange, terms)
        refusal = self.office.faults.take_reject()
        if refusal is not None:
            client.error(order.order_id, refusal[0], refusal[1] or say(refusal[0], cause="rejected on demand"))
        elif self.office.faults.link_up:
            self.lives.modify(order, terms)
        else:
            self._deferred.append(lambda: self.lives.modify(order, terms) if order.live else None)

    # Cancelling

    def cancel(self, client: Conversation, request: Request) -> None:
        orderchecks.check_writable(self.office, request)
        order = self.store.by_key(client.client_id, request.req_id)
        if order is None:
            client.error(request.req_id, 10147)
        elif order.ended is not None:
            client.error(request.req_id, 10148, say(10148, id=request.req_id, state=order.status))
        elif order.status == Status.PENDING_CANCEL:
            client.error(request.req_id, 161, say(161, perm=order.perm_id))
        else:
            self.cancel_order(order)

    def cancel_order(self, order: Order) -> None:
        """A cancel that TWS takes: at once, or by way of PendingCancel while the order may still fill."""
        after, link_up = self.office.settings.cancel_after, self.office.faults.link_up
        if order.held or (after is None and link_up):
            self.lives.cancel(order)
            return
        order.status = Status.PENDING_CANCEL
        self._say_at_once(order)
        if link_up:
            self.office.agenda.after(after or 0.0, lambda: self._cancelled(order))
        else:
            self._deferred.append(lambda: self._cancelled(order))

    def _cancelled(self, order: Order) -> None:
        if order.live:
            self.lives.cancel(order)

    def cancel_all(self, client: Conversation, request: Request) -> None:
        """Everybody's orders, those placed by hand too; TWS confirms by the orders' own messages only."""
        orderchecks.check_writable(self.office, request)
        for order in list(self.store.live.values()):
            if order.live and order.status != Status.PENDING_CANCEL:
                self.cancel_order(order)

    # Time and ends

    def restarted(self) -> None:
        """TWS was restarted: what was not transmitted is gone (tws-facts 4.4)."""
        for order in list(self.store.held.values()):
            self.store.drop(order)

    def pulse(self, now: float) -> None:
        if not self.office.faults.link_up:
            return
        self.mail.deliver()
        deferred, self._deferred = self._deferred, []
        for call in deferred:
            call()
        self.engine.look()
        self.engine.tick()

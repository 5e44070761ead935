"""Exercise and lapse of options: what is refused, the order that stands for it, and what becomes of both.

TWS shows an exercise as an order of its request's id: a BUY at 0. It is checked against the position of the account, and, unless
`override` says otherwise, against the market: what is out of the money is not exercised, what is in it does not lapse. IB carries
it out in the night; here `exercise_after` stands for that. Until then it can be cancelled like any order.

Invented, because no recording of it is known: the texts of refusals but for that of a missing position, and that the delivery is
an execution without an order of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ibgw_tx.sim.desks import order_checks as orderchecks
from ibgw_tx.sim.desks.orders import OrderDesk
from ibgw_tx.sim.exchange.accounts import Account
from ibgw_tx.sim.exchange.lives import BY_SYSTEM
from ibgw_tx.sim.exchange.order import MANUAL, Order, Status, Terms, terms_of
from ibgw_tx.sim.market.instrument import SMART, Instrument
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.order_layout import blank
from ibgw_tx.sim.wire.requests import Request

EXERCISE, LAPSE = 1, 2


class ExerciseDesk(BaseDesk):
    """Options of all accounts, exercised and let go."""

    def __init__(self, office: OfficeState, orders: OrderDesk) -> None:
        super().__init__(office)
        self._lives, self._mail = orders.lives, orders.mail

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {"exerciseOptions": self.exercise}

    def exercise(self, client: Conversation, request: Request) -> None:
        """Take an instruction, or raise Refused."""
        office, said = self.office, request.args
        orderchecks.check_writable(office, request)
        if request.req_id < office.next_id(client.client_id):
            raise orderchecks.refuse(103)
        listing = lookup.resolve(office.catalogue, request.contract, request.name)
        option, account = listing.instrument, self._account(request)
        if option.sec_type != "OPT":
            raise _refused(request, "Only options can be exercised")
        if listing.exchange == SMART:
            raise _refused(request, "SMART is no exchange to exercise at")
        if said["action"] not in (EXERCISE, LAPSE) or said["quantity"] <= 0:
            raise orderchecks.refuse(321, name=request.name, cause="Invalid exercise action or quantity")
        left = self._unlapsed(account, option)
        if left <= 0:
            told = f"Error processing request.No unlapsed position exists in this option in account {account.name}."
            raise Refused(322, told)
        if not said["override"] and (self._intrinsic(option) > 0) is (said["action"] == LAPSE):
            cause = "in the money and will not lapse" if said["action"] == LAPSE else "not in the money and will not be exercised"
            raise _refused(request, f"The option is {cause}")
        office.next_ids[client.client_id] = request.req_id + 1
        # More than there is goes down to what there is.
        terms = _terms("BUY", min(Fraction(said["quantity"]), left), 0.0, account.name)
        order = Order(
            self._lives.next_perm(), client.client_id, request.req_id, option, listing.exchange, terms, terms.total,
            office.now(), booked=-1,
        )
        self._lives.store.add(order)
        self._lives.tell(order)
        office.agenda.after(office.settings.exercise_after, lambda: self._settle(order, said["action"] == EXERCISE))

    def _account(self, request: Request) -> Account:
        """A login of several accounts has to name one; that of one may name any, where it then has no position."""
        accounts, name = self.office.accounts, request.args["account"]
        if len(accounts) > 1 and not name:
            raise orderchecks.refuse(321, name=request.name, cause="The account code is required for this operation.")
        if len(accounts) > 1 and name not in accounts:
            raise orderchecks.refuse(321, name=request.name, cause=f"Invalid account code '{name}'.")
        return accounts.get(name) or (Account(name, "USD", {}) if name else next(iter(accounts.values())))

    def _unlapsed(self, account: Account, option: Instrument) -> Fraction:
        """What is held and not under instruction yet."""
        held = account.positions.get(option.con_id)
        under_way = sum(
            order.remaining for order in self._lives.store.live.values()
            if order.booked is not None and order.instrument is option and order.terms.account == account.name
        )
        return (held.amount if held else Fraction(0)) - under_way

    def _intrinsic(self, option: Instrument) -> float:
        under = self.office.catalogue.instruments[option.under_con_id]
        price = self.office.market.walk(under, self.office.now()).mark()
        return (price - option.strike) * (1 if option.right == "C" else -1)

    def _settle(self, order: Order, exercised: bool) -> None:
        if not order.live:
            return
        account = self.office.accounts[order.terms.account]
        held = account.positions.get(order.instrument.con_id)
        amount = min(order.remaining, held.amount if held else Fraction(0))
        if amount > 0:
            self._lives.fill(order, amount, 0.0, order.exchange)
            if exercised:
                self._deliver(account, order, amount)
        if order.live:
            self._lives.finish(order, Status.CANCELLED, BY_SYSTEM, 202)

    def _deliver(self, account: Account, order: Order, amount: Fraction) -> None:
        """The underlying at the strike."""
        option = order.instrument
        under = self.office.catalogue.instruments[option.under_con_id]
        side = "BUY" if option.right == "C" else "SELL"
        terms = _terms(side, amount * Fraction(option.multiplier or "1"), option.strike, account.name)
        delivery = Order(
            self._lives.next_perm(), MANUAL, 0, under, under.exchange, terms, terms.total, self.office.now(), manual=True,
            booked=terms.sign,
        )
        self._lives.store.add(delivery)
        self._lives.fill(delivery, terms.total, option.strike, under.exchange, silent=True)


def _terms(action: str, total: Fraction, price: float, account: str) -> Terms:
    return terms_of(blank(action=action, totalQuantity=total, orderType="LMT", lmtPrice=price), account)


def _refused(request: Request, cause: str) -> Refused:
    return Refused(322, say(322, name=request.name, cause=cause))

"""Order entry put together: everything between a command about orders and the bytes that leave."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from ibgw_tx.books.channels import Channels
from ibgw_tx.commands.shell.dispatcher import Handler
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.shell.market_rules import MarketRules
from ibgw_tx.model import errors, events
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.figures import Quantity
from ibgw_tx.orders.entry.limits import Limits
from ibgw_tx.orders.entry.sent import SentOrders
from ibgw_tx.orders.shell.attempts import Attempts
from ibgw_tx.orders.shell.cancel import Cancel
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.orders.shell.departure import Departure
from ibgw_tx.orders.shell.direct import Direct
from ibgw_tx.orders.shell.exercise import Exercise
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.halting import Halting
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.kept import Kept
from ibgw_tx.orders.shell.modify import Modify
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.place import Place
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Unanswered
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.tws.shell.session import IBSession


class OrderEntry:
    """Makes the parts of order entry, each with the others that it needs. Assembly only."""

    def __init__(
        self,
        name: str,
        orders: Orders,
        unanswered: Unanswered,
        reservations: Reservations,
        followups: OrderFollowups,
        contracts: Contracts,
        rules: MarketRules,
        channels: Channels,
        redis: RedisLink,
        session: Callable[[], IBSession],
        held: Callable[[str, int], Quantity | None],
        limits: Limits,
        default_account: str,
        now_ms: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._cache = orders.cache
        self._followups = followups
        self.ids = orders.ids
        self.sent = SentOrders(orders.cache.orders.knows_perm_id)
        self.halt = HaltSwitch(name, redis)
        self.facts = ContractFactsFinder(contracts, rules, channels, limits.look_at_legs)
        counter = self._counter = IdCounter(name, redis, self.ids)
        self.kept = Kept(name, redis, reservations, unanswered, counter, self.halt)
        self.gate = Gate(orders, self.kept, self.halt, self.facts, session, limits, now_ms)
        self.attempts = Attempts(self.gate, clock)
        modify = Modify(orders, self.gate, self.attempts, self.facts, counter, self.sent, followups, default_account)
        departure = Departure(orders, self.gate, self.attempts, reservations, unanswered, self.sent, followups)
        self.place = Place(
            orders,
            self.gate,
            self.attempts,
            self.facts,
            reservations,
            unanswered,
            counter,
            departure,
            followups,
            modify,
            default_account,
        )
        self.direct = Direct(
            orders,
            self.gate,
            self.attempts,
            self.facts,
            reservations,
            unanswered,
            counter,
            departure,
            redis,
            default_account,
        )
        self.exercise = Exercise(self.gate, self.attempts, contracts, counter, followups, held, default_account)
        self.cancel = Cancel(orders, self.attempts, followups, session, now_ms)
        self.halting = Halting(self.halt, self.kept, self.attempts, now_ms)

    def handlers(self) -> dict[str, Handler]:
        """The commands about orders."""
        return {
            "PLACE_ORDER": self.place.place,
            "EXERCISE": self.exercise.exercise,
            "CANCEL_ORDER": self.cancel.cancel,
            "CANCEL_ALL": self.cancel.cancel_all,
            "CANCEL_ORDERS": self.cancel.cancel_orders,
            "HALT": self.halting.halt,
            "RESUME": self.halting.resume,
        }

    def echoed(self, echo: events.OrderEcho) -> None:
        """TWS shows an order: its id is used, and an order of this client may be changed from it."""
        self.ids.saw(echo.order_id, own=echo.client_id == self._cache.client_id)
        if echo.client_id == self._cache.client_id:
            self._followups.heard(echo.order_id)
            self.sent.echoed(echo)
            self.sent.forget_old(self._cache.orders.may_live)

    def noticed(self, notice: events.Notice) -> None:
        """A code with an id, perhaps of an order whose change it refuses."""
        self.sent.coded(notice.id, notice.code)

    async def redis_up(self) -> None:
        """What is kept in Redis is read, or written again. Raises RedisDown."""
        await self.kept.redis_up()

    def link_down(self) -> None:
        """The session, or TWS's link to IB, is lost or begun anew: what is under way does not leave."""
        text = "the session with TWS, or its link to IB, was lost or begun anew before it left; nothing was sent"
        self.attempts.stop_all(CommandError(errors.NOT_CONNECTED, text))

    def session_lost(self) -> None:
        """API ids end with the session."""
        self.sent.session_lost()
        self._followups.session_lost()
        self.ids.session_lost()

    def tick(self) -> Deferred[None]:
        """Once a second: what Redis did not take is offered again, and what the next orders will need is made ready."""
        if self.kept.loaded:
            self._counter.tick()
        self.direct.tick()
        return Deferred.fromCoroutine(self.halt.tick())

"""Where TWS's notices (message 4) go: to the request they belong to, to the link's state, and to the bots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from ibgw_tx.accounts.shell.accounts import Accounts
from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.commands.shell.alerts import Alerts
from ibgw_tx.model import events
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.connectivity import SYSTEM_CODES, Change, Connectivity, farm_of
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.farm_log import FarmLog

_FARMS = {Change.FARM_BROKEN: False, Change.OTHER_FARM_BROKEN: False, Change.FARM_OK: True, Change.OTHER_FARM_OK: True}
#: Of a new session: the farm may have been broken in the one before.
_READY = (Change.FARM_READY, Change.OTHER_FARM_READY)
#: The alert of a farm that TWS has not named.
_NAMELESS = "?"


class NoticeRouter:
    """Each notice ends in one place. `connectivity_changed(change)` is told what a system notice has changed.

    `address` is TWS's host:port, for the log; each of `others` says whether a notice belongs to a request of its own.
    """

    log = Logger()

    def __init__(
        self,
        asker: Asker,
        books: tuple[Subscriptions, ...],
        account: Accounts,
        orders: Orders,
        followups: OrderFollowups,
        acks: AckChannel,
        connectivity_changed: Callable[[Change], None],
        address: str,
        clock: Clock,
        alerts: Alerts,
        others: Sequence[Callable[[events.Notice], bool]] = (),
    ) -> None:
        self._alerts = alerts
        self.farms = FarmLog(clock, address)
        self.connectivity = Connectivity()
        self._asker = asker
        self._books = books
        self._account = account
        self._orders = orders
        self._followups = followups
        self._acks = acks
        self._connectivity_changed = connectivity_changed
        self._address = address
        self._others = others

    def session_lost(self) -> None:
        """What is known of the link and the farms was of that session."""
        self.connectivity = Connectivity()
        self.farms.tell()

    def farm_broken(self, farm: str) -> bool:
        """Whether a farm is broken, by the name in its alert."""
        return self.connectivity.is_broken("" if farm == _NAMELESS else farm)

    def noticed(self, notice: events.Notice) -> None:
        """Take one notice."""
        # Orders placed by hand and bound to this client may have negative ids; TWS's own "no id" is -1.
        if notice.code in SYSTEM_CODES or notice.id == -1 or (notice.id < 0 and not self._orders.has(notice.id)):
            self._system(notice)
            return
        if codes.fails_request(notice.code) and self._asker.refuse(notice.id, notice.code, notice.text):
            return
        if any(take(notice) for take in self._others):
            return
        for books in self._books:
            subscription = books.noticed(notice)
            if subscription is not None and subscription.owner is not None:
                self._acks.error(subscription.owner, notice.code, notice.text, **notice.more)
                return
        mine = self._orders.noticed(notice)
        if self._followups.noticed(notice):
            return
        if mine:
            # An order of ours, but of no command of this life.
            self._acks.message(notice.code, notice.text, **notice.more)
            return
        if not self._account.noticed(notice) and notice.code not in codes.LATE_CANCEL_ECHOES:
            self._acks.message(notice.code, notice.text, **notice.more)

    def _system(self, notice: events.Notice) -> None:
        self._acks.message(notice.code, notice.text, **notice.more)
        if notice.code in codes.ACCOUNT_DATA_ENDED:
            self._account.unsubscribed(notice)
        change = self.connectivity.notice(notice.code, notice.text)
        if notice.code == codes.TOO_FAST:
            self.log.error("TWS at {address} says {code}: {text}", address=self._address, code=notice.code, text=notice.text)
            self._alerts.hit("message-rate", notice.text)
        if change in _FARMS or change in _READY:
            farm = farm_of(notice.text) or _NAMELESS
            self._alerts.changed("farm", farm, self.farm_broken(farm), f"{notice.code} {notice.text}")
        if change is None or change in _READY:
            self.log.debug("TWS at {address} says {code}: {text}", address=self._address, code=notice.code, text=notice.text)
        elif change in _FARMS:
            self.farms.changed(farm_of(notice.text), notice.code, _FARMS[change])
        else:
            self.log.info(
                "TWS at {address}: {change} ({code}: {text})",
                address=self._address,
                change=change.value,
                code=notice.code,
                text=notice.text,
            )
        if change is not None:
            self._connectivity_changed(change)


class Bulletins:
    """IB's bulletins on ACK, each once; TWS repeats the day's in every session. MOST numbers are remembered."""

    MOST = 1000

    def __init__(self, acks: AckChannel) -> None:
        self._acks = acks
        self._told: dict[int, None] = {}

    def link_up(self, client: TWSClient) -> None:
        """Ask for them. Without room for one more message there are none in this session."""
        with suppress(PacingFull):
            client.subscribe_bulletins()

    def link_down(self, session_lost: bool) -> None:
        """They end with the session."""

    def redis_up(self) -> None:
        """Nothing of them is kept."""

    def told(self, event: events.Bulletin) -> None:
        """One, perhaps again."""
        if event.number in self._told:
            return
        self._told[event.number] = None
        if len(self._told) > self.MOST:
            del self._told[next(iter(self._told))]
        self._acks.bulletin(event.number, event.kind, event.exchange, event.text)

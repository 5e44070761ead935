"""The wanted books of one kind: what TWS is asked, and what is done when it goes wrong. The states are told in `subscription`.

Without a session, or with TWS's link to IB down, no book has a feed, and every one has been emptied.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.channels import Channels
from ibgw_tx.books.lots import size_factor
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.books.shell.requests import Requests
from ibgw_tx.books.stale import StaleFeeds, Tell
from ibgw_tx.books.subscription import FARM_GRACE, Subscription
from ibgw_tx.commands.message import Command
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.model import errors, events, figures
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.departures import Departures

MAX_BOOKS = 1000

#: ms until a suspended book is asked for again.
SUSPENSION = 60_000
#: ms between two requests because of 316 (halted).
HALT_PAUSE = 10_000

_DATA_TYPES = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}


class Subscriptions:
    """Carries the wanted books of one kind to TWS.

    `steady_ms` is a clock that never jumps; `keep` and `drop` note them on Redis.
    """

    log = Logger()

    def __init__(
        self,
        requests: Requests,
        channels: Channels,
        publisher: BookPublisher,
        asker: Asker,
        steady_ms: Callable[[], int],
        keep: Callable[[str, Subscription], None],
        drop: Callable[[str, Subscription], None],
        alert: Tell = lambda feed, on, why: None,
    ) -> None:
        """`alert` is told of feeds that do not speak, and when they do again."""
        #: By `Subscription.name`.
        self.wanted: dict[str, Subscription] = {}
        self.kind = requests.kind
        self._requests = requests
        self._channels = channels
        self._publisher = publisher
        self._asker = asker
        self._steady_ms = steady_ms
        self._keep, self._drop = keep, drop
        self._client: TWSClient | None = None
        self._linked = False
        self._outage = False
        self._by_request: dict[int, Subscription] = {}
        self._stale = StaleFeeds(requests.kind, alert)
        self.departures = Departures(asker, steady_ms, self._take_back)

    # Wanting.

    def subscribe(self, known: KnownContract, owner: Command) -> Subscription:
        """SUB_…: want a book; asking again sends nothing to TWS unless it was refused.

        Raises CommandError: `ambiguous_contract` when another contract has the channel, `limit` for too many books.
        """
        subscription = self._new(known.contract, figures.number_or_none(known.details.get("mdSizeMultiplier")), owner)
        channel = subscription.feed.channel
        if channel.feeds and channel.con_id != known.contract.conId:
            text = f"{channel.name} carries the book of conId {channel.con_id} already"
            raise CommandError(errors.AMBIGUOUS_CONTRACT, text)
        there = self.wanted.get(subscription.name)
        if there is not None:
            return self._asked_again(there, owner)
        if len(self.wanted) >= MAX_BOOKS:
            raise CommandError(errors.LIMIT, f"{MAX_BOOKS} books are subscribed already")
        self._want(subscription)
        self._keep(self.kind, subscription)
        self._ask(subscription)
        return subscription

    def _new(self, contract: Contract, lots: float | None, owner: Command | None) -> Subscription:
        return Subscription(self._requests.new_feed(self._channels.open(contract)), contract, lots, owner)

    def _want(self, subscription: Subscription) -> None:
        self.wanted[subscription.name] = subscription
        self._channels.join(subscription.feed, subscription.contract.conId)

    def _asked_again(self, there: Subscription, owner: Command) -> Subscription:
        if there.refused or there.owner is None:
            there.owner = owner
        if there.refused:
            self._ask(there)
        return there

    def restore(self, contract: Contract, lots: float | None) -> None:
        """Want a book again that was wanted before a restart of the gateway."""
        subscription = self._new(contract, lots, None)
        if subscription.name not in self.wanted:
            self._want(subscription)
            subscription.sent = True
            # What stands in Redis is of the gateway's former life.
            self._channels.owe(subscription.feed.channel)
            self._ask(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """UNSUB_…: whoever is next speaks, or the empty book goes out and then its key; nobody is told anything more."""
        self._end_request(subscription)
        del self.wanted[subscription.name]
        self._stale.ends(subscription, "it is not subscribed any more")
        self._channels.leave(subscription.feed)
        self._publisher.flush()
        self._publisher.flush_keys()
        self._drop(self.kind, subscription)
        self.departures.taken_away(subscription)
        self._retry_refused()

    def _take_back(self, subscription: Subscription) -> None:
        """Its command was refused before TWS was asked."""
        if self.wanted.get(subscription.name) is subscription:
            self.unsubscribe(subscription)

    def sent(self, req_id: int) -> None:
        """A message that waited for TWS's message rate has left."""
        self.departures.sent(req_id, self._by_request.get(req_id))

    # The link.

    def link_up(self, client: TWSClient) -> None:
        """A session is ready, or TWS has its link to IB again: ask for every wanted book, from nothing."""
        self._client, self._linked = client, True
        for subscription in self.wanted.values():
            self._ask(subscription)

    def link_down(self, session_lost: bool) -> None:
        """No book can be trusted. Requests are gone with their session; else they are cancelled when the link is back."""
        self._linked = False
        for subscription in self.wanted.values():
            self._requests.feeds.end(subscription.feed)
            self._requests.ended(subscription)
        if session_lost:
            self._client = None
            self._outage = False
            self._by_request.clear()
            for subscription in self.wanted.values():
                subscription.req_id = None
        self.departures.link_down(session_lost)

    def farms_changed(self, farm_broken: bool, outage: bool) -> None:
        """A market-data farm broke: every book is rebuilt from nothing (others fill at once). One is OK: look again soon.

        `outage` says whether any of them is broken now.
        """
        self._outage = outage
        for subscription in self.wanted.values():
            if not farm_broken:
                subscription.farm_back(self._steady_ms())
            elif not subscription.refused:
                self._ask(subscription)

    def _ask(self, subscription: Subscription) -> None:
        """Ask TWS for the book, from nothing; without a link this waits for the next one."""
        self._end_request(subscription)
        subscription.refused = 0
        if self._client is None or not self._linked:
            return
        req_id, now, feed = self._asker.next_id(), self._steady_ms(), subscription.feed
        # Before it is sent: a request that cannot be encoded is refused (579) on the spot.
        subscription.asked(req_id, now, self._outage)
        self._by_request[req_id] = subscription
        feed.factor = size_factor(subscription.contract, subscription.lots, self._client.server_version)
        self._requests.feeds.start(feed, req_id)
        try:
            self._requests.send(self._client, req_id, subscription)
            self.departures.asked(subscription)
        except PacingFull as error:
            self.log.warn("{channel} will be asked for later: {error}", channel=subscription.name, error=str(error))
            self._not_asked(subscription, error)
            subscription.again_at = now + FARM_GRACE
        except Exception as error:
            # One that cannot be asked holds no other back.
            self.log.failure("{channel} could not be asked for, it is tried again", channel=subscription.name)
            self._not_asked(subscription, error)
            subscription.again_at = now + subscription.patience

    def _not_asked(self, subscription: Subscription, error: Exception) -> None:
        self._end_request(subscription, cancel=False)
        self.departures.not_asked(subscription, error)

    def _end_request(self, subscription: Subscription, cancel: bool = True) -> None:
        req_id, subscription.req_id = subscription.req_id, None
        self._requests.feeds.end(subscription.feed)
        self._requests.ended(subscription)
        if req_id is None:
            return
        del self._by_request[req_id]
        if cancel and self._client is not None:
            self._requests.cancel(self._client, req_id, subscription)

    def _retry_refused(self) -> None:
        """A place is free: the first book that found none takes it."""
        for subscription in self.wanted.values():
            if subscription.refused == codes.DEPTH_LIMIT:
                self._ask(subscription)
                return

    # What TWS says about a request.

    def fed_by(self, req_id: int) -> Subscription | None:
        """The subscription whose feed a request is."""
        subscription = self._by_request.get(req_id)
        return subscription if subscription is not None and subscription.feed.req_id == req_id else None

    def noticed(self, notice: events.Notice) -> Subscription | None:
        """Take a notice that belongs to one of the requests in; gives the subscription, None when it belongs to none."""
        subscription = self._by_request.get(notice.id)
        if subscription is None:
            return None
        if notice.code == codes.DEPTH_RESET:
            self._channels.distrust(subscription.feed)
        elif notice.code == codes.DEPTH_HALTED:
            self._refuse(subscription, notice, self._steady_ms() + HALT_PAUSE)
        elif notice.code == codes.COMPETING_SESSION:
            self._refuse(subscription, notice, self._steady_ms() + SUSPENSION)
        elif notice.code in self._requests.doubtful:
            self._doubt(subscription, notice)
        elif notice.code in codes.SUBSCRIPTION_REFUSED:
            self._refuse(subscription, notice, None)
        return subscription

    def _refuse(self, subscription: Subscription, notice: events.Notice, again_at: int | None) -> None:
        self.log.warn(
            "no {what} {channel}: TWS at {address} says {code} {text}",
            address=self._asker.address,
            what=self._requests.what,
            channel=subscription.name,
            code=notice.code,
            text=notice.text,
        )
        # Only a competing session leaves the request alive at TWS.
        self._end_request(subscription, cancel=notice.code == codes.COMPETING_SESSION)
        subscription.refuse(notice.code, again_at, self._steady_ms(), self._outage)
        self._stale.begins(subscription, f"{notice.code} {notice.text}")

    def _doubt(self, subscription: Subscription, notice: events.Notice) -> None:
        """TWS has not all that was asked for; what ticks goes on."""
        self.log.warn(
            "{channel}: TWS at {address} says {code} {text}",
            channel=subscription.name,
            address=self._asker.address,
            code=notice.code,
            text=notice.text,
        )
        if not subscription.feed.rows:
            subscription.refuse(notice.code, None, self._steady_ms(), self._outage)

    def data_type(self, event: events.DataType) -> None:
        """What kind of data a request gets; anything but live is worth a line."""
        subscription = self._by_request.get(event.req_id)
        if subscription is not None and event.kind != 1:
            kind = _DATA_TYPES.get(event.kind, str(event.kind))
            self.log.warn("{channel}: its data is {kind}", channel=subscription.name, kind=kind)

    # The check that runs beside, once a second.

    def tend(self) -> None:
        """Rebuild senseless books, ask again where no row came."""
        now = self._steady_ms()
        self.departures.check()
        for subscription in list(self.wanted.values()):
            feed = subscription.feed
            if feed.is_senseless(now):
                self.log.warn("book {channel} has made no sense for too long; asking for it anew", channel=subscription.name)
                self._stale.begins(subscription, "it has made no sense for too long")
                feed.rebuild(now)
                self._ask(subscription)
            feed.settle(now)
            self._stale.look(subscription)
            if subscription.req_id is not None and self._asker.is_waiting(subscription.req_id):
                # Its rows are waited for from when TWS has been asked.
                subscription.again_at = now + subscription.patience
            elif subscription.is_due(now) and self._linked:
                self.log.debug("no row for {channel}; asking again", channel=subscription.name)
                if not self._outage:
                    self._stale.begins(subscription, "no row has come for too long")
                self._ask(subscription)

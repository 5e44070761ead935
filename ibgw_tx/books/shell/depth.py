"""Depth subscriptions: what is wanted, what TWS has been asked for, and what is done when it goes wrong.

A book is wanted from SUB_ODBK to UNSUB_ODBK, through reconnects and restarts (the set is kept in Redis). While a session is
up each wanted book is in one of these states:

* asked: TWS has a request for it, rows may come; a book that gets none is asked for again, ever more rarely;
* refused: TWS said a code that ends the request (309 and others). The bot is told; asking again asks TWS again, and so does
  the next session, or a place that another UNSUB_ODBK gives back (309);
* suspended: the request is dead for now (10197, a competing session); asked for again by itself after a minute.

Without a session, or with TWS's link to IB down, no book has a request, and every one has been emptied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.books.lots import size_factor
from ibgw_tx.books.shelf import BookShelf
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.books.subscription import NO_ROWS_LIMIT, Subscription
from ibgw_tx.commands.message import Command
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.model import errors, events
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.shell.asker import Asker

NUM_ROWS = 10
MAX_BOOKS = 1000

NO_ROWS_LIMIT_MAX = 600_000
#: ms after a farm's OK in which rows have to come; asked too early there may be no answer at all (tws-facts 1.2).
FARM_GRACE = 5_000
#: ms until a suspended book is asked for again.
SUSPENSION = 60_000
#: ms between two requests because of 316 (halted).
HALT_PAUSE = 10_000




class DepthDesk:
    """Carries the wanted books to TWS. `tell_owner(command, code, text)` reports what TWS says about one."""

    log = Logger()
    KIND = subscriptions.DEPTH

    def __init__(
        self,
        shelf: BookShelf,
        publisher: BookPublisher,
        asker: Asker,
        steady_ms: Callable[[], int],
        keep: Callable[[str, Subscription], None],
        drop: Callable[[str, Subscription], None],
    ) -> None:
        self.wanted: dict[str, Subscription] = {}
        self._shelf = shelf
        self._publisher = publisher
        self._asker = asker
        self._steady_ms = steady_ms
        self._keep, self._drop = keep, drop
        self._client: TWSClient | None = None
        self._linked = False
        self._by_request: dict[int, Subscription] = {}
        #: Called with a channel that is no longer ours.
        self.left: Callable[[str], None] = lambda channel: None

    # Wanting.

    def subscribe(self, known: KnownContract, owner: Command) -> Subscription:
        """SUB_ODBK: want a book; asking again sends nothing to TWS unless it was refused.

        Raises CommandError: `ambiguous_contract` when another contract has the channel, `limit` for too many books.
        """
        subscription = self._new(known.contract, known.details.get("mdSizeMultiplier"), owner)
        there = self.wanted.get(subscription.book.channel)
        if there is not None:
            return self._asked_again(there, subscription)
        if len(self.wanted) >= MAX_BOOKS:
            raise CommandError(errors.LIMIT, f"{MAX_BOOKS} books are subscribed already")
        self._want(subscription)
        self._keep(self.KIND, subscription)
        self._ask(subscription)
        return subscription

    def _new(self, contract: Contract, md_size_multiplier: Any, owner: Command | None) -> Subscription:
        book = LiveBook(contract, size_factor(contract, md_size_multiplier), NUM_ROWS)
        return Subscription(book, contract, owner)

    def _want(self, subscription: Subscription) -> None:
        self.wanted[subscription.book.channel] = subscription
        self._shelf.add(subscription.book)

    def _asked_again(self, there: Subscription, asked: Subscription) -> Subscription:
        if there.contract.conId != asked.contract.conId:
            text = f"{there.book.channel} carries the book of conId {there.contract.conId} already"
            raise CommandError(errors.AMBIGUOUS_CONTRACT, text)
        if there.refused or there.owner is None:
            there.owner = asked.owner
        if there.refused:
            self._ask(there)
        return there

    def restore(self, contract: Contract, factor: float) -> None:
        """Want a book again that was wanted before a restart of the gateway."""
        subscription = self._new(contract, None, None)
        subscription.book.factor = factor
        if subscription.book.channel not in self.wanted:
            self._want(subscription)
            # What stands in Redis is of the gateway's former life.
            self._shelf.touch(subscription.book)
            self._ask(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """UNSUB_ODBK: the empty book goes out, then its key goes, and nobody is told anything more."""
        self._end_request(subscription)
        book = subscription.book
        self._shelf.distrust(book)
        self._publisher.flush()
        self._shelf.remove(book)
        if not self._shelf.is_silent(book):
            self._publisher.forget(book)
        del self.wanted[book.channel]
        self._drop(self.KIND, subscription)
        self.left(book.channel)
        self._retry_refused()

    def retell(self, channel: str) -> None:
        """Whoever spoke on this channel before us has left: ours goes out if there is one."""
        if channel in self.wanted:
            self._shelf.retell(self.wanted[channel].book)
            self._publisher.flush()

    # The link.

    def link_up(self, client: TWSClient) -> None:
        """A session is ready, or TWS has its link to IB again: ask for every wanted book, from nothing."""
        self._client, self._linked = client, True
        for subscription in self.wanted.values():
            self._ask(subscription)

    def link_down(self, session_lost: bool) -> None:
        """No book can be trusted. Requests are gone with their session; else they are cancelled when the link is back."""
        self._linked = False
        self._shelf.distrust_all()
        if session_lost:
            self._client = None
            self._by_request.clear()
            for subscription in self.wanted.values():
                subscription.req_id = None

    def farms_changed(self, farm_broken: bool) -> None:
        """A farm broke: rebuild every book from nothing (those of other farms fill at once). One is OK: look again soon."""
        for subscription in self.wanted.values():
            if subscription.refused:
                continue
            if farm_broken:
                self._ask(subscription)
            elif subscription.req_id is not None and not subscription.book.rows:
                soon = self._steady_ms() + FARM_GRACE
                subscription.again_at = min(subscription.again_at or soon, soon)

    def _ask(self, subscription: Subscription) -> None:
        """Ask TWS for the book, from nothing; without a link this waits for the next one."""
        self._end_request(subscription)
        self._shelf.distrust(subscription.book)
        subscription.refused = 0
        if self._client is None or not self._linked:
            return
        req_id = self._asker.next_id()
        # Before it is sent: a request that cannot be encoded is refused (579) on the spot.
        subscription.req_id = req_id
        self._by_request[req_id] = subscription
        self._shelf.feed(subscription.book, req_id)
        subscription.again_at = self._steady_ms() + subscription.patience
        try:
            self._send(self._client, req_id, subscription)
        except PacingFull as error:
            self.log.warn("{channel} will be asked for later: {error}", channel=subscription.book.channel, error=str(error))
            self._end_request(subscription, cancel=False)
            subscription.again_at = self._steady_ms() + FARM_GRACE

    def _send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.subscribe_depth(req_id, subscription.contract, NUM_ROWS, subscription.smart)

    def _send_cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_depth(req_id, subscription.smart)

    def _end_request(self, subscription: Subscription, cancel: bool = True) -> None:
        req_id, subscription.req_id = subscription.req_id, None
        self._shelf.unfeed(subscription.book)
        if req_id is None:
            return
        del self._by_request[req_id]
        if cancel and self._client is not None:
            self._send_cancel(self._client, req_id, subscription)

    def _retry_refused(self) -> None:
        """A place is free: the first book that found none takes it."""
        for subscription in self.wanted.values():
            if subscription.refused == codes.DEPTH_LIMIT:
                self._ask(subscription)
                return

    # What TWS says about a request.

    def noticed(self, notice: events.Notice) -> Subscription | None:
        """Take a notice that belongs to a depth request in; gives the subscription, None when it belongs to none."""
        subscription = self._by_request.get(notice.id)
        if subscription is None:
            return None
        if notice.code == codes.DEPTH_RESET:
            self._shelf.distrust(subscription.book)
        elif notice.code == codes.DEPTH_HALTED:
            self._refuse(subscription, notice, self._steady_ms() + HALT_PAUSE)
        elif notice.code == codes.COMPETING_SESSION:
            self._refuse(subscription, notice, self._steady_ms() + SUSPENSION)
        elif notice.code in codes.SUBSCRIPTION_REFUSED:
            self._refuse(subscription, notice, 0)
        return subscription

    def _refuse(self, subscription: Subscription, notice: events.Notice, again_at: int) -> None:
        channel = subscription.book.channel
        self.log.warn("no book {channel}: TWS says {code} {text}", channel=channel, code=notice.code, text=notice.text)
        # Only a competing session leaves the request alive at TWS.
        self._end_request(subscription, cancel=notice.code == codes.COMPETING_SESSION)
        self._shelf.distrust(subscription.book)
        subscription.refused = notice.code
        subscription.again_at = again_at

    # The check that runs beside, once a second.

    def tend(self, feed_is_alive: bool) -> None:
        """Publish quiet books again, rebuild senseless ones, ask again where no row came."""
        now = self._steady_ms()
        if feed_is_alive:
            self._shelf.touch_quiet(now)
        for book in self._shelf.take_senseless(now):
            self.log.warn("book {channel} has made no sense for too long; asking for it anew", channel=book.channel)
            self._ask(self.wanted[book.channel])
        for subscription in self.wanted.values():
            self._tend_rowless(subscription, now)

    def _tend_rowless(self, subscription: Subscription, now: int) -> None:
        if subscription.book.rows:
            subscription.patience, subscription.again_at = NO_ROWS_LIMIT, 0
        elif subscription.req_id is not None and self._asker.is_waiting(subscription.req_id):
            # Its rows are waited for from when TWS has been asked.
            subscription.again_at = now + subscription.patience
        elif not subscription.again_at:
            if not subscription.refused:
                subscription.again_at = now + subscription.patience
        elif self._linked and now >= subscription.again_at:
            if not subscription.refused:
                subscription.patience = min(subscription.patience * 2, NO_ROWS_LIMIT_MAX)
            self.log.debug("no row for {channel}; asking again", channel=subscription.book.channel)
            self._ask(subscription)

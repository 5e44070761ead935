"""One published book: its rows, its names, when it may go out and when it can no longer be trusted. Pure; times in ms.

The life of a book's trust, checked by `BookShelf` (shelf.py):

* fresh: rows arrive and make a valid book; it is published after each change, and again when quiet;
* unsettled: the rows make no valid book (crossed, out of order); nothing goes out, nothing is refreshed; `unsettled_since`
  says from when, and after UNSETTLED_LIMIT it is emptied and asked for anew;
* emptied: said once as `[[],[],t]`; rebuilt from nothing by rows that follow.
"""

from __future__ import annotations

from ibgw_tx.books.order_book import OrderBook
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract, exchange_of, pair_of
from ibgw_tx.model.moment import steady

#: ms a book may make no sense before it is emptied and subscribed anew (section 6).
UNSETTLED_LIMIT = 5_000
#: The wait doubles each time the book comes back senseless, up to this (an auction can last).
UNSETTLED_LIMIT_MAX = 60_000
#: ms after which a quiet book is published again; the rule is 10 s, the check runs once a second.
QUIET_LIMIT = 8_500
#: Rows for places the book does not have, after which it is asked for anew.
GAP_LIMIT = 3







class LiveBook:
    """A book under its channel. `req_id` is the TWS request that feeds it now, None while there is none."""

    def __init__(self, contract: Contract, factor: float, num_rows: int = 10) -> None:
        self.contract = contract
        self.factor = factor
        self.exchange = exchange_of(contract)
        self.pair = pair_of(contract)
        self.channel = names.book_channel(self.exchange, self.pair)
        self.key = names.book_key(self.exchange, self.pair)
        self.rows = OrderBook(num_rows)
        self.req_id: int | None = None
        self.dirty = False
        self.empty_to_tell = False
        self.told = b""
        self.told_at = 0
        self.unsettled_since: int | None = None
        self.unsettled_limit = UNSETTLED_LIMIT
        #: When it was last asked for anew because it made no sense.
        self.rebuilt_at = -UNSETTLED_LIMIT_MAX

    def message(self, now: int) -> bytes | None:
        """What to publish now, `[bids, asks, t]`; None while the rows make no valid book. Notes what it gave."""
        texts = self.rows.texts(self.factor)
        if texts is None:
            if self.unsettled_since is None:
                self.unsettled_since = steady(now)
            return self._tell(b"[]", b"[]", now) if self.empty_to_tell else None
        self.unsettled_since = None
        return self._tell(*texts, now)

    def _tell(self, bids: bytes, asks: bytes, now: int) -> bytes:
        self.empty_to_tell = False
        self.told = b"[%b,%b,%d]" % (bids, asks, now)
        self.told_at = steady(now)
        return self.told

    def distrust(self) -> bool:
        """Forget the rows; says whether an emptied book has to go out (not when it was empty already)."""
        had = bool(self.rows) or self.unsettled_since is not None or not self.told.startswith(b"[[],[],")
        self.rows.clear()
        self.unsettled_since = None
        self.empty_to_tell = self.empty_to_tell or (had and self.told != b"")
        return self.empty_to_tell

    def is_unsettled_too_long(self, now: int) -> bool:
        """Whether the book has made no sense for its limit (section 6: 5 s), or rows were missing too often.

        Missing rows rebuild a book at most once in its limit: a TWS that always sends some must not have it empty for ever.
        """
        if self.unsettled_since is not None and steady(now) - self.unsettled_since >= self.unsettled_limit:
            return True
        return self.rows.gaps >= GAP_LIMIT and steady(now) - self.rebuilt_at >= self.unsettled_limit

    def is_quiet(self, now: int) -> bool:
        """Whether it is time to publish the unchanged book again."""
        return bool(self.rows) and self.unsettled_since is None and steady(now) - self.told_at >= QUIET_LIMIT

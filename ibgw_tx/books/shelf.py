"""All live books: rows in, messages out, and the checks that run beside. Pure; times in ms.

The hot path is `depth` and `depth_l2`: MARKET_DEPTH (12) and MARKET_DEPTH_L2 (13) straight from the frame's fields, without
ibapi's per-field logging (tests hold both decoders equal). A changed book is marked dirty once; `take_messages` empties the
mark at the end of the same read. While Redis cannot take more the marks simply stay: that is all the back-pressure, and
memory is bounded by the number of books.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from ibgw_tx.books.live_book import UNSETTLED_LIMIT, UNSETTLED_LIMIT_MAX, LiveBook
from ibgw_tx.books.order_book import DELETE
from ibgw_tx.model.moment import steady

#: Texts of the few small whole numbers on this path; a text not here is a broken message (KeyError).
_POSITION = {b"%d" % number: number for number in range(500)}
_OPERATION = {b"0": 0, b"1": 1, b"2": 2}
_SIDE = {b"0": 0, b"1": 1}


class BookShelf:
    """The books by channel and by the request that feeds them.

    A shelf may stand below another (`above`): where that one has a book under the same channel, ours is silent.
    Counts what it leaves out: `strays` are rows of requests that have ended (late, harmless).
    """

    def __init__(self, above: BookShelf | None = None) -> None:
        self.books: dict[str, LiveBook] = {}
        self._above = above
        self.strays = 0
        self.updates = 0
        self.by_request: dict[bytes, LiveBook] = {}
        self._dirty: list[LiveBook] = []
        self._stale_keys: dict[str, LiveBook] = {}

    # What is on the shelf.

    def add(self, book: LiveBook) -> None:
        """Put a book under its channel."""
        self.books[book.channel] = book

    def remove(self, book: LiveBook) -> None:
        """Take a book away, with the request that fed it."""
        self.books.pop(book.channel, None)
        self._stale_keys.pop(book.channel, None)
        self.unfeed(book)

    def feed(self, book: LiveBook, req_id: int) -> None:
        """From now on the rows of `req_id` are this book's, starting from nothing."""
        self.unfeed(book)
        book.req_id = req_id
        self.by_request[b"%d" % req_id] = book
        self.distrust(book)

    def unfeed(self, book: LiveBook) -> None:
        """Rows of the book's request are strays from now on."""
        if book.req_id is not None:
            self.by_request.pop(b"%d" % book.req_id, None)
            book.req_id = None

    def fed_by(self, req_id: int) -> LiveBook | None:
        """The book that a request feeds."""
        return self.by_request.get(b"%d" % req_id)

    # The hot path: KeyError, IndexError or ValueError tell a broken message, which changes nothing. A deleted row's price
    # and size say nothing and may be missing.

    def depth(self, fields: list[bytes]) -> None:
        """MARKET_DEPTH: 12, version, reqId, position, operation, side, price, size."""
        book = self.by_request.get(fields[2])
        if book is None:
            self.strays += 1
            return
        self.updates += 1
        operation, size = _OPERATION[fields[4]], fields[7]
        if operation == DELETE:
            changed = book.rows.apply(DELETE, _SIDE[fields[5]], _POSITION[fields[3]], 0, 0)
        else:
            changed = book.rows.apply(
                operation,
                _SIDE[fields[5]],
                _POSITION[fields[3]],
                float(fields[6]),
                int(size) if size.isdigit() else _size(size),
            )
        if changed and not book.dirty:
            book.dirty = True
            self._dirty.append(book)

    def depth_l2(self, fields: list[bytes]) -> None:
        """MARKET_DEPTH_L2: 13, version, reqId, position, marketMaker, operation, side, price, size, isSmartDepth."""
        book = self.by_request.get(fields[2])
        if book is None:
            self.strays += 1
            return
        self.updates += 1
        book.rows.merged = True
        operation, size = _OPERATION[fields[5]], fields[8]
        if operation == DELETE:
            changed = book.rows.apply(DELETE, _SIDE[fields[6]], _POSITION[fields[3]], 0, 0)
        else:
            changed = book.rows.apply(
                operation,
                _SIDE[fields[6]],
                _POSITION[fields[3]],
                float(fields[7]),
                int(size) if size.isdigit() else _size(size),
            )
        if changed and not book.dirty:
            book.dirty = True
            self._dirty.append(book)

    # What goes out.

    @property
    def has_news(self) -> bool:
        """Whether any book waits to be published."""
        return bool(self._dirty)

    def take_messages(self, now: int) -> Iterator[tuple[LiveBook, bytes]]:
        """(book, message) of every dirty book that is valid now; the marks are taken off."""
        dirty, self._dirty = self._dirty, []
        for book in dirty:
            book.dirty = False
            if self.is_silent(book):
                continue
            message = book.message(now)
            if message is not None:
                self._stale_keys[book.channel] = book
                yield book, message

    def take_stale_keys(self) -> Iterable[LiveBook]:
        """Books whose `:orderbook` key is older than their last message."""
        stale, self._stale_keys = self._stale_keys, {}
        return stale.values()

    def is_silent(self, book: LiveBook) -> bool:
        """Whether the shelf above speaks for this channel."""
        return self._above is not None and book.channel in self._above.books

    def touch(self, book: LiveBook) -> None:
        """Have the book published at the next turn."""
        if not book.dirty:
            book.dirty = True
            self._dirty.append(book)

    def distrust(self, book: LiveBook) -> None:
        """Empty the book; the empty book goes out once."""
        if book.distrust():
            self.touch(book)

    def distrust_all(self) -> None:
        """The link is lost: no book can be trusted, no request feeds any."""
        for book in self.books.values():
            self.unfeed(book)
            self.distrust(book)

    def retell_all(self) -> None:
        """Redis is back (perhaps empty): every book that has been told goes out again."""
        for book in self.books.values():
            if book.told:
                self.retell(book)

    def retell(self, book: LiveBook) -> None:
        """Have a book published again, whatever was said before."""
        book.empty_to_tell = book.empty_to_tell or not book.rows
        self.touch(book)

    # The checks that run beside, once a second.

    def touch_quiet(self, now: int) -> None:
        """Publish again what has been quiet; call it only while the feed is known to be alive."""
        for book in self.books.values():
            if book.is_quiet(now):
                self.touch(book)

    def take_senseless(self, now: int) -> list[LiveBook]:
        """Books that have made no sense for too long: emptied here, to be subscribed anew by the caller.

        A book that comes back senseless each time waits twice as long, up to a minute; one that settles starts afresh.
        """
        senseless = []
        for book in self.books.values():
            if book.is_unsettled_too_long(now):
                book.unsettled_limit = min(book.unsettled_limit * 2, UNSETTLED_LIMIT_MAX)
                book.rebuilt_at = steady(now)
                self.distrust(book)
                senseless.append(book)
            elif book.rows and book.unsettled_since is None and steady(now) - book.told_at < UNSETTLED_LIMIT:
                book.unsettled_limit = UNSETTLED_LIMIT
        return senseless


def _size(text: bytes) -> float:
    """A size that is not a plain whole number ("1.0", "0.5", "-1"); ValueError for one that is no number."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"a size of {text!r}")
    return value

"""Books to Redis: one pipelined write per turn, newest state only.

At the end of each read from TWS every book that changed is published once, without added delay. When Redis cannot take more
(or is away) the books stay marked and only their newest state is written once there is room: that is the whole
back-pressure, and memory is bounded by the number of books. The `:orderbook` keys follow ten times a second.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.live_book import LiveBook
from ibgw_tx.books.shelf import BookShelf
from ibgw_tx.books.top_shelf import TopShelf
from ibgw_tx.redis.resp import delete_command, publish_command, set_command
from ibgw_tx.redis.shell.link import RedisLink

#: Seconds between two writes of a book's `:orderbook` key.
KEY_INTERVAL = 0.1


class BookPublisher:
    """Empties the shelves' marks into Redis, and the trades. `now_ms` is the clock."""

    def __init__(self, shelf: BookShelf, tops: TopShelf, redis: RedisLink, now_ms: Callable[[], int]) -> None:
        self.published = 0
        self._leaving: dict[str, None] = {}
        self._shelf = shelf
        self._tops = tops
        self._redis = redis
        self._now_ms = now_ms
        redis.on_books_up = self.books_up
        redis.on_room = self.flush

    def books_up(self) -> None:
        """Redis can take books (again): everything that is known goes out."""
        self._shelf.retell_all()
        self._tops.retell_all()
        self.flush()

    def flush(self) -> None:
        """Publish every marked book, if there is room."""
        shelf, tops, wire = self._shelf, self._tops, self._redis.books
        if not (shelf.has_news or tops.has_news) or wire is None or not wire.has_room:
            return
        now = self._now_ms()
        batch = [publish_command(book.channel, message) for book, message in shelf.take_messages(now)]
        if tops.has_news:
            batch += [publish_command(channel, message) for channel, message in tops.take_trades(now)]
            batch += [publish_command(book.channel, message) for book, message in tops.take_messages(now)]
        if batch:
            self.published += len(batch)
            wire.send(b"".join(batch), len(batch))

    def flush_keys(self) -> None:
        """Bring the `:orderbook` keys up to the last messages."""
        wire = self._redis.books
        if wire is None or not wire.has_room:
            return
        batch = [delete_command(key) for key in self._leaving]
        stale = (*self._tops.take_stale_keys(), *self._shelf.take_stale_keys())
        batch += [set_command(book.key, book.told) for book in stale]
        self._leaving.clear()
        if batch:
            wire.send(b"".join(batch), len(batch))

    def forget(self, book: LiveBook) -> None:
        """The book is no longer subscribed: its key goes, on the connection that wrote it."""
        self._leaving[book.key] = None
        self.flush_keys()







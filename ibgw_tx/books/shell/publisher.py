"""Books to Redis: one pipelined write per turn, newest state only.

At the end of each read from TWS every channel that changed is said once, without added delay. When Redis cannot take more
(or is away) the channels stay marked and only their newest state is written once there is room: that is the whole
back-pressure, and memory is bounded by the number of channels. The `:orderbook` keys follow ten times a second.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.books.channels import Channels
from ibgw_tx.books.hot_top import HotTop
from ibgw_tx.redis.resp import delete_command, publish_command, set_command
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Seconds between two writes of a book's `:orderbook` key.
KEY_INTERVAL = 0.1


class BookPublisher:
    """Empties the channels' marks into Redis, and the trades.

    `now_ms` gives epoch ms, `steady_ms` ms of a clock that never jumps.
    """

    log = Logger()

    def __init__(
        self,
        channels: Channels,
        trades: HotTop,
        redis: RedisLink,
        now_ms: Callable[[], int],
        steady_ms: Callable[[], int],
    ) -> None:
        self.published = 0
        #: Ends of reads from TWS at which changed books had to wait for room: they are told later, with what comes meanwhile.
        self.held_back = 0
        self._channels = channels
        self._trades = trades
        self._redis = redis
        self._now_ms = now_ms
        self._steady_ms = steady_ms
        redis.on_books_up = self.books_up
        redis.on_room = self.flush

    def books_up(self) -> None:
        """Redis can take books (again): everything that is known goes out."""
        self._channels.owe_all()
        self._trades.forget_trades()
        self.flush()

    def flush(self) -> None:
        """Publish every marked channel, if there is room."""
        channels, trades, wire = self._channels, self._trades, self._redis.books
        if not (channels.dirty or trades.trading):
            return
        if wire is None or not wire.has_room:
            self.held_back += 1
            return
        t = self._now_ms()
        messages = channels.take_messages(t, self._steady_ms())
        batch = []
        for channel, message in messages:
            # As publish_with.
            batch.append(b"%b%d\r\n%b\r\n" % (channel.head, len(message), message))
        if trades.trading:
            batch += [publish_command(name, message) for name, message in trades.take_trades(t)]
        if batch:
            self.published += len(batch)
            try:
                wire.send(b"".join(batch), len(batch))
            except Exception:
                channels.not_written(channel for channel, _ in messages)
                raise
        if channels.broken or trades.broken:
            self._say_broken()

    def _say_broken(self) -> None:
        for broken in (self._channels.broken, self._trades.broken):
            for name, error in broken:
                self.log.error("{channel} cannot be told, what it had is dropped: {error!r}", channel=name, error=error)
            broken.clear()

    def refresh_quiet(self) -> None:
        """Once a second, only while TWS is known to be alive: what has been quiet is said again."""
        self._channels.mark_quiet(self._steady_ms())

    def flush_keys(self) -> None:
        """Bring the `:orderbook` keys up to the last messages, and take those away that nobody wants any more."""
        wire = self._redis.books
        if wire is None or not wire.has_room:
            return
        writes, gone = self._channels.take_keys()
        batch = [set_command(key, value) for key, value in writes] + [delete_command(key) for key in gone]
        if batch:
            wire.send(b"".join(batch), len(batch))

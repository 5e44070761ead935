"""All book channels: what waits to be said, what waits to be written, and the checks that run beside. Pure.

A changed channel is marked dirty once; `take_messages` takes the marks off what it has made a message of. While Redis cannot
take more the marks simply stay: that is all the back-pressure, and memory is bounded by the number of channels. A channel whose
message cannot be made is emptied and its feeds are spoilt, so that one bad book holds no other back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ibgw_tx.books.channel import Channel, Feed
from ibgw_tx.model.contract import Contract, exchange_of, pair_of
from ibgw_tx.model.keys import book_channel


class Channels:
    """The channels by name. `broken` names those whose message could not be made, and why; whoever logs it clears it."""

    def __init__(self) -> None:
        self.by_name: dict[str, Channel] = {}
        self.broken: list[tuple[str, Exception]] = []
        #: The marked channels, in the sequence in which they changed.
        self.dirty: list[Channel] = []
        self._stale: list[Channel] = []

    def open(self, contract: Contract) -> Channel:
        """The channel of a contract, made when there is none. Raises BadName."""
        exchange, pair = exchange_of(contract), pair_of(contract)
        name = book_channel(exchange, pair)
        channel = self.by_name.get(name)
        return channel if channel is not None else Channel(exchange, pair)

    def join(self, feed: Feed[Any], con_id: int) -> None:
        """A feed of a contract is wanted under its channel."""
        feed.channel.con_id = con_id
        self.by_name[feed.channel.name] = feed.channel
        feed.channel.join(feed)

    def leave(self, feed: Feed[Any]) -> None:
        """A feed is wanted no more: whoever is next speaks, or the empty book goes out and then the key."""
        self.distrust(feed)
        feed.channel.leave(feed)
        if not feed.channel.feeds:
            self._note_stale(feed.channel)

    # Marks.

    def mark(self, feed: Feed[Any]) -> None:
        """A feed has changed."""
        channel = feed.channel
        if not channel.dirty and (channel.speaker is feed or not channel.is_deaf_to(feed)):
            channel.dirty = True
            self.dirty.append(channel)

    def owe(self, channel: Channel) -> None:
        """Have a channel's last word said again, whatever was said before; until then its key is not to be trusted."""
        channel.owe()
        channel.owed = True
        self._mark(channel)

    @property
    def owed(self) -> bool:
        """Whether any key may hold what was so before a restart, or before Redis went away."""
        return any(channel.owed for channel in self.by_name.values())

    def _mark(self, channel: Channel) -> None:
        if not channel.dirty:
            channel.dirty = True
            self.dirty.append(channel)

    def distrust(self, feed: Feed[Any]) -> None:
        """Empty a feed; when it spoke, the next one or the empty book goes out."""
        feed.clear()
        if feed.channel.lost(feed):
            self._mark(feed.channel)

    def owe_all(self) -> None:
        """Redis is back (perhaps empty): every channel on which anything was said says it again."""
        for channel in self.by_name.values():
            if channel.told:
                self.owe(channel)

    def mark_quiet(self, now: int) -> None:
        """Say again what has been quiet; call it only while TWS is known to be alive."""
        for channel in self.by_name.values():
            if channel.is_quiet(now):
                self._mark(channel)

    # What goes out.

    @property
    def has_news(self) -> bool:
        """Whether any channel waits to be published."""
        return bool(self.dirty)

    def take_messages(self, t: int, now: int) -> list[tuple[Channel, bytes]]:
        """(channel, message) of every marked channel that has something to say now."""
        dirty, self.dirty = self.dirty, []
        messages = []
        for channel in dirty:
            channel.dirty = False
            try:
                message = channel.message(t, now)
            except Exception as error:
                self._spoil(channel, error)
                continue
            if message is not None:
                messages.append((channel, message))
                if not channel.stale:
                    channel.stale = True
                    self._stale.append(channel)
        return messages

    def _spoil(self, channel: Channel, error: Exception) -> None:
        self.broken.append((channel.name, error))
        for feed in channel.feeds:
            feed.spoilt = True
            self.distrust(feed)
        self._mark(channel)

    def _note_stale(self, channel: Channel) -> None:
        if not channel.stale:
            channel.stale = True
            self._stale.append(channel)

    def take_keys(self) -> tuple[list[tuple[str, bytes]], list[str]]:
        """(keys and values to write, keys to delete): older than their channel's last message; of channels that are over."""
        stale, self._stale = self._stale, []
        writes, gone = [], []
        for channel in stale:
            channel.stale = False
            channel.owed = channel.owed and channel.dirty  # its word has not been said
            if channel.is_over:
                self.by_name.pop(channel.name, None)
                gone.append(channel.key)
            elif channel.feeds and channel.told:
                writes.append((channel.key, channel.told))
            elif not channel.feeds:
                self._note_stale(channel)
        return writes, gone

    def not_written(self, channels: Iterable[Channel]) -> None:
        """These messages did not leave: they wait again."""
        for channel in channels:
            self.owe(channel)

    def best(self, contract: Contract) -> tuple[float | None, float | None]:
        """(bid, ask) of the last known book of a contract; None where there is none."""
        channel = self.by_name.get(book_channel(exchange_of(contract), pair_of(contract)))
        return channel.best() if channel is not None else (None, None)

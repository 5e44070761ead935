"""Which feed each of TWS's requests is for: the first look-up of the hot path. Pure."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from ibgw_tx.books.channel import Feed, Rows
from ibgw_tx.books.channels import Channels

R = TypeVar("R", bound=Rows)
R_contra = TypeVar("R_contra", bound=Rows, contravariant=True)


class Watcher(Protocol[R_contra]):
    """Who has to know which feed a request is for, too."""

    def start(self, feed: Feed[R_contra], req_id: int) -> None: ...

    def end(self, req_id: int) -> None: ...


class Feeds(Generic[R]):
    """The feeds of one kind by the request id: as it stands in frames of text, and as a number."""

    def __init__(self, channels: Channels, watcher: Watcher[R] | None = None) -> None:
        self.by_request: dict[bytes, Feed[R]] = {}
        self.by_number: dict[int, Feed[R]] = {}
        self._channels = channels
        self._watcher = watcher

    def start(self, feed: Feed[R], req_id: int) -> None:
        """From now on the rows of `req_id` are this feed's, starting from nothing."""
        self.end(feed)
        feed.req_id = req_id
        self.by_request[b"%d" % req_id] = self.by_number[req_id] = feed
        if self._watcher is not None:
            self._watcher.start(feed, req_id)

    def end(self, feed: Feed[R]) -> None:
        """What still comes for the feed's request is late and harmless, and its rows are nothing any more."""
        if feed.req_id is not None:
            self.by_request.pop(b"%d" % feed.req_id, None)
            self.by_number.pop(feed.req_id, None)
            if self._watcher is not None:
                self._watcher.end(feed.req_id)
            feed.req_id = None
        feed.spoilt = False
        self._channels.distrust(feed)

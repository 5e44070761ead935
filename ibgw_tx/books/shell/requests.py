"""How each kind of book is asked of TWS: depth as rows, level 1 as a market-data line. What is alike is in `subscriptions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ibgw_tx.books.channel import DEPTH_RANK, ODD_LOT_RANK, TICK_RANK, TOP_RANK, Channel, Feed
from ibgw_tx.books.feeds import Feeds
from ibgw_tx.books.greeks import Greeks
from ibgw_tx.books.hot_depth import HotDepth
from ibgw_tx.books.hot_top import HotTop
from ibgw_tx.books.odd_lots import GENERIC_TICK, SINCE, OddLotRows
from ibgw_tx.books.order_book import OrderBook
from ibgw_tx.books.subscription import DEPTH, ODD_LOTS, TICKS, TOP, Subscription
from ibgw_tx.books.ticks import TickRows
from ibgw_tx.books.top_of_book import TopOfBook
from ibgw_tx.books.trades import Trades
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.tws import codes
from ibgw_tx.tws.api.client import TWSClient

NUM_ROWS = 10
#: RTVolume: trades with their time.
GENERIC_TICKS = "233"


class Requests(Protocol):
    """One kind of book: its feeds, and its requests."""

    kind: str
    #: The same for an operator.
    what: str
    #: Codes after which TWS may send all the same.
    doubtful: frozenset[int]
    feeds: Feeds[Any]

    def new_feed(self, channel: Channel) -> Feed[Any]: ...

    def send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None: ...

    def cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None: ...

    def ended(self, subscription: Subscription) -> None: ...


class DepthRequests:
    """Ten rows of depth; on SMART gathered over exchanges (isSmartDepth)."""

    kind = DEPTH
    what = "book"
    doubtful: frozenset[int] = frozenset()

    def __init__(self, hot: HotDepth) -> None:
        self.feeds: Feeds[Any] = hot.feeds

    def new_feed(self, channel: Channel) -> Feed[Any]:
        return Feed(channel, OrderBook(NUM_ROWS), DEPTH_RANK)

    def send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.subscribe_depth(req_id, subscription.contract, NUM_ROWS, _is_smart(subscription))

    def cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_depth(req_id, _is_smart(subscription))

    def ended(self, subscription: Subscription) -> None:
        """Nothing but rows hangs on the request."""


class TopRequests:
    """A market-data line, with trades, and with the greeks of an option. `now_ms` gives epoch ms."""

    kind = TOP
    what = "level 1"
    doubtful = codes.DOUBTFUL_TOP

    def __init__(self, hot: HotTop, greeks: Greeks, now_ms: Callable[[], int]) -> None:
        self.feeds: Feeds[Any] = hot.feeds
        self._greeks = greeks
        self._now_ms = now_ms

    def new_feed(self, channel: Channel) -> Feed[Any]:
        return Feed(channel, TopOfBook(Trades(names.tick_channel(channel.exchange, channel.pair))), TOP_RANK)

    def send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        subscription.feed.rows.trades.start(self._now_ms())
        client.subscribe_top(req_id, subscription.contract, GENERIC_TICKS)

    def cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_top(req_id)

    def ended(self, subscription: Subscription) -> None:
        self._greeks.forget(greeks_key(subscription))


class TickRequests:
    """Tick-by-tick trades. `now_ms` gives epoch ms."""

    kind = TICKS
    what = "ticks"
    doubtful: frozenset[int] = frozenset()

    def __init__(self, hot: HotTop, now_ms: Callable[[], int]) -> None:
        self.feeds: Feeds[Any] = hot.tick_feeds
        self._now_ms = now_ms

    def new_feed(self, channel: Channel) -> Feed[Any]:
        return Feed(channel, TickRows(Trades(names.tick_channel(channel.exchange, channel.pair))), TICK_RANK)

    def send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        subscription.feed.rows.start(self._now_ms())
        client.subscribe_ticks(req_id, subscription.contract)

    def cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_ticks(req_id)

    def ended(self, subscription: Subscription) -> None:
        """Nothing but trades hangs on the request."""


class OddLotRequests:
    """A market-data line of its own, for the odd lots of a US stock."""

    kind = ODD_LOTS
    what = "odd lots"
    doubtful = codes.DOUBTFUL_TOP

    def __init__(self, hot: HotTop) -> None:
        self.feeds: Feeds[Any] = hot.odd_lot_feeds

    def new_feed(self, channel: Channel) -> Feed[Any]:
        return Feed(channel, OddLotRows(), ODD_LOT_RANK)

    def send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        if client.server_version < SINCE:
            # Restored over a reconnect to an older TWS, which would refuse the generic tick.
            raise PacingFull(f"server version {client.server_version} knows no odd lots")
        subscription.feed.rows.start()
        client.subscribe_top(req_id, subscription.contract, GENERIC_TICK)

    def cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_top(req_id)

    def ended(self, subscription: Subscription) -> None:
        """The figures go with the rows."""


def greeks_key(subscription: Subscription) -> str:
    """Where the greeks of a subscribed option stand."""
    channel = subscription.feed.channel
    return names.greeks(channel.exchange, subscription.contract.secType, channel.pair)


def _is_smart(subscription: Subscription) -> bool:
    return subscription.contract.exchange.upper() == "SMART"

"""The pure path of books, put together: frames in, messages out."""

import json
from itertools import pairwise

from ibgw_tx.books.channel import DEPTH_RANK, TICK_RANK, TOP_RANK, Feed
from ibgw_tx.books.channels import Channels
from ibgw_tx.books.hot_depth import HotDepth
from ibgw_tx.books.hot_top import HotTop
from ibgw_tx.books.order_book import OrderBook
from ibgw_tx.books.shell.requests import OddLotRequests
from ibgw_tx.books.subscription import Subscription
from ibgw_tx.books.ticks import TickRows
from ibgw_tx.books.top_of_book import TopOfBook
from ibgw_tx.books.trades import Trades
from ibgw_tx.model import keys as names

NOW = 1_700_000_000_000


class BookPath:
    """Channels with both hot paths. Epoch time and steady time are one here, unless a test gives both."""

    def __init__(self, now_ms=lambda: NOW):
        self.channels = Channels()
        self.depth = HotDepth(self.channels)
        self.top = HotTop(self.channels, now_ms)

    def fed(self, contract, req_id, factor=1):
        """A feed of depth, fed by a request."""
        feed = Feed(self.channels.open(contract), OrderBook(), DEPTH_RANK, factor)
        return self._started(self.depth.feeds, feed, contract, req_id)

    def fed_top(self, contract, req_id, factor=1, asked_at=0):
        """A feed of level 1, fed by a request asked at a time."""
        channel = self.channels.open(contract)
        trades = Trades(names.tick_channel(channel.exchange, channel.pair))
        trades.start(asked_at)
        feed = Feed(channel, TopOfBook(trades), TOP_RANK, factor)
        return self._started(self.top.feeds, feed, contract, req_id)

    def fed_ticks(self, contract, req_id, factor=1, asked_at=0):
        """Tick-by-tick trades, fed by a request asked at a time."""
        channel = self.channels.open(contract)
        rows = TickRows(Trades(names.tick_channel(channel.exchange, channel.pair)))
        feed = self._started(self.top.tick_feeds, Feed(channel, rows, TICK_RANK, factor), contract, req_id)
        rows.start(asked_at)
        return feed

    def fed_odd_lots(self, contract, req_id):
        """Odd lots beside level 1, fed by a request."""
        wanted = OddLotRequests(self.top)
        feed = self._started(self.top.odd_lot_feeds, wanted.new_feed(self.channels.open(contract)), contract, req_id)
        feed.rows.start()
        return feed

    def _started(self, feeds, feed, contract, req_id):
        self.channels.join(feed, contract.conId)
        feeds.start(feed, req_id)
        return feed

    def row(self, req_id, row, operation, side, price, size):
        self.depth.depth(depth_frame(req_id, row, operation, side, price, size))

    def quote(self, req_id, tick, price, size=5):
        self.top.tick_price([*(str(item).encode() for item in (1, 6, req_id, tick, price, size, 0)), b""])

    def told(self, now=NOW):
        """(channel, message) of what goes out."""
        return [(channel.name, json.loads(message)) for channel, message in self.channels.take_messages(now, now)]


def subscription(contract, lots=None):
    """A wanted book of depth, of no gateway."""
    feed = Feed(Channels().open(contract), OrderBook(), DEPTH_RANK)
    return Subscription(feed, contract, lots)



def depth_frame(req_id, row, operation, side, price, size):
    """The fields of a MARKET_DEPTH frame as the hot path gets them."""
    return [*(str(item).encode() for item in (12, 1, req_id, row, operation, side, price, size)), b""]


def depth_l2_frame(req_id, row, maker, operation, side, price, size):
    """The fields of a MARKET_DEPTH_L2 frame."""
    return [*(str(item).encode() for item in (13, 1, req_id, row, maker, operation, side, price, size, 1)), b""]


def check_book(message, may_lock=False):
    """A published book holds what section 6 promises; gives (bids, asks) as pairs. Several exchanges may lock each other."""
    bids, asks, t = message
    assert isinstance(t, int)
    for side in (bids, asks):
        for level in side:
            assert set(level) == {"p", "s"} and level["s"] > 0
    assert all(a["p"] > b["p"] for a, b in pairwise(bids))
    assert all(a["p"] < b["p"] for a, b in pairwise(asks))
    if bids and asks:
        assert bids[0]["p"] < asks[0]["p"] or (may_lock and bids[0]["p"] == asks[0]["p"])
    return [(level["p"], level["s"]) for level in bids], [(level["p"], level["s"]) for level in asks]

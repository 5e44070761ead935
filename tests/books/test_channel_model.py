"""A channel under any order of rows, quotes, losses, new requests: what was said last may be trusted, or is empty."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ibgw_tx.books.order_book import ASK, BID, DELETE, INSERT, UPDATE
from tests.kit.books import NOW, BookPath, check_book
from tests.kit.contracts import AAPL

PRICES = st.integers(1, 6)
SIZES = st.integers(0, 3)
SIDES = st.sampled_from([ASK, BID])


class OneChannel(RuleBasedStateMachine):
    """One contract, fed by depth (request 7, 8, …) and by level 1."""

    def __init__(self):
        super().__init__()
        self.path = BookPath()
        self.requests = 7
        self.depth = self.path.fed(AAPL, self.requests)
        self.requests += 1
        self.top = self.path.fed_top(AAPL, self.requests)
        self.channel = self.depth.channel
        self.said = []
        self.now = NOW
        self.owed = False

    @rule(operation=st.sampled_from([INSERT, UPDATE, DELETE]), side=SIDES, row=st.integers(0, 2), price=PRICES, size=SIZES)
    def row(self, operation, side, row, price, size):
        if self.depth.req_id is not None:
            self.path.row(self.depth.req_id, row, operation, side, price, size)

    @rule(tick=st.sampled_from([1, 2]), price=PRICES, size=SIZES)
    def quote(self, tick, price, size):
        if self.top.req_id is not None:
            self.path.quote(self.top.req_id, tick, price, size)

    @rule(which=st.sampled_from(["depth", "top"]), again=st.booleans())
    def lose(self, which, again):
        feed, feeds = (self.depth, self.path.depth.feeds) if which == "depth" else (self.top, self.path.top.feeds)
        feeds.end(feed)
        if again:
            self.requests += 1
            feeds.start(feed, self.requests)

    @rule()
    def reset(self):
        self.path.channels.distrust(self.depth)

    @rule()
    def redis_back(self):
        self.path.channels.owe_all()
        self.owed = True

    @rule(seconds=st.integers(1, 10))
    def time(self, seconds):
        self.now += seconds * 1000
        self.path.channels.mark_quiet(self.now)

    @invariant()
    def what_stands_is_true(self):
        """Each rule is a read of its own: what changed goes out, then Redis holds the last message."""
        for _, message in self.path.told(self.now):
            bids, asks = check_book(message, may_lock=True)
            if not bids and not asks and self.said:
                assert self.said[-1] != ([], []) or self.owed, "the empty book is said once"
            self.said.append((bids, asks))
            self.owed = False
        depth, top = (_book(feed) for feed in (self.depth, self.top))
        if depth and depth != ([], []):
            assert self.said[-1] == depth, "depth speaks while it has a book"
        elif depth == ([], []) and top and top != ([], []):
            assert self.said[-1] == top, "level 1 speaks while depth has none"
        elif depth == top == ([], []):
            assert not self.said or self.said[-1] == ([], []), "nobody has a book: emptied"
        elif self.said and self.said[-1] != ([], []):
            assert self.channel.speaker is not None, "what stands is the speaker's, which makes no sense for the moment"


def _book(feed):
    levels = feed.rows.levels(feed.factor)
    return None if levels is None else tuple([(level["p"], level["s"]) for level in side] for side in levels)


TestOneChannel = OneChannel.TestCase
TestOneChannel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

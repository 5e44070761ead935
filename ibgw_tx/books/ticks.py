"""Tick-by-tick trades (message 99) of one contract: each print once, with its condition codes and its exchange. Pure.

While they come (`on`) they are the trades of their channel, and what level 1 tells of trades is left out; refused or ended,
level 1 tells them again. A feed that never has a level: it stands under the channel of a book, and never speaks there.
"""

from __future__ import annotations

from ibgw_tx.books.trades import Trades
from ibgw_tx.model.figures import Quantity

_NO_LEVELS = (b"[]", b"[]")


class TickRows:
    """A feed's rows to a channel, without any row. `trades` are told on the tick channel."""

    __slots__ = ("gaps", "on", "trades")

    def __init__(self, trades: Trades) -> None:
        self.gaps = 0
        self.on = False
        self.trades = trades

    def start(self, t: int) -> None:
        """A request is asked at `t` (epoch ms)."""
        self.on = True
        self.trades.start(t)

    def texts(self, factor: Quantity) -> tuple[bytes, bytes] | None:
        """No side has a level."""
        return _NO_LEVELS

    def best(self) -> tuple[float | None, float | None] | None:
        """No best price."""
        return None

    def clear(self) -> None:
        """The request is over."""
        self.gaps = 0
        self.on = False

    def __bool__(self) -> bool:
        """Whether TWS has a request: an hour without a trade is no reason to ask again."""
        return self.on

"""Requests for what bots watch beside books and orders: option chains, profit and loss, bars. The rest of TWSClient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ibapi.client import EClient

from ibgw_tx.model.contract import Contract
from ibgw_tx.tws.api import generation


class MoreRequests(ABC):
    """What needs no more of a client than that it asks. Every method queues one message; PacingFull tells that too many wait."""

    _client: EClient

    @abstractmethod
    def _ask(self, ask: Callable[..., Any], *args: Any) -> None:
        """Have ibapi write one request and queue it."""

    @abstractmethod
    def _contract(self, contract: Contract) -> Any:
        """As ibapi wants it."""

    @abstractmethod
    def _encoded(self, what: str, encode: Callable[[EClient], None]) -> bytes:
        """Have ibapi write one message; nothing is sent. Raises NotEncodable."""

    def encode_exercise(
        self, order_id: int, contract: Contract, lapse: bool, quantity: int, account: str, override: bool
    ) -> bytes:
        """The framed exercise of an option, or its lapse, under an order id; nothing is sent. Raises NotEncodable."""
        what = 2 if lapse else 1, quantity, account, int(override), *generation.exercise_arguments()
        return self._encoded("exercise", lambda client: client.exerciseOptions(order_id, self._contract(contract), *what))

    def ask_chains(self, req_id: int, under: Contract) -> None:
        """Chain for each exchange and trading class, then ChainEnd. Options on a future are asked for by its exchange."""
        exchange = under.exchange if under.secType == "FUT" else ""
        self._ask(self._client.reqSecDefOptParams, req_id, under.symbol, exchange, under.secType, under.conId)

    def subscribe_pnl(self, req_id: int, account: str) -> None:
        """Pnl of the whole account, now and about once a second while it changes."""
        self._ask(self._client.reqPnL, req_id, account, "")

    def cancel_pnl(self, req_id: int) -> None:
        """End it."""
        self._ask(self._client.cancelPnL, req_id)

    def subscribe_pnl_single(self, req_id: int, account: str, con_id: int) -> None:
        """PnlSingle of one position, now and about once a second while it changes."""
        self._ask(self._client.reqPnLSingle, req_id, account, "", con_id)

    def cancel_pnl_single(self, req_id: int) -> None:
        """End it."""
        self._ask(self._client.cancelPnLSingle, req_id)

    def subscribe_bars(self, req_id: int, contract: Contract, what: str, use_rth: bool) -> None:
        """LiveBar of five seconds each, from now on."""
        self._ask(self._client.reqRealTimeBars, req_id, self._contract(contract), 5, what, use_rth, [])

    def cancel_bars(self, req_id: int) -> None:
        """End them."""
        self._ask(self._client.cancelRealTimeBars, req_id)

    def subscribe_bulletins(self) -> None:
        """Bulletin for each of today, and for each to come."""
        self._ask(self._client.reqNewsBulletins, True)

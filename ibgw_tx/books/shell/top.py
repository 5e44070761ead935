"""Level 1 subscriptions (SUB_TOP): as depthdesk.py, on market-data lines, with the greeks of options.

The greeks (message 21) of a subscribed option stand at `IBGateway:Greeks:{exchange}:{secType}:{pair}`, written at most once a
second while they change, and go with the subscription or with its trust.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.books.lots import size_factor
from ibgw_tx.books.shell.depth import DepthDesk
from ibgw_tx.books.subscription import Subscription
from ibgw_tx.books.top_shelf import TopBook
from ibgw_tx.commands.message import Command
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import OPTION_TYPES, Contract
from ibgw_tx.tws.api.client import TWSClient

#: RTVolume: trades with their time.
GENERIC_TICKS = "233"

#: tick type -> whose figures; the second row is delayed.
_GREEKS = {10: "bid", 11: "ask", 12: "last", 13: "model", 80: "bid", 81: "ask", 82: "last", 83: "model"}
_KINDS = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}


class TopDesk(DepthDesk):
    """Carries the wanted level-1 books to TWS."""

    KIND = subscriptions.TOP

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._greeks: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()

    def _new(self, contract: Contract, md_size_multiplier: Any, owner: Command | None) -> Subscription:
        return Subscription(TopBook(contract, size_factor(contract, md_size_multiplier)), contract, owner)

    def _send(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.subscribe_top(req_id, subscription.contract, GENERIC_TICKS)

    def _send_cancel(self, client: TWSClient, req_id: int, subscription: Subscription) -> None:
        client.cancel_top(req_id)

    def _end_request(self, subscription: Subscription, cancel: bool = True) -> None:
        super()._end_request(subscription, cancel)
        self._forget_greeks(subscription)

    def link_down(self, session_lost: bool) -> None:
        """No quote can be trusted, and no greeks."""
        super().link_down(session_lost)
        for subscription in self.wanted.values():
            self._forget_greeks(subscription)

    def _forget_greeks(self, subscription: Subscription) -> None:
        key = _greeks_key(subscription)
        if self._greeks.pop(key, None) is not None:
            self._changed.discard(key)
            self._gone.add(key)

    # What TWS tells.

    def option_tick(self, event: events.OptionTick) -> None:
        """One set of greeks."""
        subscription, whose = self._by_request.get(event.req_id), _GREEKS.get(event.tick_type)
        if not self._linked or subscription is None or whose is None or subscription.contract.secType not in OPTION_TYPES:
            return
        key = _greeks_key(subscription)
        known = self._greeks.setdefault(key, {})
        if known.get(whose) != event.figures:
            known[whose] = event.figures
            self._changed.add(key)
            self._gone.discard(key)

    def data_type(self, event: events.DataType) -> None:
        """What kind of data a request gets; anything but live is worth a line."""
        subscription = self._by_request.get(event.req_id)
        if subscription is not None and event.kind != 1:
            kind = _KINDS.get(event.kind, str(event.kind))
            self.log.warn("{channel}: its data is {kind}", channel=subscription.book.channel, kind=kind)

    def take_greeks(self, now: int) -> tuple[list[tuple[str, bytes]], list[str]]:
        """(keys and values to write, keys to delete) since the last time."""
        writes = [(key, jsontext.dumps({**self._greeks[key], "t": now})) for key in self._changed if key in self._greeks]
        gone = list(self._gone)
        self._changed.clear()
        self._gone.clear()
        return writes, gone

    def rewrite_greeks(self) -> None:
        """Redis is back, perhaps empty."""
        self._changed.update(self._greeks)


def _greeks_key(subscription: Subscription) -> str:
    book = subscription.book
    return names.greeks(book.exchange, subscription.contract.secType, book.pair)

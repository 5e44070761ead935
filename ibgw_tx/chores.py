"""What runs beside, each at its interval: a failure costs one round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ibgw_tx.assembly import Assembly
from ibgw_tx.books.shell.publisher import KEY_INTERVAL
from ibgw_tx.runtime.periodic import PeriodicService

HEARTBEAT = 1.0  # seconds
REFRESH = 3600.0  # seconds between two looks for contracts that are a day old


class Chores:
    """`beat` tells the status, `is_linked` and `is_alive` whether TWS can be asked and has been heard lately.

    `sum_up` says the summary when it is time.
    """

    def __init__(
        self,
        parts: Assembly,
        beat: Callable[[], None],
        is_linked: Callable[[], bool],
        is_alive: Callable[[], bool],
        sum_up: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._beat = beat
        self._is_linked = is_linked
        self._is_alive = is_alive
        self._sum_up = sum_up

    def services(self, reactor: Any) -> Iterator[PeriodicService]:
        """One for each."""
        parts = self._parts
        for name, interval, chore in (
            ("heartbeat", HEARTBEAT, self._beat),
            ("orders", 1.0, parts.orders.tick),
            ("order entry", 1.0, parts.order_entry.tick),
            ("balance", 1.0, parts.account.tick),
            ("bars", 1.0, parts.bars.tick),
            ("profit and loss", 1.0, parts.pnl.tick),
            ("books", 1.0, self._tend_books),
            ("book keys", KEY_INTERVAL, parts.publisher.flush_keys),
            ("greeks", 1.0, parts.greeks.write),
            ("odd lots", 1.0, parts.odd_lots_writer.write),
            ("alerts", 1.0, parts.alert_ends.look),
            ("summary", 1.0, self._sum_up),
            ("contracts", REFRESH, self._refresh_contracts),
        ):
            yield PeriodicService(name, interval, chore, reactor)

    def _tend_books(self) -> None:
        parts = self._parts
        if self._is_alive():
            parts.publisher.refresh_quiet()
        for books in parts.books:
            books.tend()
        parts.publisher.flush()

    def _refresh_contracts(self) -> None:
        if self._is_linked():
            parts = self._parts
            wanted = [each.contract.conId for kind in parts.books for each in kind.wanted.values()]
            parts.contracts.refresh([*wanted, *parts.account.contracts_in_use()])

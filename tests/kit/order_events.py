"""Orders of a small market for the tests of the OMS cache, and a reader that folds changes as Redis and a bot would."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.order_events import (
    Commission,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderError,
    OrderStatus,
    Terms,
)
from ibgw_tx.orders.cache.cache import OrderCache, Step
from ibgw_tx.orders.cache.changes import NeedContract, NeedQuery, Note, OrderChanged

CLIENT = 100
NOW = 1_700_000_000_000
TSLA = 76792991

TSLA_FULL = Contract(TSLA, "TSLA", "STK", "SMART", "NASDAQ", "USD", localSymbol="TSLA", tradingClass="NMS")
TSLA_OPEN = attrs.evolve(TSLA_FULL, primaryExchange="")  # as openOrder says it
TSLA_EXEC = attrs.evolve(TSLA_OPEN, exchange="ISLAND")  # as execDetails says it
COMBO = Contract(
    28812380,
    "IECombo",
    "BAG",
    "SMART",
    "",
    "USD",
    comboLegs=(ComboLeg(9408, 1, "SELL", "SMART"), ComboLeg(43645865, 1, "BUY", "SMART")),
)
LIMIT = Terms("BUY", 100, "LMT", 200.0, 0.0, "DAY", "DU1")


def running(**kwargs: Any) -> OrderCache:
    """A cache after a complete, empty snapshot, that knows TSLA."""
    cache = OrderCache(CLIENT, **kwargs)
    cache.begin(NOW)
    return loaded(cache)


def answer_all(cache: OrderCache) -> None:
    for step in (Step.OPEN, Step.COMPLETED, Step.EXECUTIONS):
        cache.answered(step, True)


def loaded(cache: OrderCache, now: int = NOW) -> OrderCache:
    cache.contract_known(TSLA, TSLA_FULL, now)
    answer_all(cache)
    cache.snapshot_done(now)
    return cache


def query(cache: OrderCache, now: int, *events: Any, complete: bool = True) -> list[Any]:
    """Ask TWS as the shell does; `events` are the answer."""
    cache.query_begin(now)
    found = [change for event in events for change in cache.apply(event, now)]
    if complete:
        answer_all(cache)
    return found + list(cache.query_done(now))


def opened(status: str = "Submitted", *, order_id: int = 13, perm: int = 5001, terms: Terms = LIMIT, **kwargs: Any) -> OpenOrder:
    kwargs.setdefault("contract", TSLA_OPEN)
    kwargs.setdefault("clientId", CLIENT)
    return OpenOrder(orderId=order_id, permId=perm, terms=terms, status=status, **kwargs)


def status(word: str, filled: float = 0, *, order_id: int = 13, perm: int = 5001, avg: float = 0.0, **kwargs: Any) -> OrderStatus:
    kwargs.setdefault("clientId", CLIENT)
    return OrderStatus(
        orderId=order_id,
        permId=perm,
        status=word,
        filled=filled,
        remaining=100 - filled,
        avgFillPrice=avg,
        lastFillPrice=avg,
        **kwargs,
    )


def fill(exec_id: str, shares: float, price: float, *, order_id: int = 13, perm: int = 5001, **kwargs: Any) -> Execution:
    kwargs.setdefault("clientId", CLIENT)
    kwargs.setdefault("contract", TSLA_EXEC)
    kwargs.setdefault("side", "BOT")
    kwargs.setdefault("acctNumber", "DU1")
    return Execution(execId=exec_id, orderId=order_id, permId=perm, shares=shares, price=price, **kwargs)


def paid(exec_id: str, commission: float = 1.0, currency: str = "USD") -> Commission:
    return Commission(exec_id, commission, currency)


def completed(word: str, filled: float | None = None, *, perm: int = 5001, **kwargs: Any) -> CompletedOrder:
    kwargs.setdefault("contract", TSLA_OPEN)
    kwargs.setdefault("terms", attrs.evolve(LIMIT, totalQuantity=0 if word == "Filled" else 100))
    return CompletedOrder(permId=perm, status=word, filledQuantity=filled, **kwargs)


def error(code: int, text: str = "text", order_id: int = 13) -> OrderError:
    return OrderError(order_id, code, text)


def told(changes: Any) -> list[dict[str, Any]]:
    """The order_jsons among changes."""
    return [change.order for change in changes if isinstance(change, OrderChanged) and not change.quiet]


def asks(changes: Any) -> list[str]:
    return [change.reason for change in changes if isinstance(change, NeedQuery)]


def notes(changes: Any) -> list[str]:
    return [change.text for change in changes if isinstance(change, Note)]


def wants(changes: Any) -> list[int]:
    return [change.conId for change in changes if isinstance(change, NeedContract)]


@attrs.define
class Bot:
    """The hashes as a fold of the changes, the last message of each order, and every message."""

    hashes: dict[tuple[str, str], dict[str, Any]] = attrs.Factory(dict)
    last: dict[str, dict[str, Any]] = attrs.Factory(dict)
    heard: list[dict[str, Any]] = attrs.Factory(list)

    def take(self, changes: Any) -> int:
        """How many orders changed."""
        found = [change for change in changes if isinstance(change, OrderChanged)]
        for change in found:
            hash_ = self.hashes.setdefault((change.exchange, change.pair), {})
            for field in change.fields:
                hash_[field] = change.order
            if change.quiet:
                continue
            self.heard.append(change.order)
            self.last[change.order["i"] or change.order["client_oid"] or "?"] = change.order
        return len(found)

    def reload(self, snapshot: Any) -> None:
        self.hashes = {place: dict(hash_) for place, hash_ in snapshot.hashes.items() if hash_}
        for change in snapshot.changed:
            self.heard.append(change.order)
            self.last[change.order["i"] or change.order["client_oid"] or "?"] = change.order

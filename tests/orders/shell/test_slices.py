"""What a snapshot of thousands of orders leads to is done in slices, between which others are served."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ibgw_tx.orders.cache import departures
from ibgw_tx.orders.cache.archive import Archive
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.changes import Snapshot
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.shell import former_life, order_log
from ibgw_tx.orders.shell.former_life import FormerLife
from ibgw_tx.orders.shell.order_log import EndLog

PLACE = ("NASDAQ", "USD-AAPL")
CLIENT = 5


def told(number: int) -> dict[str, Any]:
    order = Order(born=1, touched=1, permId=number, ref=f"o{number}", place=PLACE, clientId=CLIENT)
    order.orderId = number
    return {**order_json(order), "status": "Submitted", "alive": True}


class Unanswered:
    """Notes what stands in the hashes."""

    former: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.ids: list[int] = []

    def answered(self, order_ids: Any) -> None:
        self.ids += order_ids

    def drop(self, order_ids: Any) -> None:
        assert not list(order_ids)


def test_what_stands_in_the_hashes_is_answered() -> None:
    """Some at a time; and each."""
    unanswered: Any = Unanswered()
    life = FormerLife(OrderCache(CLIENT), None, unanswered, None)  # type: ignore[arg-type]
    count = 3 * former_life.SLICE
    snapshot = Snapshot({PLACE: {str(number): told(number) for number in range(1, count + 1)}}, (), (), ())
    steps = life.settle(snapshot)
    next(steps)
    assert unanswered.ids == list(range(1, former_life.SLICE + 1))
    assert len(list(steps)) == 2
    assert unanswered.ids == list(range(1, count + 1))


def test_ends_that_a_snapshot_finds_are_noted() -> None:
    log = EndLog(CLIENT, SimpleNamespace(owner=lambda order_id: None))  # type: ignore[arg-type]
    over = ({**told(number), "status": "Cancelled", "alive": False} for number in range(1, 2 * order_log.SLICE + 2))
    steps = log.snapshot_told(over)
    next(steps)
    assert len(log._ends) == order_log.SLICE - 1
    assert len(list(steps)) == 1
    assert len(log._ends) == 2 * order_log.SLICE + 1


def test_orders_in_memory_are_looked_for_among_those_that_were_read() -> None:
    cache = OrderCache(CLIENT)
    count = 2 * departures.RENEWED
    cache.seed([told(number) for number in range(1, count + 1)])
    read = Archive()
    for number in range(1, count + 2):
        read.put(number, f"o{number}", PLACE, False)
    steps = cache.departures.renew(read)
    next(steps)
    assert len(cache.departures.archive) == count + 1 - departures.RENEWED
    assert len(list(steps)) == 1
    assert len(cache.departures.archive) == 1 and count + 1 in cache.departures.archive

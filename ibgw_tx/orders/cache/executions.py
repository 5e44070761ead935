"""Executions as bots are told them: each once, and once more with its commission. Pure.

What has been told is kept under the execution's name (`kept`; the shell has it in Redis), so that what TWS repeats to a new
session or to a new life of the gateway is no news. A correction has the same execId with a higher last part: it is an execution
of its own, that says what it corrects; one that comes after a later correction is history and is not told.

Bounds: `kept` goes by age (`history`, at least LEAST_DAYS: TWS repeats no more) and by number (MAX_KEPT, the oldest first).
An execution waits for the place of its order and for its commission; of MAX_WAITING the oldest gives way: the next snapshot,
for which TWS repeats the day, tells what it had to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ibgw_tx.model.order_events import Commission, Execution
from ibgw_tx.model.order_members import SIDES
from ibgw_tx.model.tws_time import told_ms
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.rows import AS_IT_IS, ToldBefore, row_key, split_exec_id
from ibgw_tx.orders.cache.told_executions import Kept, ToldExecutions

__all__ = ["MAX_KEPT", "Executions", "Kept", "Telling"]

LEAST_DAYS = 8
MAX_KEPT = 100_000
MAX_WAITING = 20_000
_EARLY = 1000  # commissions whose execution has not come yet
_DAY = 86_400_000  # ms
_LOOK_BACK = 20  # revisions of an execution; a name in Redis may say any number


@attrs.frozen
class _Parted:
    """What a row needs of an order that has left memory."""

    place: tuple[str, str] | None
    permId: int
    ref: str
    leg: bool


@attrs.define(eq=False)
class _Row:
    order: Order | _Parted
    event: Execution
    charge: Commission | None = None


@attrs.frozen
class Telling:
    """Publish `document`, and keep `record` under `key`."""

    key: str
    document: dict[str, Any]
    record: Kept
    row: _Row


def _key(event: Execution) -> str:
    """An advisor's account and its allocations may share an execId, legs a stem."""
    return f"{event.execId} {event.contract.conId} {event.acctNumber}"


class Executions:
    """What is known of executions, and what is to be told."""

    def __init__(self, history_days: float = 7) -> None:
        self.kept = ToldExecutions()
        #: ms that TWS's clock is ahead of UTC; None while nobody knows.
        self.offset: int | None = None
        self._history = max(history_days, LEAST_DAYS) * _DAY
        self._rows: dict[str, _Row] = {}
        self._keys: dict[str, str] = {}
        self._early: dict[str, Commission] = {}
        self.due: dict[str, None] = {}

    # What TWS says.

    def heard(self, order: Order, event: Execution) -> None:
        """An execution of `order`, told for the first time or again."""
        if event.shares is None or event.price is None:
            return
        key = _key(event)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = _Row(order, event)
            self._keys[event.execId] = key
            self._bound()
        row.order = order
        row.charge = self._early.pop(event.execId, row.charge)
        self.due[key] = None

    def told_before(self, event: Execution) -> ToldBefore | None:
        """How this execution was told last, in whichever revision; None when it was not, or is not known with its figures."""
        stem, revision = split_exec_id(event.execId)
        rest = f"{event.contract.conId} {event.acctNumber}"
        latest = self.kept.revision((stem, rest))
        if latest < 0:
            return None
        if latest == revision:
            told = self.kept.figures(f"{event.execId} {rest}")
            # What an older gateway has kept has no figures.
            if told is not None and (told[0] is None or (revision <= 1 and told == (event.shares, event.price))):
                return AS_IT_IS
        width = len(event.execId) - len(stem) - 1
        names = [f"{stem}.{each:0{width}d}" for each in range(max(latest - _LOOK_BACK, 0), latest + 1)] if width > 0 else [stem]
        figures = [self.kept.figures(f"{each} {rest}") or (None, None) for each in names]
        shares, price = figures[-1]
        if shares is None or price is None:
            return None
        return ToldBefore(latest, shares, price, max(each for each, _ in figures if each is not None))

    def charged(self, event: Commission) -> None:
        """The commission of an execution, before or after it."""
        if event.commission is None:
            return
        key = self._keys.get(event.execId)
        if key is None:
            self._early[event.execId] = event
            if len(self._early) > _EARLY:
                del self._early[next(iter(self._early))]
            return
        self._rows[key].charge = event
        self.due[key] = None

    def part_with(self, order: Order) -> None:
        """An order leaves memory; its executions may still wait for their commissions."""
        for exec_id in order.executions:
            row = self._rows.get(self._keys.get(exec_id, ""))
            if row is not None and row.order is order:
                row.order = _Parted(order.place, order.permId, order.ref, order.fills.is_leg(row.event))

    def _bound(self) -> None:
        if len(self._rows) > MAX_WAITING:
            self._forget(next(iter(self._rows)))

    def _forget(self, key: str) -> None:
        row = self._rows.pop(key)
        self.due.pop(key, None)
        if self._keys.get(row.event.execId) == key:
            del self._keys[row.event.execId]

    # What bots are told.

    def take(self, now: int) -> list[Telling]:
        """What is to be told now, in the order in which it came; taken as told."""
        found: list[Telling] = []
        for key in list(self.due):
            row = self._rows[key]
            if row.order.place is None:
                continue
            del self.due[key]
            found += self._tellings(key, row, now)
            if key not in self.kept or row.charge is not None:
                self._forget(key)
        return found

    def _tellings(self, key: str, row: _Row, now: int) -> list[Telling]:
        found: list[Telling] = []
        name, (stem, revision) = _name(row.event), split_exec_id(row.event.execId)
        known = self.kept.get(key)
        if known is None:
            latest = self.kept.revision(name)
            if latest > revision:
                return []
            document = self._document(row, now)
            if revision > 1:
                width = len(row.event.execId) - len(stem) - 1
                document["corrects"] = f"{stem}.{latest if latest >= 0 else revision - 1:0{width}d}"
            known = Kept(int(now), shares=row.event.shares, price=row.event.price)
            self.kept.put(key, known)
            self.kept.note(name, revision)
            found.append(Telling(key, document, known, row))
        charged = known.charged(row.charge)
        if charged != known:
            self.kept.put(key, charged)
            figures = {"commission": charged.commission, "commissionCurrency": charged.currency or None}
            update = {**self._document(row, now), **figures, "realizedPnl": charged.realized, "update": True}
            found.append(Telling(key, update, charged, row))
        return found

    def _document(self, row: _Row, now: int) -> dict[str, Any]:
        """As of section 7; `leg` and `combo` say which part of a combo it is."""
        event, order = row.event, row.order
        market, pair = order.place or (None, None)
        perm_id = order.permId or event.permId
        told = told_ms(event.time, self.offset)
        found: dict[str, Any] = {
            "execId": event.execId,
            "i": str(perm_id) if perm_id else None,
            "client_oid": order.ref or event.orderRef or None,
            "apiOrderId": event.orderId or None,
            "clientId": event.clientId,
            "account": event.acctNumber or None,
            "market": market,
            "pair": pair,
            "secType": event.contract.secType or None,
            "conId": event.contract.conId or None,
            "T": SIDES.get(event.side),
            "s": event.shares,
            "p": event.price,
            "exchange": event.contract.exchange or None,
            "liquidity": event.liquidity,
            "t": int(now) if told is None else told,
            "commission": None,
        }
        flags = {
            "combo": event.contract.secType == "BAG",
            "leg": order.leg if isinstance(order, _Parted) else order.fills.is_leg(event),
            "busted": not event.shares,
            "recovered": event.asked,
        }
        return found | {name: True for name, is_so in flags.items() if is_so}

    # What is kept.

    def begin_restore(self) -> None:
        """What Redis holds is what has been told, whatever was thought here: it comes with `restored`."""
        self.kept = ToldExecutions()

    def restored(self, key: str, kept: Kept) -> None:
        """One record of Redis."""
        self.kept.put(key, kept)
        name, revision = _name_of(key)
        self.kept.note(name, revision)

    def again(self, untold: Iterable[Telling]) -> None:
        """These did not reach Redis, or it is not known that they did: after the next `restore` they are looked at again."""
        for telling in untold:
            self._rows.setdefault(telling.key, telling.row)
            self._keys[telling.row.event.execId] = telling.key
            self.due[telling.key] = None

    def kept_since(self, now: int) -> int:
        """The time (ms) before which a record need be kept no longer: by age, and by their number."""
        by_number = self.kept.begin_of(MAX_KEPT) if len(self.kept) > MAX_KEPT else 0
        return max(int(now - self._history), by_number)

    def forget(self, key: str) -> None:
        """A record is kept no longer."""
        self.kept.drop(key)
        self.kept.forget(_name_of(key)[0])


def _name_of(key: str) -> tuple[tuple[str, str], int]:
    """The execution of a key, and its revision."""
    exec_id, _, rest = key.partition(" ")
    stem, revision = split_exec_id(exec_id)
    return (stem, rest), revision


def _name(event: Execution) -> tuple[str, str]:
    """An execution with all its revisions."""
    stem, con_id, account = row_key(event)
    return stem, f"{con_id} {account}"

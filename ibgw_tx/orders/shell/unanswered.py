"""Orders that have been handed to TWS and not answered, as they are kept in Redis: over a kill of the gateway too they are told.

The record of an order is in Redis before its bytes leave (`left` false), and is marked as soon as they have (`left` true). Both
writes go over the command connection before the acknowledgement does: an order that a bot was told to have left is marked. The
record goes when the order stands in its hash. After a restart a marked record is an order that waits for its answer; one without
the mark never left, unless TWS shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.entry.plain import PlainContract, PlainOrder
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger


@attrs.frozen
class Record:
    """One order. `client_oid` is its orderRef, `t` when it was commanded (ms), `command` the id of its command."""

    order_id: int
    client_oid: str
    contract: Contract
    terms: Terms
    t: int
    command: Any = None
    market: str | None = None
    pair: str | None = None
    left: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it stands in Redis."""
        members = attrs.asdict(self)
        members["apiOrderId"] = members.pop("order_id")
        return members


def record_text(order_id: int, ref: str, known: PlainContract, plain: PlainOrder, now: int, command: Any) -> bytes:
    """The record of a plain order as it goes to Redis: what `to_json` of the Record gives."""
    terms = {
        "action": plain.action,
        "totalQuantity": plain.quantity,
        "orderType": "LMT",
        "lmtPrice": plain.price,
        "auxPrice": None,
        "tif": plain.tif,
        "account": plain.account,
        "trailingPercent": None,
    }
    members = {
        "client_oid": ref,
        "contract": jsontext.ready(known.text),
        "terms": terms,
        "t": int(now),
        "command": command,
        "market": known.market,
        "pair": known.pair,
        "left": False,
        "apiOrderId": order_id,
    }
    return jsontext.dumps(members)


def read_record(value: bytes) -> Record:
    """The record of a value found in Redis. Raises ValueError, KeyError or TypeError for one that is none."""
    members = dict(jsontext.loads_exact(value))
    contract, terms = dict(members["contract"]), Terms(**members["terms"])
    legs = tuple(ComboLeg(**leg) for leg in contract.pop("comboLegs", None) or ())
    return Record(
        int(members["apiOrderId"]),
        str(members["client_oid"]),
        Contract(**contract, comboLegs=legs),
        terms,
        int(members["t"]),
        members.get("command"),
        members.get("market"),
        members.get("pair"),
        left=members.get("left") is True,
    )


class Unanswered:
    """The hash of them: field apiOrderId, value the record."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink) -> None:
        self._key = names.unanswered(name)
        self._redis = redis
        self._kept: dict[int, Record] = {}
        self._former: set[int] = set()
        self._loaded = False
        #: Answered orders: this second's, whose hash may still be refused by Redis, and those before.
        self._answered: set[int] = set()
        self._settled: set[int] = set()
        #: What was kept a second ago.
        self._sent: tuple[int, ...] = ()
        self._trusted = False

    def writes(self, records: Iterable[Record]) -> list[tuple[str | bytes, ...]]:
        """The commands for Redis that keep them; from now on they are known here."""
        records = list(records)
        self._kept.update((record.order_id, record) for record in records)
        fields = [part for record in records for part in (str(record.order_id), jsontext.dumps(record.to_json()))]
        return [("HSET", self._key, *fields)]

    def write(self, order_id: int, text: bytes) -> tuple[str | bytes, ...]:
        """The command for Redis that keeps one record; `keep` it here in the same turn."""
        return "HSET", self._key, str(order_id), text

    def keep(self, record: Record) -> None:
        """It is known here too."""
        self._kept[record.order_id] = record

    def left(self, order_ids: Iterable[int]) -> None:
        """Their bytes are being handed to the socket."""
        for order_id in order_ids:
            record = self._kept.get(order_id)
            if record is not None:
                marked = self._kept[order_id] = attrs.evolve(record, left=True)
                self._redis.tell("HSET", self._key, str(order_id), jsontext.dumps(marked.to_json()))

    def drop(self, order_ids: Iterable[int]) -> None:
        """They are over."""
        self.take_back([order_id for order_id in order_ids if order_id in self._kept])

    def take_back(self, order_ids: Iterable[int]) -> None:
        """They have not left: their records go from Redis, whether they are known here already or not."""
        gone = list(order_ids)
        for order_id in gone:
            self._kept.pop(order_id, None)
        self._answered.difference_update(gone)
        self._settled.difference_update(gone)
        self._former.difference_update(gone)
        if gone:
            self._redis.tell("HDEL", self._key, *map(str, gone))

    def answered(self, order_ids: Iterable[int]) -> None:
        """They stand in their hashes, or are on their way there."""
        self._answered.update(order_id for order_id in order_ids if order_id in self._kept)

    def tick(self, trusted: bool) -> None:
        """Once a second: what was answered a second ago, and not refused by Redis since (`trusted`), need not be kept.

        What has been kept here for a second has reached Redis: where it has fewer records, somebody has deleted them.
        Trusted again, after Redis may have refused a mark of a record: each is written once more.
        """
        if trusted and not self._trusted and self._kept:
            self._redis.tell_all(self.writes(tuple(self._kept.values())))
        self._trusted = trusted
        if trusted:
            self.drop(tuple(self._settled))
            self._settled, self._answered = self._answered, set()
            expected = sum(order_id in self._kept for order_id in self._sent)
            self._sent = tuple(self._kept)
            if expected:
                # A refusal is no loss: orders are refused then, too.
                self._redis.call("HLEN", self._key).addCallbacks(self._counted, lambda _: None, (expected,))

    def _counted(self, found: int, expected: int) -> None:
        if found < expected and self._kept:
            text = "somebody has deleted records of unanswered orders in {key}: {lost} were missing and are written again"
            self.log.warn(text, key=self._key, lost=expected - found)
            self._redis.tell_all(self.writes(tuple(self._kept.values())))

    async def load(self) -> None:
        """Once: what a former life has left behind. Raises RedisDown."""
        if self._loaded:
            return
        try:
            pairs = await self._redis.call("HGETALL", self._key)
        except RedisDown:
            raise
        except Exception as error:
            if not self._redis.up:
                raise
            # Somebody's key of another type: orders will be refused, those that live must not be kept back.
            self.log.error("the hash of unanswered orders is none, and keeps no order: {error}", error=str(error))
            pairs = []
        for field, value in zip(pairs[::2], pairs[1::2], strict=True):
            try:
                record = read_record(value)
            except (ValueError, KeyError, TypeError) as error:
                self.log.error(
                    "the record of order {field} in {key} is not usable: {error!r}", field=field, key=self._key, error=error
                )
                continue
            self._kept.setdefault(record.order_id, record)
            self._former.add(record.order_id)
        self._loaded = True

    @property
    def former(self) -> list[Record]:
        """The records of a former life that are still kept."""
        return [record for order_id, record in sorted(self._kept.items()) if order_id in self._former]

    def rewrite(self) -> None:
        """Redis may have come back with another memory, or without what it was told while it was away."""
        if self._loaded:
            self._redis.tell_all([("DEL", self._key), *(self.writes(tuple(self._kept.values())) if self._kept else ())])

"""What stands in the hashes: a second field that is told by its hash is taken for what it would be read as."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.cache.reading import Reading

PLACE = ("NASDAQ", "USD-AAPL")
NOW = 1_700_000_000_000
DAY = 86_400_000


class EveryField(Reading):
    """Reads each."""

    def _is_second(self, field: str, value: bytes) -> bool:
        return False


def text(number: int, ref: str, status: str, age: int) -> bytes:
    order = order_json(Order(born=NOW, touched=NOW - age * DAY, permId=number, ref=ref, place=PLACE, clientId=5))
    told = {**order, "status": status, "alive": status == "Submitted", "apiOrderId": number or None}
    return json.dumps(told, separators=(",", ":")).encode()


NUMBERS = st.integers(0, 3)
NAMES = st.sampled_from(["", "a", "b", "1", "t"])
TEXTS = st.builds(text, NUMBERS, NAMES, st.sampled_from(["Cancelled", "Filled", "Submitted"]), st.sampled_from([0, 8]))
FIELDS = st.sampled_from([b"1", b"2", b"3", b"a", b"b", b"t"])


def read(kind: type[Reading], fields: list[tuple[bytes, bytes]]) -> tuple[Any, ...]:
    """All that can be seen of it; a hash is scanned again when it has to be."""
    cache = OrderCache(5)
    seen: set[int] = set()
    found = kind(cache._index, cache.departures.archive, seen.add, NOW - 7 * DAY)
    found.begin(PLACE)
    again = 0
    while again < 2:
        for field, value in fields:
            found.take(field, value)
        ending = found.end()
        with pytest.raises(StopIteration) as end:
            while True:
                next(ending)
        if not end.value.value:
            break
        again += 1
    archive = found.archive
    numbers = [number for number in (1, 2, 3) if number in archive]
    names = {ref: sorted(archive.called(ref=ref)) for ref in ("a", "b", "1")}
    old = sorted((each.number, each.fields) for each in found.old())
    counts = archive.filled, archive.dead, len(archive)
    return numbers, names, old, counts, found.seen, found.texts, seen, again


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(FIELDS, TEXTS), max_size=6), st.data())
def test_a_second_field_is_what_it_would_be_read_as(fields: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    """In any order, and some of it twice; both fields of an order often have one text."""
    pairs = [(field, value) for _, value in fields for field in _names_of(value)]
    scanned = data.draw(st.permutations(fields + pairs + fields[:2]))
    assert read(Reading, scanned) == read(EveryField, scanned)


def _names_of(value: bytes) -> list[bytes]:
    order = json.loads(value)
    return [str(name).encode() for name in (order["i"], order["client_oid"]) if name]


def test_a_second_field_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is what it is for: half of all that is read before a snapshot."""
    parsed: list[bytes] = []

    def loads(value: bytes) -> Any:
        parsed.append(value)
        return json.loads(value)

    monkeypatch.setattr("ibgw_tx.orders.cache.reading.json_text.loads", loads)
    value = text(1, "a", "Filled", 0)
    for fields in ([b"1", b"a"], [b"a", b"1"]):
        parsed.clear()
        numbers, names, *_ = read(Reading, [(field, value) for field in fields])
        assert (numbers, names["a"], len(parsed)) == ([1], [1], 1)

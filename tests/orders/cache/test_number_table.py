"""The table of numbers against what it stands for, and what it costs when it is large."""

from __future__ import annotations

import gc
import sys
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.orders.cache.number_table import LOAD, SWEPT, NumberTable

#: Few, so that they meet; and the ends of what 64 bits hold.
NUMBERS = st.one_of(st.integers(0, 40), st.sampled_from([2**63, 2**64 - 1]), st.integers(900_000_000, 900_020_000))


def model(pairs: list[tuple[int, int]]) -> dict[int, list[int]]:
    """What stands under each key, in its order."""
    found: dict[int, list[int]] = defaultdict(list)
    for key, value in pairs:
        if value not in found[key]:
            found[key].append(value)
    return found


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), st.lists(st.tuples(NUMBERS, NUMBERS)), st.integers(0, 40))
def test_it_is_a_dictionary_of_lists(added: list[tuple[int, int]], gone: list[tuple[int, int]], most: int) -> None:
    """Whatever is added, taken away and not wanted any more."""
    table, wanted = NumberTable(), model(added)
    for key, value in added:
        table.add(key, value)
    for key, value in [*gone, *added[::3]]:
        table.discard(key, value)
        if value in wanted[key]:
            wanted[key].remove(value)
    assert len(table) == sum(map(len, wanted.values()))
    assert bool(table) is (len(table) > 0)
    for key in [*wanted, *(key + 1 for key in list(wanted) if key < 2**63)]:
        assert table.of(key) == wanted.get(key, [])
    for _ in range(2000 // SWEPT):
        table.keep(lambda value: value > most)
    for key in wanted:
        assert table.of(key) == [value for value in wanted[key] if value > most]
    table.clear()
    assert len(table) == 0
    assert not any(map(table.of, wanted))


def test_a_large_one_costs_what_a_small_one_does() -> None:
    """permIds as TWS gives them, and hashes of names: no bucket grows with the table, and nothing is lost on the way."""
    for step in (1, 2, 7):
        table = NumberTable()
        for number in range(0, 60_000 * step, step):
            table.add(900_000_000 + number, number)
        assert table.fullest <= 6 * LOAD
        assert all(table.of(900_000_000 + number) == [number] for number in range(0, 60_000 * step, step))


def test_an_entry_takes_some_thirty_bytes() -> None:
    """A dictionary takes more than a hundred."""
    table = NumberTable()
    for number in range(100_000):
        table.add(hash(str(number)) & (2**64 - 1), number)
    gc.collect()
    held = sum(map(sys.getsizeof, table._buckets)) + sys.getsizeof(table._buckets)
    assert held / len(table) < 35

"""Depth messages, applied as TWS means them, always give the market's own book."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibgw_tx.sim.market.book import ASK, BID, DELETE, INSERT, UPDATE, Book, Row
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.server.simulator import default_catalogue
from tests.sim.kit.bench import AAPL, BRR5, ES, EURUSD, NOON, SPX, TENCENT

CATALOGUE = default_catalogue()


class Reader:
    """A subscriber that keeps rows by TWS's rules; it raises for a row that cannot be."""

    def __init__(self, limit):
        self.limit, self.sides = limit, ([], [])

    def apply(self, ops):
        for op in ops:
            rows = self.sides[op.side]
            if op.operation == INSERT:
                assert 0 <= op.position <= len(rows)
                rows.insert(op.position, Row(op.price, op.size, op.maker))
                del rows[self.limit :]
            elif op.operation == UPDATE:
                assert op.position < len(rows)
                rows[op.position] = Row(op.price, op.size, op.maker)
            else:
                assert op.operation == DELETE
                assert op.position < len(rows)
                del rows[op.position]


def agree(reader, view):
    return all(reader.sides[side] == view.rows(side) for side in (BID, ASK))


edits = st.lists(
    st.tuples(st.sampled_from(("insert", "resize", "delete", "replace")), st.sampled_from((BID, ASK)),
              st.integers(0, 30), st.integers(1, 30), st.sampled_from("ABC")),
    max_size=60,
)


def edit(book, what, side, index, number, maker):
    rows = book.rows[side]
    if what == "insert":
        book.insert(side, Row(number, number, maker))
    elif rows:
        index %= len(rows)
        if what == "resize":
            book.resize(side, index, number)
        elif what == "delete":
            book.delete(side, index)
        else:
            book.replace(side, index, rows[index]._replace(price=rows[index].price, size=number))


@settings(max_examples=300)
@given(edits, edits, st.integers(1, 12), st.sampled_from(("", "A", "B")))
def test_a_view_told_from_any_moment_on_agrees_with_the_book(before, after, limit, maker):
    book = Book()
    for one in before:
        edit(book, *one)
    view, reader = book.watch(maker, limit), Reader(limit)
    reader.apply(view.opening())
    assert agree(reader, view)
    for one in after:
        edit(book, *one)
    reader.apply(view.drain())
    assert agree(reader, view)


@settings(max_examples=100)
@given(edits, edits, st.integers(1, 12))
def test_an_exact_book_is_reached_from_any_other(before, wanted, limit):
    book, target = Book(), Book()
    for one in before:
        edit(book, *one)
    for one in wanted:
        edit(target, *one)
    view, reader = book.watch("", limit), Reader(limit)
    reader.apply(view.opening())
    for side in (BID, ASK):
        book.rewrite(side, list(target.rows[side]))
    reader.apply(view.drain())
    assert book.rows == target.rows
    assert agree(reader, view)


def test_a_row_pushed_past_the_limit_is_not_told_and_comes_back_as_an_insert():
    book = Book()
    for price in (9, 8, 7):
        book.insert(BID, Row(price, 1, "X"))
    view = book.watch("", 2)
    book.insert(BID, Row(10, 1, "X"))
    assert [(op.operation, op.position) for op in view.drain()] == [(INSERT, 0)]
    book.delete(BID, 0)
    assert [(op.operation, op.position, op.price) for op in view.drain()] == [(DELETE, 0, 0), (INSERT, 1, 8)]
    book.insert(BID, Row(1, 1, "X"))
    assert view.drain() == []


@pytest.mark.parametrize("con_id", [AAPL, BRR5, ES, EURUSD, TENCENT, 13905605, 700000101, 72276551])
@pytest.mark.parametrize("limit", [1, 5, 10])
def test_the_walk_keeps_a_believable_book_and_every_subscriber_in_step(con_id, limit):
    market = Market(CATALOGUE, 3)
    one = CATALOGUE.instruments[con_id]
    walk = market.walk(one, NOON)
    readers = []
    for maker in ("", one.books[0]):
        view, reader = walk.book.watch(maker, limit), Reader(limit)
        reader.apply(view.opening())
        readers.append((view, reader))
    for turn in range(1500):
        walk.step(NOON + turn * 0.1)
        bids, asks = walk.book.rows[BID], walk.book.rows[ASK]
        assert bids[0].price < asks[0].price, "crossed after a step"
        assert [r.price for r in bids] == sorted((r.price for r in bids), reverse=True)
        assert [r.price for r in asks] == sorted(r.price for r in asks)
        assert all(len({(r.price, r.maker) for r in rows}) == len(rows) for rows in (bids, asks))
        assert all(r.size > 0 and r.price > 0 and r.size % one.wire_lot == 0 for r in (*bids, *asks))
        for view, reader in readers:
            reader.apply(view.drain())
            assert agree(reader, view)
    for maker in one.books:
        assert min(sum(1 for r in walk.book.rows[s] if r.maker == maker) for s in (BID, ASK)) >= 10
    spread = walk.ladder.real(walk.book.rows[ASK][0].price - walk.book.rows[BID][0].price)
    assert spread < one.price * 0.01 or one.sec_type == "OPT"
    fair = walk.fair(NOON + 150)
    assert abs(walk.middle() - fair) <= max(0.005 * fair, 6 * walk.ladder.real(walk.ladder.step_above(bids[0].price)))
    assert walk.count > 20


def test_the_same_seed_gives_the_same_market_and_another_seed_another():
    def run(seed):
        walk = Market(CATALOGUE, seed).walk(CATALOGUE.instruments[ES], NOON)
        for turn in range(200):
            walk.step(NOON + turn)
        return walk.book.rows

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_who_is_asked_first_does_not_change_the_others():
    def es(first):
        market = Market(CATALOGUE, 1)
        for con_id in first:
            market.walk(CATALOGUE.instruments[con_id], NOON).step(NOON)
        return market.walk(CATALOGUE.instruments[ES], NOON).book.rows

    assert es([]) == es([AAPL, EURUSD])


def test_two_multipliers_of_one_thing_have_one_fair_price():
    market = Market(CATALOGUE, 1)
    fairs = [market.fair(CATALOGUE.instruments[c])(NOON) for c in (790001, 790002)]
    assert fairs[0] == fairs[1]


def test_an_index_has_a_price_and_no_book():
    walk = Market(CATALOGUE, 1).walk(CATALOGUE.instruments[SPX], NOON)
    walk.step(NOON + 60)
    assert walk.book.rows == ([], [])
    assert 4000 < walk.ladder.real(walk.last) < 9000


def test_moments_of_a_crossed_book_happen_inside_a_step():
    """As on the real wire: the new price may come before the other side's rows are gone."""
    walk = Market(CATALOGUE, 2).walk(CATALOGUE.instruments[ES], NOON)
    view, crossed = walk.book.watch("", 10), 0
    reader = Reader(10)
    reader.apply(view.opening())
    for turn in range(800):
        walk.step(NOON + turn)
        for op in view.drain():
            reader.apply([op])
            bids, asks = reader.sides[BID], reader.sides[ASK]
            crossed += bool(bids and asks and bids[0].price >= asks[0].price)
    assert crossed > 5


def test_the_walk_uses_only_the_random_numbers_it_was_given():
    one = CATALOGUE.instruments[ES]
    walk = Market(CATALOGUE, 1).walk(one, NOON)
    state = walk.rng.getstate()
    before = Random.getstate(Random(0))
    walk.step(NOON)
    assert walk.rng.getstate() != state
    assert Random.getstate(Random(0)) == before

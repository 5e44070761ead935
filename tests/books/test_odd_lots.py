"""Odd lots beside level 1: what is told, and when it is news."""

import pytest

from ibgw_tx.books.odd_lots import OddLotRows, check_odd_lots
from ibgw_tx.model.errors import CommandError
from tests.kit.contracts import AAPL, HK1137


def test_a_side_is_told_with_its_price_and_nothing_is_news_twice():
    rows = OddLotRows()
    rows.start()
    assert rows and rows.document(5) is None
    rows.size("bid", 3)
    assert rows.changed and rows.document(5) == {"bid": None, "ask": None, "t": 5} and not rows.changed
    rows.price("bid", 10.5)
    rows.exchange("bid", "Q")
    assert rows.document(6)["bid"] == {"p": 10.5, "s": 3, "x": "Q"}
    rows.price("bid", 10.5)
    assert not rows.changed
    rows.price("bid", -1)
    assert rows.changed and rows.document(7)["bid"] is None
    rows.clear()
    assert not rows and rows.document(8) is None


def test_it_never_speaks_on_a_books_channel():
    rows = OddLotRows()
    rows.price("bid", 10.5)
    assert rows.texts(1) == (b"[]", b"[]") and rows.best() is None


def test_it_is_refused_where_there_are_none():
    check_odd_lots(AAPL, 225)
    for contract, version, text in ((HK1137, 226, "US stocks"), (AAPL, 224, "server version 225")):
        with pytest.raises(CommandError, match=text):
            check_odd_lots(contract, version)

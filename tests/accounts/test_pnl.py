"""Profit and loss as told: nothing of IB's sentinels, positions that come and go."""

from ibgw_tx.accounts.pnl import Pnl as Figures
from ibgw_tx.model.events import Pnl, PnlSingle


def test_figures_that_ib_does_not_give_are_null():
    figures = Figures()
    assert figures.document({}, 5) == {"daily": None, "unrealized": None, "realized": None, "positions": {}, "t": 5}
    figures.told(Pnl(1, -3.5, None, 2.0))
    assert figures.changed
    assert figures.document({}, 6) == {"daily": -3.5, "unrealized": None, "realized": 2.0, "positions": {}, "t": 6}
    figures.told(Pnl(1, -3.5, None, 2.0))
    assert not figures.changed


def test_positions_come_and_go():
    figures = Figures()
    figures.told_single(7, PnlSingle(2, 100, 1.0, 2.0, 3.0, 400.0))
    figures.told_single(8, PnlSingle(3, 5, None, None, None, None))
    names = {7: "NASDAQ:STK:USD-AAPL", 8: "SEHK:STK:HKD-1"}
    found = figures.document(names, 1)["positions"]
    assert found["NASDAQ:STK:USD-AAPL"] == {
        "conId": 7, "pos": 100, "daily": 1.0, "unrealized": 2.0, "realized": 3.0, "value": 400.0
    }  # fmt: skip
    assert set(found) == set(names.values()) and not figures.changed
    figures.keep_only([8])
    assert figures.changed and list(figures.document(names, 1)["positions"]) == ["SEHK:STK:HKD-1"]

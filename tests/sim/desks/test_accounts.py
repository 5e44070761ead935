"""Accounts, positions, summaries and PnL."""

import pytest

from tests.sim.kit.bench import AAPL, ES, Bench, codes, contract, depth, of


@pytest.fixture
def bench():
    made = Bench(accounts=("DU1", "DU2"))
    yield made
    made.simulator.stopService()


def values(messages):
    return {(m[2], m[4]): m[3] for m in of(messages, 6)}


def test_a_download_is_values_portfolio_time_and_end(peer):
    heard = peer.ask(6, 2, 1, "DU1")
    assert heard[-1] == ["54", "1", "DU1"]
    assert heard[-2] == ["8", "1", "12:00"]
    found = values(heard)
    assert found["AccountReady", ""] == "true"
    assert {"BASE", "USD", "HKD", "EUR", "JPY"} <= {cur for _, cur in found}
    assert found["CashBalance", "USD"] == "484333.21"
    assert found["CashBalance", "HKD"] == "250000.00"
    assert found["ExchangeRate", "BASE"] == "1.00"
    assert {m[5] for m in of(heard, 6)} == {"DU1"}
    assert [m[2] for m in of(heard, 7)] == ["265598", "150968210", "780001", "700000101"]


def test_the_figures_add_up(peer):
    heard = peer.ask(6, 2, 1, "DU1")
    found = values(heard)
    cash = sum(float(found["CashBalance", c]) * float(found["ExchangeRate", c]) for c in ("USD", "HKD", "EUR", "JPY"))
    assert float(found["CashBalance", "BASE"]) == pytest.approx(cash, abs=0.1)
    parts = ("CashBalance", "StockMarketValue", "OptionMarketValue", "FuturesPNL")
    net = sum(float(found[key, "BASE"]) for key in parts)
    assert float(found["NetLiquidation", "USD"]) == pytest.approx(net, abs=0.1)
    assert float(found["NetLiquidationByCurrency", "BASE"]) == pytest.approx(net, abs=0.1)
    stock = sum(float(m[15]) for m in of(heard, 7) if m[4] == "STK" and m[10] == "USD")
    assert float(found["StockMarketValue", "USD"]) == pytest.approx(stock, abs=0.01)


def test_the_second_account_has_twice_as_much(peer):
    one, two = peer.ask(74, 1, 1, "DU1", ""), peer.ask(74, 1, 2, "DU2", "")
    assert [float(m[15]) * 2 for m in of(one, 71)] == [float(m[15]) for m in of(two, 71)]


def test_later_only_changes_come(peer):
    first = peer.ask(6, 2, 1, "DU1")
    peer.bench.advance(10)
    later = peer.heard()
    assert 0 < len(of(later, 6)) < len(of(first, 6)) * 3
    assert of(later, 7)
    assert not of(later, 54)
    assert "AccountType" not in {m[2] for m in of(later, 6)}
    peer.bench.simulator.freeze()
    peer.bench.advance(4)
    peer.heard()
    peer.bench.advance(4)
    assert of(peer.heard(), 7) == []


def test_the_portfolio_moves_with_the_books(peer):
    peer.ask(*depth(1, *contract(AAPL, exchange="NASDAQ")))
    peer.ask(6, 2, 1, "DU1")
    trouble = peer.bench.simulator.trouble
    trouble.set_book(AAPL, [(300.0, 500)], [(300.02, 500)])
    peer.bench.advance(4)
    row = next(m for m in of(peer.heard(), 7) if m[2] == str(AAPL))
    assert float(row[14]) == pytest.approx(300.01)
    assert float(row[15]) == pytest.approx(30001.0)


def test_a_second_account_replaces_the_first(peer):
    peer.ask(6, 2, 1, "DU1")
    heard = peer.ask(6, 2, 1, "DU2")
    assert codes(heard) == [2100]
    assert heard[-1] == ["54", "1", "DU2"]
    peer.bench.advance(4)
    assert {m[5] for m in of(peer.heard(), 6)} == {"DU2"}


def test_another_client_cannot_have_another_account_at_the_same_time(bench):
    one, two = bench.peer(1), bench.peer(2)
    one.ask(6, 2, 1, "DU1")
    assert codes(two.ask(6, 2, 1, "DU2")) == [2101]
    assert of(two.ask(6, 2, 1, "DU1"), 54)
    assert one.ask(6, 2, 0, "DU1") == []
    two.ask(6, 2, 0, "DU1")
    assert of(one.ask(6, 2, 1, "DU2"), 54)


def test_an_unknown_account_is_refused_and_none_is_the_first(peer):
    assert codes(peer.ask(6, 2, 1, "U999")) == [321]
    assert peer.ask(6, 2, 1, "")[-1] == ["54", "1", "DU1"]


def test_several_accounts_at_once_by_the_multi_request(peer):
    heard = peer.ask(76, 1, 5, "DU1", "", 1) + peer.ask(76, 1, 6, "DU2", "", 1)
    assert len(of(heard, 74)) == 2
    assert {m[3] for m in of(heard, 73) if m[2] == "6"} == {"DU2"}
    peer.bench.advance(7)
    assert {m[2] for m in of(peer.heard(), 73)} == {"5", "6"}
    peer.ask(77, 1, 5)
    peer.bench.advance(7)
    assert {m[2] for m in of(peer.heard(), 73)} == {"6"}


def test_the_ledger_and_the_net_value_alone_can_be_asked_for(peer):
    assert "BuyingPower" in {m[5] for m in of(peer.ask(76, 1, 5, "DU1", "", 0), 73)}
    keys = {m[5] for m in of(peer.ask(76, 1, 6, "DU1", "", 1), 73)}
    assert {"CashBalance", "NetLiquidation"} <= keys
    assert "BuyingPower" not in keys


def test_positions_of_all_accounts_end_once_and_changes_follow(peer):
    heard = peer.ask(61, 1)
    assert [m[2] for m in of(heard, 61)] == ["DU1"] * 4 + ["DU2"] * 4
    assert heard[-1] == ["62", "1"]
    peer.bench.simulator.trouble.set_position("DU2", ES, 0, 0.0)
    (row,) = of(peer.heard(), 61)
    assert (row[2], row[3], row[14]) == ("DU2", str(ES), "0")
    peer.ask(64, 1)
    peer.bench.simulator.trouble.set_position("DU2", ES, 3, 300000.0)
    assert of(peer.heard(), 61) == []


def test_a_closed_position_stays_in_the_portfolio_with_nothing(peer):
    peer.ask(6, 2, 1, "DU1")
    peer.bench.simulator.trouble.set_position("DU1", AAPL, 0, 0.0)
    (row,) = of(peer.heard(), 7)
    assert (row[2], row[13]) == (str(AAPL), "0")
    again = of(peer.ask(6, 2, 1, "DU1"), 7)
    assert str(AAPL) in {m[2] for m in again}


def test_a_summary_has_the_tags_asked_for_of_every_account(peer):
    heard = peer.ask(62, 1, 9, "All", "NetLiquidation,AccountType,Nonsense")
    assert [(m[3], m[4]) for m in of(heard, 63)] == [
        ("DU1", "NetLiquidation"), ("DU1", "AccountType"), ("DU2", "NetLiquidation"), ("DU2", "AccountType")]
    assert heard[-1] == ["64", "1", "9"]


def test_a_summary_of_ledgers(peer):
    heard = of(peer.ask(62, 1, 9, "All", "$LEDGER:HKD"), 63)
    assert {m[6] for m in heard} == {"HKD"}
    assert {m[4] for m in heard} >= {"CashBalance", "NetLiquidationByCurrency"}
    assert {m[6] for m in of(peer.ask(62, 1, 8, "All", "$LEDGER"), 63)} == {"BASE"}


def test_a_third_summary_is_refused(peer):
    peer.ask(62, 1, 1, "All", "NetLiquidation")
    peer.ask(62, 1, 2, "All", "NetLiquidation")
    assert codes(peer.ask(62, 1, 3, "All", "NetLiquidation")) == [322]
    peer.ask(63, 1, 1)
    assert of(peer.ask(62, 1, 3, "All", "NetLiquidation"), 64)
    assert codes(peer.ask(62, 1, 4, "Nobody", "NetLiquidation")) == [321]


def test_profit_and_loss_come_at_once_and_with_the_market(peer):
    assert len(peer.ask(92, 1, "DU1", "")) == 1
    (single,) = peer.ask(94, 2, "DU1", "", AAPL)
    assert single[2] == "100"
    peer.bench.advance(5)
    heard = peer.heard()
    assert of(heard, 94) and of(heard, 95)
    peer.ask(93, 1)
    peer.ask(95, 2)
    peer.bench.advance(5)
    assert peer.heard() == []
    assert codes(peer.ask(93, 1) + peer.ask(95, 2)) == [10185, 10186]


def test_a_position_that_is_not_there_has_unset_figures(peer):
    (row,) = peer.ask(94, 2, "DU1", "", 8314)
    assert row[2:] == ["0", *["1.7976931348623157E308"] * 4]

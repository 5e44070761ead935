"""The balance: a download counts as a whole or not at all."""

import json

import attrs
import pytest

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.position import Position
from tests.kit.contracts import AAPL, BRR5

REDUCED = Contract(conId=AAPL.conId, symbol="AAPL", secType="STK", primaryExchange="NASDAQ", currency="USD")


def row(contract=REDUCED, pos=100, **figures):
    members = {"avgCost": 150.0, "marketPrice": 160.0, "marketValue": 16000.0, "unrealPnl": 1000.0, "realPnl": 0.0, **figures}
    return Position(contract, pos, **members)


@pytest.fixture
def book():
    """One whole download: 500 USD and 100 AAPL."""
    made = Balance("DU1")
    made.begin()
    made.value("CashBalance", "500.25", "USD")
    made.position(row())
    assert made.end()
    return made


def shown(book, known=None):
    return json.loads(jsontext.dumps(book.document(known or {})))


def test_cash_and_positions_are_shown_under_their_names(book):
    assert shown(book, {AAPL.conId: AAPL}) == {
        "USD": {"type": "cash", "currency": "USD", "balance": 500.25},
        "NASDAQ:STK:USD-AAPL": {
            "type": "position", "contract": AAPL.to_json(), "pos": 100, "avgCost": 150, "marketPrice": 160, "marketValue": 16000,
            "unrealPnl": 1000, "realPnl": 0,
        },
    }  # fmt: skip


def test_a_position_without_details_goes_by_its_own_row(book):
    assert "NASDAQ:STK:USD-AAPL" in shown(book)


def test_the_pseudo_currency_base_and_other_keys_are_left_out(book):
    book.value("CashBalance", "1000", "BASE")
    book.value("CashBalance", "1000", "")
    book.value("NetLiquidation", "1000", "USD")
    book.value("CashBalance-C", "7", "USD")
    assert shown(book)["USD"]["balance"] == 500.25 and len(shown(book)) == 2


def test_total_cash_serves_where_cash_is_missing(book):
    book.value("TotalCashBalance", "7", "HKD")
    book.value("TotalCashBalance", "9", "USD")
    assert shown(book)["HKD"]["balance"] == 7 and shown(book)["USD"]["balance"] == 500.25


def test_a_download_shows_nothing_before_its_end(book):
    book.begin()
    book.value("CashBalance", "1", "EUR")
    book.position(row(BRR5))
    assert set(shown(book)) == {"USD", "NASDAQ:STK:USD-AAPL"}
    assert book.end()
    assert set(shown(book)) == {"EUR", "CMECRYPTO:FUT:USD-BRR@20210625@5"}


def test_a_download_given_up_changes_nothing(book):
    book.begin()
    book.value("CashBalance", "1", "EUR")
    book.abandon()
    book.value("CashBalance", "501", "USD")
    assert shown(book)["USD"]["balance"] == 501 and "EUR" not in shown(book)


def test_a_download_does_not_end_while_the_account_is_not_ready():
    book = Balance("DU1")
    book.begin()
    book.value("accountReady", "false", "")
    assert not book.end() and not book.complete
    book.value("accountReady", "true", "")
    assert book.end() and book.complete


def test_an_end_without_a_download_says_what_is_known(book):
    assert book.end()
    assert not Balance("DU2").end()


@pytest.mark.parametrize("text", ["", "N/A", "1,000", "nan", "1.7976931348623157E308"])
def test_a_value_that_is_no_number_is_skipped_and_counted(book, text):
    assert not book.value("CashBalance", text, "USD")
    assert book.skipped == 1 and shown(book)["USD"]["balance"] == 500.25


def test_a_closed_position_stays_with_pos_0_until_the_next_snapshot(book):
    book.position(row(pos=0))
    assert shown(book)["NASDAQ:STK:USD-AAPL"]["pos"] == 0
    book.begin()
    book.end()
    assert shown(book) == {}


def test_changed_says_whether_the_document_differs(book):
    assert book.changed
    book.document({})
    assert not book.changed
    book.position(row())
    book.value("CashBalance", "500.25", "USD")
    assert not book.changed
    book.position(row(pos=101))
    assert book.changed


def test_unset_figures_are_null(book):
    book.position(row(unrealPnl=None))
    assert shown(book)["NASDAQ:STK:USD-AAPL"]["unrealPnl"] is None


def test_a_position_whose_name_cannot_be_a_name_does_not_keep_the_balance_back(book):
    book.position(row(Contract(conId=9, symbol="A:B", secType="STK", currency="USD")))
    assert set(shown(book)) == {"USD", "NASDAQ:STK:USD-AAPL", "STK:9"}


def test_the_contracts_to_resolve_are_those_of_the_download_while_it_runs(book):
    assert book.contracts() == [REDUCED]
    book.begin()
    book.position(row(BRR5))
    assert book.contracts() == [BRR5]


def test_positions_that_differ_by_trading_class_alone_are_both_there(book):
    option = Contract(
        symbol="SPX", secType="OPT", exchange="SMART", currency="USD", lastTradeDateOrContractMonth="20260619", strike=5000.0,
        right="C", multiplier="100",
    )  # fmt: skip
    twins = [attrs.evolve(option, conId=712, tradingClass="SPXW"), attrs.evolve(option, conId=711, tradingClass="SPX")]
    for pos, twin in enumerate(twins, 1):
        book.position(row(twin, pos))
    found = book.document({})
    name = "SMART:OPT:USD-SPX@20260619@100C5000"
    assert (found[name]["pos"], found[f"{name}#712"]["pos"]) == (2, 1)
    assert found == book.document({})


def test_bonds_of_one_name_are_both_there_too(book):
    stock = Contract(symbol="X", secType="STK", exchange="NYSE", currency="USD")
    for con_id in (9, 8, 7):
        book.position(row(attrs.evolve(stock, conId=con_id), con_id))
    found = book.document({})
    assert [found[name]["pos"] for name in ("NYSE:STK:USD-X", "NYSE:STK:USD-X#8", "NYSE:STK:USD-X#9")] == [7, 8, 9]

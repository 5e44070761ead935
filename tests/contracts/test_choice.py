"""From TWS's answers to the one contract that is meant."""

import attrs
import pytest

from ibgw_tx.contracts.choice import best_row, choose, describe
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from tests.kit.commands import refused
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137


def on(exchange, contract=AAPL):
    return attrs.evolve(contract, exchange=exchange)


def test_no_hit_is_an_unknown_contract():
    assert refused(choose, AAPL, [], "USD-AAPL").code == errors.UNKNOWN_CONTRACT


def test_two_multipliers_are_ambiguous_and_named():
    error = refused(choose, BRR5, [BRR5, BRR01], "USD-BRR@202106")
    assert error.code == errors.AMBIGUOUS_CONTRACT
    assert "CMECRYPTO/FUT/USD-BRR@20210625@0.1" in error.text and "CMECRYPTO/FUT/USD-BRR@20210625@5" in error.text


def test_the_hit_whose_pair_is_exactly_the_one_asked_for_is_meant():
    plain = attrs.evolve(BRR5, conId=9, multiplier="")
    assert choose(plain, [BRR5, plain, BRR01], "CMECRYPTO/FUT/USD-BRR@20210625") is plain


def test_rows_of_one_conid_are_one_contract():
    rows = [on("ARCA"), on("SMART"), on("NASDAQ")]
    assert choose(Contract(exchange="ARCA"), rows, "USD-AAPL").exchange == "ARCA"


@pytest.mark.parametrize(
    ("asked", "rows", "best"),
    [
        ("ARCA", ["SMART", "ARCA"], "ARCA"),
        ("arca", ["SMART", "ARCA"], "ARCA"),
        ("", ["ARCA", "SMART", "NASDAQ"], "SMART"),
        ("", ["ARCA", "NASDAQ"], "NASDAQ"),
        ("", ["ARCA", "BATS"], "ARCA"),
        ("IEX", ["ARCA", "SMART"], "SMART"),
    ],
)
def test_the_best_row_is_on_the_exchange_asked_for_else_smart_else_listing(asked, rows, best):
    assert best_row(Contract(exchange=asked), [on(exchange) for exchange in rows]).exchange == best


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Contract(conId=7), "conId 7"),
        (Contract(conId=7, exchange="CME"), "conId 7 on CME"),
        (HK1137, "conId 1137 on SEHK"),
        (Contract(secType="STK", symbol="AAPL", currency="USD", exchange="SMART"), "SMART/STK/USD-AAPL"),
    ],
)
def test_a_question_is_described_in_one_line(asked, text):
    assert describe(asked) == text

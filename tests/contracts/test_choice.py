"""From TWS's answers to the one contract that is meant."""

import attrs
import pytest

from ibgw_tx.contracts.choice import best_row, choose, describe, refuse_other
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


OPTION = attrs.evolve(
    AAPL, conId=7, secType="OPT", strike=150.0, right="C", multiplier="100", lastTradeDateOrContractMonth="20260116"
)


@pytest.mark.parametrize(
    ("member", "given"),
    [
        ("symbol", "MSFT"), ("secType", "FUT"), ("currency", "HKD"), ("strike", 155.0), ("right", "P"), ("multiplier", "10"),
        ("lastTradeDateOrContractMonth", "20260117"), ("localSymbol", "MSFT"), ("tradingClass", "AAPL1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_id_is_refused_by_name(member, given):
    stands = attrs.evolve(OPTION, localSymbol="AAPL  1", tradingClass="AAPL")
    error = refused(refuse_other, attrs.evolve(Contract(conId=7), **{member: given}), stands)
    assert error.code == errors.BAD_PARAMS and error.text.startswith(f"contract.{member} {given!r} does not fit conId 7, whose ")


@pytest.mark.parametrize(
    "asked",
    [
        OPTION, Contract(conId=7), Contract(conId=7, symbol="aapl", localSymbol="x"), Contract(symbol="SPXW", secType="OPT"),
        Contract(conId=7, multiplier="100.0"), Contract(conId=7, lastTradeDateOrContractMonth="202602"),
    ],
)  # fmt: skip
def test_what_fits_or_says_nothing_is_taken(asked):
    refuse_other(asked, attrs.evolve(OPTION, localSymbol=""))


def test_a_bond_has_several_symbols_and_a_continuous_future_is_one():
    refuse_other(Contract(conId=7, symbol="US91"), attrs.evolve(OPTION, secType="BOND"))
    refuse_other(Contract(conId=7, secType="CONTFUT"), attrs.evolve(OPTION, secType="FUT"))


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

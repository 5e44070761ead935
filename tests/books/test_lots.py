"""The rule of lots."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.books.lots import size_factor
from ibgw_tx.model.contract import Contract
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137


@pytest.mark.parametrize(
    ("contract", "lots", "factor"),
    [
        (AAPL, 100, 100),
        (AAPL, None, 1),
        (BRR5, 1, 5),
        (BRR01, 1, Decimal("0.1")),
        (BRR01, None, Decimal("0.1")),
        (HK1137, 100, 1),
        (Contract(exchange="SMART", primaryExchange="HKFE", multiplier="50"), 100, 1),
        (Contract(exchange="CME", multiplier="junk"), 0, 1),
        (Contract(exchange="CME", multiplier="-5"), -1, 1),
        (Contract(exchange="CME", multiplier="1e-20"), 1, 1),
        (Contract(exchange="CME", multiplier="1e300"), 1, 1),
        (Contract(exchange="CME", multiplier="2"), 1.7976931348623157e308, 2),
    ],
)
def test_sizes_count_lots_times_multiplier_but_in_hong_kong(contract, lots, factor):
    found = size_factor(contract, lots, 157)
    assert found == factor and isinstance(found, int if factor == int(factor) else Decimal)


@pytest.mark.parametrize(("version", "factor"), [(157, 100), (158, 100), (159, 1), (163, 1), (178, 1), (223, 1)])
def test_a_bot_sees_shares_of_us_stocks_at_every_version(version, factor):
    assert size_factor(AAPL, 100, version) == factor


def test_from_version_159_on_other_contracts_keep_their_factors():
    assert size_factor(BRR5, 10, 178) == 50 and size_factor(HK1137, 100, 178) == 1


@given(st.one_of(st.none(), st.floats(), st.integers()), st.text(max_size=8))
def test_a_size_factor_is_above_zero_whatever_tws_sends(lots, multiplier):
    assert size_factor(Contract(exchange="CME", multiplier=multiplier), lots, 157) > 0

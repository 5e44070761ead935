"""The table of order types: which prices TWS may tell of each, and when its 0 means that there is none."""

import pytest

from ibgw_tx.model.order_events import Terms
from ibgw_tx.model.order_types import PRICES, TYPES, type_told


def told(kind, **prices):
    terms = Terms(orderType=kind, **prices)
    return terms.lmtPrice, terms.auxPrice, terms.trailingPercent


@pytest.mark.parametrize(
    ("kind", "prices", "shown"),
    [
        ("MKT", {"lmtPrice": 0.0, "auxPrice": 0.0}, (None, None, None)),
        ("MOO", {"lmtPrice": 0.0, "auxPrice": 0.0}, (None, None, None)),
        ("LOO", {"lmtPrice": 0.0, "auxPrice": 0.0}, (0, None, None)),
        ("LMT", {"lmtPrice": 0.0, "auxPrice": 0.0}, (0, None, None)),
        ("STP LMT", {"lmtPrice": 0.0, "auxPrice": 0.0}, (0, 0, None)),
        ("TRAIL", {"lmtPrice": 9.0, "auxPrice": 0.5, "trailingPercent": 0.0}, (None, 0.5, None)),
        ("TRAIL", {"auxPrice": 0.0, "trailingPercent": 2.5}, (None, None, 2.5)),
        ("TRAIL LIMIT", {"lmtPrice": 0.0, "auxPrice": 0.5}, (None, 0.5, None)),
        ("TRAIL LIMIT", {"lmtPrice": 99.5, "auxPrice": 0.0, "trailingPercent": 1.0}, (99.5, None, 1)),
        ("REL", {"lmtPrice": 0.0, "auxPrice": 0.02}, (None, 0.02, None)),
        ("SOMETHING NEW", {"lmtPrice": 3.0, "auxPrice": 0.0}, (3, None, None)),
    ],
)
def test_a_price_is_told_only_where_the_type_has_one(kind, prices, shown):
    assert told(kind, **prices) == shown


@pytest.mark.parametrize("kind", TYPES)
def test_what_tws_moves_is_a_price_of_the_type(kind):
    rule = TYPES[kind]
    assert set(rule.moved) <= rule.all_taken <= {*PRICES, "lmtPriceOffset"}


def test_a_type_that_nobody_knows_may_have_any_price():
    assert type_told("SOMETHING NEW").all_taken == set(PRICES) and not type_told("SOMETHING NEW").commanded

"""A ladder of whole numbers says yes only where the exact rule does."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.contracts.ladder import ladder_of
from ibgw_tx.contracts.market_rule import flat_rule, is_on_tick, parse_rule
from ibgw_tx.model.figures import clean

HONG_KONG = parse_rule([
    {"low_edge": 0, "price_increment": 0.001}, {"low_edge": 0.25, "price_increment": 0.005},
    {"low_edge": 0.5, "price_increment": 0.01}, {"low_edge": 10, "price_increment": 0.02},
    {"low_edge": 20, "price_increment": 0.05}, {"low_edge": 100, "price_increment": 0.1},
])  # fmt: skip
RULES = [HONG_KONG, flat_rule(0.01), flat_rule(0.00005), flat_rule(0.25), flat_rule(0.0078125), flat_rule(2.5), ()]
steps = st.sampled_from([0.001, 0.0025, 0.005, 0.01, 0.03, 0.25, 1, 5, 0.0078125])
edges = st.sampled_from([0, 0.25, 0.5, 0.503, 1, 10, 100, 1000])
rules = st.sampled_from(RULES) | st.lists(
    st.fixed_dictionaries({"low_edge": edges, "price_increment": steps}), max_size=4, unique_by=lambda band: band["low_edge"]
).map(parse_rule)
prices = st.floats(0.0001, 1e9).map(clean) | st.tuples(st.integers(1, 10**9), st.sampled_from([1, 100, 1000, 10**5])).map(
    lambda pair: clean(pair[0] / pair[1])
)


@given(rules, st.sampled_from([0, 1, 100]), prices)
def test_what_is_on_tick_for_sure_is_on_tick(rule, magnifier, price):
    ladder = ladder_of(rule, magnifier)
    if ladder is not None and ladder.is_on_tick(price):
        assert is_on_tick(price, rule, magnifier)


@given(st.sampled_from(RULES), st.integers(1, 10**7), st.sampled_from([1, 100]))
def test_a_price_as_bots_send_it_is_decided(rule, count, magnifier):
    price = clean(float(Decimal(count) / 1000))
    ladder = ladder_of(rule, magnifier)
    assert ladder is not None and ladder.is_on_tick(price) == is_on_tick(price, rule, magnifier)


@pytest.mark.parametrize("price", [150.25, 0.01, 99999.99])
def test_a_price_of_a_stock_passes(price):
    assert ladder_of(flat_rule(0.01)).is_on_tick(price)
    assert not ladder_of(flat_rule(0.01)).is_on_tick(price + 0.001)


def test_a_rule_finer_than_floats_decide_has_no_ladder():
    assert ladder_of(flat_rule(0.00000000025)) is None


noise = st.floats(0.0001, 1e9) | st.tuples(st.integers(1, 10**9), st.sampled_from([0.01, 0.05, 0.0078125])).map(
    lambda pair: pair[0] * pair[1]
)


@given(st.sampled_from([rule for rule in RULES if rule]), st.sampled_from([1, 100]), noise)
def test_a_price_on_the_ladder_is_clean_as_it_is(rule, magnifier, price):
    if ladder_of(rule, magnifier).is_on_tick(price):
        assert clean(price) == price

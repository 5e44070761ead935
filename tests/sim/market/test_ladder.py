"""Prices on market rules, uneven ones above all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.sim.market.ladder import Ladder
from ibgw_tx.sim.server.simulator import default_catalogue

RULES = default_catalogue().rules
HONG_KONG, TOKYO = RULES.ladder(1047), RULES.ladder(1534)


@pytest.mark.parametrize(
    ("ladder", "price", "up", "down"),
    [(HONG_KONG, 0.25, "0.255", "0.249"), (HONG_KONG, 10.0, "10.02", "9.99"), (HONG_KONG, 100.0, "100.1", "99.95"),
     (HONG_KONG, 415.0, "415.2", "414.8"), (TOKYO, 1000.0, "1000.5", "999.9"), (TOKYO, 3000.0, "3001", "2999.5")],
)
def test_a_step_takes_the_increment_of_its_band(ladder, price, up, down):
    at = ladder.snap(price)
    assert ladder.text(ladder.up(at)) == up
    assert ladder.text(ladder.down(at)) == down


@given(st.sampled_from(sorted(RULES.rules)), st.floats(0.01, 50_000))
def test_up_and_down_undo_each_other_and_stay_on_the_ladder(rule, price):
    ladder = RULES.ladder(rule)
    at = ladder.snap(price)
    assert ladder.down(ladder.up(at)) == at
    assert ladder.snap(ladder.real(at)) == at


def test_prices_are_printed_without_exponent_or_trailing_zeros():
    ladder = Ladder((("0", "0.00005"),))
    assert ladder.text(ladder.snap(1.1)) == "1.1"
    assert ladder.text(ladder.snap(0.00005)) == "0.00005"
    assert Ladder((("0", "5"),)).text(62000) == "62000"

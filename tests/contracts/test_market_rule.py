"""Market rules: real uneven ladders, exact arithmetic, choosing the rule of an exchange."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.contracts.market_rule import BadRule, flat_rule, increment_at, is_on_tick, neighbours, parse_rule, rule_id_for
from ibgw_tx.model.figures import PlainFloat, clean, exact, on_wire, written


def ladder(*rows):
    return parse_rule([{"low_edge": edge, "price_increment": step} for edge, step in rows])


#: HKEX, spread table A until August 2025: a step in each of its eleven bands is uneven to its neighbours.
HONG_KONG = ladder(
    (0, 0.001), (0.25, 0.005), (0.5, 0.01), (10, 0.02), (20, 0.05), (100, 0.1), (200, 0.2), (500, 0.5), (1000, 1), (2000, 2),
    (5000, 5),
)  # fmt: skip
#: Tokyo Stock Exchange, issues that are not in TOPIX 500.
TOKYO = ladder((0, 1), (3000, 5), (5000, 10), (30000, 50), (50000, 100), (300000, 500), (500000, 1000), (3000000, 5000))
#: Tokyo Stock Exchange, TOPIX 500.
TOPIX_500 = ladder((0, 0.1), (1000, 0.5), (3000, 1), (10000, 5), (30000, 10), (100000, 50), (300000, 100))
#: US options outside the penny programme.
US_OPTIONS = ladder((0, 0.05), (3, 0.1))
#: Forex, IB's rule 239.
FOREX = ladder((0, 5e-05))
#: An index such as TICK-NYSE: edges below zero exist.
TICK_NYSE = ladder((-9999, 1), (0, 0.5))


@pytest.mark.parametrize(
    ("rule", "price", "on_tick", "step"),
    [
        (HONG_KONG, 0.249, True, "0.001"),
        (HONG_KONG, 0.25, True, "0.005"),
        (HONG_KONG, 0.251, False, "0.005"),
        (HONG_KONG, 0.495, True, "0.005"),
        (HONG_KONG, 0.505, False, "0.01"),
        (HONG_KONG, 9.99, True, "0.01"),
        (HONG_KONG, 10.01, False, "0.02"),
        (HONG_KONG, 10.02, True, "0.02"),
        (HONG_KONG, 19.98, True, "0.02"),
        (HONG_KONG, 20.02, False, "0.05"),
        (HONG_KONG, 99.95, True, "0.05"),
        (HONG_KONG, 100.05, False, "0.1"),
        (HONG_KONG, 388.2, True, "0.2"),
        (HONG_KONG, 388.3, False, "0.2"),
        (HONG_KONG, 5005.0, True, "5"),
        (HONG_KONG, 9995, True, "5"),
        (TOKYO, 2999, True, "1"),
        (TOKYO, 3001, False, "5"),
        (TOKYO, 4995, True, "5"),
        (TOKYO, 5005, False, "10"),
        (TOKYO, 31050, True, "50"),
        (TOKYO, 31010, False, "50"),
        (TOKYO, 301500, True, "500"),
        (TOPIX_500, 999.9, True, "0.1"),
        (TOPIX_500, 1000.1, False, "0.5"),
        (TOPIX_500, 2345.5, True, "0.5"),
        (TOPIX_500, 3000.5, False, "1"),
        (TOPIX_500, 10005, True, "5"),
        (US_OPTIONS, 2.95, True, "0.05"),
        (US_OPTIONS, 3.05, False, "0.1"),
        (FOREX, 1.10235, True, "0.00005"),
        (FOREX, 1.10233, False, "0.00005"),
        (TICK_NYSE, -3, True, "1"),
        (TICK_NYSE, -3.5, False, "1"),
        (TICK_NYSE, 3.5, True, "0.5"),
    ],
)
def test_a_price_belongs_to_the_band_with_the_greatest_edge_not_above_it(rule, price, on_tick, step):
    assert is_on_tick(price, rule) is on_tick
    assert increment_at(price, rule) == Decimal(step)


def test_a_negative_price_below_every_edge_is_held_to_the_lowest_band():
    assert is_on_tick(-2.45, US_OPTIONS)
    assert is_on_tick(-3.05, US_OPTIONS)
    assert not is_on_tick(-2.46, US_OPTIONS)
    assert neighbours(-2.46, US_OPTIONS) == (Decimal("-2.50"), Decimal("-2.45"))


def test_zero_is_on_every_tick():
    assert all(is_on_tick(0, rule) for rule in (HONG_KONG, TOKYO, FOREX, TICK_NYSE))


def test_without_a_rule_the_minimum_tick_holds_and_without_that_nothing_does():
    assert is_on_tick(10.25, flat_rule(0.25)) and not is_on_tick(10.3, flat_rule(0.25))
    assert flat_rule(0) == flat_rule(1.7976931348623157e308) == flat_rule(float("nan")) == ()
    assert is_on_tick(10.3, ()) and increment_at(10.3, ()) is None


def test_a_treasury_future_moves_by_a_quarter_of_a_thirty_second():
    rule = flat_rule(0.0078125)
    assert is_on_tick(109.8828125, rule) and not is_on_tick(109.88, rule)


def test_corn_has_its_rule_in_dollars_and_its_prices_in_cents():
    rule = ladder((0, 0.0025))
    assert is_on_tick(452.25, rule, 100) and not is_on_tick(452.3, rule, 100)
    assert increment_at(452.25, rule, 100) == Decimal("0.25")
    assert increment_at(452.25, ladder((0, 0.0025), (4, 0.005)), 100) == Decimal("0.5")
    assert increment_at(452.25, rule, 0) == Decimal("0.0025")


def test_float_noise_is_no_reason_to_refuse():
    assert is_on_tick(0.1 + 0.2, flat_rule(0.01))
    assert is_on_tick(1.1 * 3, flat_rule(0.01))
    assert not is_on_tick(0.301, flat_rule(0.01))


def test_an_edge_that_is_no_multiple_of_its_increment_lets_both_grids_through():
    rule = ladder((0, 0.01), (0.33, 0.05))
    assert is_on_tick(0.38, rule) and is_on_tick(0.4, rule) and not is_on_tick(0.41, rule)


def test_the_neighbours_of_a_refused_price_are_on_the_tick():
    assert neighbours(10.03, HONG_KONG) == (Decimal("10.02"), Decimal("10.04"))
    assert neighbours(452.3, ladder((0, 0.0025)), 100) == (Decimal("452.25"), Decimal("452.50"))


@pytest.mark.parametrize(
    ("exchange", "exchanges", "ids", "found"),
    [
        ("SMART", "SMART,NYSE,ARCA", "26,27,28", 26),
        ("arca", "SMART,NYSE,ARCA", "26,27,28", 28),
        ("", "NYSE,SMART", "1,2", 2),
        ("SEHK", "SEHK", "67", 67),
        ("NYSE", "SMART, NYSE", "26, 27", 27),
        ("BATS", "SMART,NYSE", "26,27", None),
        ("NYSE", "SMART,NYSE", "26", None),
        ("NYSE", "NYSE", "", None),
        ("", "", "", None),
        ("NYSE", "NYSE", "-1", None),
        ("NYSE", "NYSE", "9" * 5000, None),
    ],
)
def test_the_rule_of_an_exchange_stands_in_its_place(exchange, exchanges, ids, found):
    assert rule_id_for(exchange, exchanges, ids) == found


@pytest.mark.parametrize(
    "rows", [None, 5, "text", {"low_edge": 0}, [5], [{"low_edge": 0}], [{"low_edge": "0", "price_increment": 1}],
             [{"low_edge": float("inf"), "price_increment": 1}], [{"low_edge": True, "price_increment": 1}]],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_named(rows):
    with pytest.raises(BadRule):
        parse_rule(rows)


def test_bands_may_come_in_any_order_and_idle_ones_are_left_out():
    assert ladder((3, 0.1), (0, 0.05)) == US_OPTIONS
    assert ladder((0, 0), (0, 0.05), (3, 0.1), (9, 1e-30)) == US_OPTIONS
    assert parse_rule([]) == ()


bands = st.sampled_from([HONG_KONG, TOKYO, TOPIX_500, US_OPTIONS, FOREX, TICK_NYSE])


@given(bands, st.data())
def test_every_multiple_of_the_increment_above_an_edge_is_on_the_tick(rule, data):
    place = data.draw(st.integers(0, len(rule) - 1))
    band = rule[place]
    top = rule[place + 1].low_edge if place + 1 < len(rule) else band.low_edge + band.increment * 10**6
    k = data.draw(st.integers(0, int((top - band.low_edge) / band.increment)))
    price = band.low_edge + k * band.increment
    assert is_on_tick(price, rule)
    assert is_on_tick(float(price), rule), "also when it went through a double"
    if k < int((top - band.low_edge) / band.increment):
        assert not is_on_tick(price + band.increment / 3, rule)


@given(bands, st.floats(0, 1e6), st.sampled_from([1, 100]))
def test_the_neighbours_enclose_the_price(rule, price, magnifier):
    below, above = neighbours(price, rule, magnifier)
    assert below <= exact(price) < above
    assert is_on_tick(below, rule, magnifier) or below < rule[0].low_edge * magnifier


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.3"), (1.1 * 3, "3.3"), (2e-05, "0.00002"), (100.0, "100"), (1e14, "100000000000000"), (7, "7"),
     (-0.0, "0"), (109.8828125, "109.8828125"), (65432.12345678, "65432.12345678"), (5e-12, "0.000000000005")],
)  # fmt: skip
def test_a_number_goes_to_tws_as_people_write_it(value, text):
    assert written(clean(value)) == text
    assert str(on_wire(clean(value))) == text
    assert on_wire(clean(value)) == clean(value) == pytest.approx(value)


def test_only_floats_are_dressed_for_the_wire():
    assert type(on_wire(5)) is int and on_wire("x") == "x" and on_wire(True) is True
    assert isinstance(on_wire(0.5), PlainFloat)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.7976931348623157e308, 1e15, -1e15, 1e-13])
def test_no_order_has_such_a_number(value):
    with pytest.raises(ValueError):
        clean(value)


@given(st.decimals(-(10**9), 10**9, places=5))
def test_fifteen_digits_survive_every_step(value):
    assert Decimal(written(clean(float(value)))) == value

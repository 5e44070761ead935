"""Numbers as clients write them: IB's "no value" in all its spellings."""

import math

import pytest

from ibgw_tx.sim.wire import layout as at
from tests.sim.kit.bench import AAPL, frame, unframe
from tests.sim.kit.trader import Trader, contract_of, encoded, order_of

UNSET = "1.7976931348623157e+308"
SPELLINGS = [
    UNSET, "1.7976931348623157E308", "1.79769313486232E+308", "1.797693135e+308", "1.797e308", "-1.7976931348623157e+308",
    "-1.79769313486232E+308", "Infinity", "-Infinity", "inf", "179769313486231570000" + "0" * 288, "1e400",
]


@pytest.mark.parametrize("raw", ["", " ", *SPELLINGS])
def test_no_value_is_known_by_its_size_and_not_by_its_digits(raw):
    assert at.maybe_real(iter([raw])) is None
    assert at.real(iter([raw])) == 0.0


@pytest.mark.parametrize(("raw", "value"), [("1.796e308", 1.796e308), ("-1E+3", -1000.0), ("0", 0.0), ("1.", 1.0)])
def test_a_large_number_is_still_a_number(raw, value):
    assert at.maybe_real(iter([raw])) == at.real(iter([raw])) == value


def test_not_a_number_is_none():
    with pytest.raises(ValueError, match="nan"):
        at.maybe_real(iter(["nan"]))


@pytest.mark.parametrize("raw", ["Infinite", "Infinity", "inf"])
def test_where_infinity_means_something_it_is_said_in_words(raw):
    assert at.maybe_infinite(iter([raw])) == math.inf
    assert at.maybe_infinite(iter(["1.797693135e+308"])) is None


@pytest.mark.parametrize("raw", SPELLINGS)
def test_an_order_whose_client_spells_no_value_its_own_way_is_taken(bench, raw):
    bench.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60)])
    trader = Trader(bench)
    (fields,) = unframe(encoded(157, "placeOrder", 1, contract_of(), order_of("BUY", 10, "LMT", 90.0)))
    places = [20, 55, *(place for place, field in enumerate(fields) if field == UNSET)]  # auxPrice and nbboPriceCap too
    spelled = [raw if place in places else field for place, field in enumerate(fields)]
    heard = trader.hear(trader.peer.feed(frame(*spelled)))
    assert heard[-1] == ("orderStatus", 1, "Submitted", 0, 10)
    assert trader.order().auxPrice == 0

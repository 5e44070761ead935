"""What the server version at the other end lacks is refused by name; the size rules of newer ones are held."""

from decimal import Decimal

import attrs
import pytest

from ibgw_tx.contracts.market_rule import flat_rule
from ibgw_tx.model.errors import BAD_PARAMS, CommandError
from ibgw_tx.model.order_members import ATTACHED, FIELDS, NEVER_SENT, SINCE
from ibgw_tx.orders.entry.checks import ContractFacts, checked
from ibgw_tx.orders.entry.dialect import fit
from ibgw_tx.orders.entry.parse import parse_place_order
from ibgw_tx.orders.entry.request import OrderRequest

STOCK = ContractFacts("STK", flat_rule(0.01), min_size=Decimal("0.0001"), size_increment=Decimal("0.0001"))
SAMPLES = {"bool": True, "str": "X", "int": 5, "float": 1.25}
NEW = sorted(set(SINCE) - ATTACHED)


def request(**members):
    return OrderRequest({"conId": 1}, {"orderType": "LMT", **members})


def text_of(caught):
    assert caught.value.code == BAD_PARAMS and "\n" not in caught.value.text
    return caught.value.text


def test_the_table_has_the_27_members_that_are_new_the_three_that_are_sent_now_and_two_older_ones():
    assert len(SINCE) == 32 and not set(SINCE) & NEVER_SENT
    assert {"autoCancelParent", "imbalanceOnly", "routeMarketableToBbo"} <= set(SINCE)


@pytest.mark.parametrize("name", NEW)
def test_a_member_is_refused_below_its_version_and_kept_from_it_on(name):
    asked = request(**{name: SAMPLES[FIELDS[name]]})
    with pytest.raises(CommandError) as caught:
        fit(asked, "STK", "IBKRATS", SINCE[name] - 1)
    assert text_of(caught).startswith(f"{name} ") and f"server version {SINCE[name]} or later" in text_of(caught)
    assert fit(asked, "STK", "IBKRATS", SINCE[name]) == asked


@pytest.mark.parametrize("name", [name for name in NEW if FIELDS[name] in ("bool", "str")])
def test_an_idle_member_is_left_out_where_nobody_knows_it(name):
    idle = {"bool": False, "str": ""}[FIELDS[name]]
    assert fit(request(**{name: idle}), "STK", "SMART", SINCE[name] - 1) == request()


def test_a_zero_is_a_figure():
    with pytest.raises(CommandError) as caught:
        fit(request(manualOrderIndicator=0), "STK", "SMART", 191)
    assert "manualOrderIndicator 0 needs TWS's server version 192" in text_of(caught)


def test_what_ibapi_would_leave_out_is_refused_unless_it_says_nothing():
    unsent = frozenset({"nbboPriceCap", "eTradeOnly", "auctionStrategy"})
    with pytest.raises(CommandError) as caught:
        fit(request(nbboPriceCap=1.5), "STK", "SMART", 200, unsent)
    assert "nbboPriceCap 1.5 would not reach TWS" in text_of(caught) and "taken it out of its API" in text_of(caught)
    with pytest.raises(CommandError, match="auctionStrategy 1 would not reach TWS: ibapi sends none at server version 203"):
        fit(request(auctionStrategy=1), "STK", "SMART", 203, unsent)
    assert fit(request(eTradeOnly=False), "STK", "SMART", 200, unsent) == request(eTradeOnly=False)
    assert fit(request(nbboPriceCap=1.5), "STK", "SMART", 157) == request(nbboPriceCap=1.5)


def test_of_a_change_only_what_it_names_is_judged_and_nothing_unknown_is_sent():
    change = attrs.evolve(request(postOnly=False, lmtPrice=1.5), changed=frozenset({"lmtPrice"}), apiOrderId=7)
    assert "postOnly" not in fit(change, "STK", "SMART", 200).members
    assert "postOnly" in fit(change, "STK", "SMART", 216).members


@pytest.mark.parametrize(("sec_type", "code"), [("STK", 10243), ("CASH", 10285), ("CRYPTO", 10285)])
def test_fractions_need_their_version(sec_type, code):
    asked = request(totalQuantity=Decimal("0.5"))
    with pytest.raises(CommandError) as caught:
        fit(asked, sec_type, "SMART", 162)
    assert text_of(caught) == (
        f"a fractional s (totalQuantity) of {sec_type}, 0.5, needs TWS's server version 163 or later,"
        f" and this session speaks 162 (TWS would answer {code})"
    )
    assert fit(asked, sec_type, "SMART", 163) == asked
    assert fit(request(totalQuantity=100), sec_type, "SMART", 151)


def test_a_quantity_that_text_would_drop_is_refused():
    with pytest.raises(CommandError) as caught:
        fit(request(minTradeQty=5), "STK", "SMART", 200)
    assert "minTradeQty has no effect on SMART" in text_of(caught)
    assert fit(request(minTradeQty=5), "STK", "SMART", 203)


def sized(facts, size):
    params = {"contract": {"conId": 1}, "order": {"T": "buy", "p": 1, "s": size}}
    (terms,) = parse_place_order(params).orders
    return checked(terms, facts, ("DU1",))


@pytest.mark.parametrize("size", [0.0001, 0.5, 100, 12345.6789])
def test_a_quantity_within_the_rules_passes(size):
    assert sized(STOCK, size)


@pytest.mark.parametrize(
    ("facts", "size", "text"),
    [
        (STOCK, 0.00005, "s (totalQuantity) 0.00005 is below minSize 0.0001 of this contract"),
        (STOCK, 0.00015, "s (totalQuantity) 0.00015 is no multiple of sizeIncrement 0.0001: nearest are 0.0001 and 0.0002"),
        (attrs.evolve(STOCK, min_size=1, size_increment=100), 50, "is no multiple of sizeIncrement 100: the smallest is 100"),
        (ContractFacts("CASH", size_increment=Decimal("0.01")), 12345.678, "nearest are 12345.67 and 12345.68"),
    ],
)
def test_a_quantity_outside_the_rules_is_refused_with_the_rule(facts, size, text):
    with pytest.raises(CommandError) as caught:
        sized(facts, size)
    assert text in text_of(caught)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"minCompeteSize": 5}, "minCompeteSize has no effect on a LMT order, only on PEG BEST"),
        ({"midOffsetAtHalf": 0}, "midOffsetAtHalf has no effect on a LMT order, only on PEG MID"),
        ({"hedgeMaxSize": 5}, "hedgeMaxSize has no effect without hedgeType"),
        ({"conditionsIncludeOvernight": True}, "conditionsIncludeOvernight has no effect without conditions"),
        ({"whatIfType": 1}, "whatIfType has no effect without whatIf"),
        ({"duration": -5}, "duration must be above zero, not -5"),
    ],
)
def test_a_new_member_that_would_be_dropped_is_refused(order, text):
    params = {"contract": {"conId": 1}, "order": {"T": "buy", "s": 1, "p": 1, **order}}
    (terms,) = parse_place_order(params).orders
    with pytest.raises(CommandError) as caught:
        checked(terms, STOCK, ("DU1",))
    assert text in text_of(caught)

"""Every member of both generations' Order: at each version it reaches the wire, or is refused with its name before.

The frames of an order with and without the member are compared, so nothing is believed of ibapi.
"""

import attrs
import pytest
from ibapi.order import Order

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.order_members import ATTACHED, FIELDS, GATEWAY_OWNED, NEVER_SENT, Condition, LegPrice, Tag, Tier
from ibgw_tx.orders.entry.dialect import fit
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.tws.api.client import MAX_VERSION, TWSClient
from tests.tws.api.test_client import Line

STOCK = Contract(conId=1, symbol="A", secType="STK", exchange="SMART", currency="USD")
LEGS = (ComboLeg(1, 1, "BUY", "SMART"), ComboLeg(2, 1, "SELL", "SMART"))
COMBO = Contract(symbol="A", secType="BAG", exchange="SMART", currency="USD", comboLegs=LEGS)
CONDITIONS = (Condition(3, {"isConjunctionConnection": True, "isMore": True, "time": "20261118-12:00:00"}),)
SAMPLES = {
    "quantity": 5, "float": 1.25, "int": 3, "bool": True, "str": "X", "tags": (Tag("a", "b"),), "tier": Tier("n", "v"),
    "legs": (LegPrice(1.5), LegPrice(2.5)), "conditions": CONDITIONS,
}  # fmt: skip
PLAIN = {"action": "BUY", "totalQuantity": 1, "orderType": "LMT", "lmtPrice": 2.0, "tif": "DAY"}


#: What an order needs for a member to mean anything.
BESIDE = (
    (
        "deltaNeutralAuxPrice deltaNeutralConId deltaNeutralOpenClose deltaNeutralShortSale deltaNeutralShortSaleSlot"
        " deltaNeutralDesignatedLocation deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent",
        {"deltaNeutralOrderType": "LMT"},
    ),
    (
        "scaleInitLevelSize scaleSubsLevelSize scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset"
        " scaleInitPosition scaleInitFillQty scaleRandomPercent scaleTable",
        {"scalePriceIncrement": 0.5},
    ),
    (
        "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount referenceExchangeId",
        {"orderType": "PEG BENCH"},
    ),
    ("hedgeParam hedgeMaxSize", {"hedgeType": "D"}),
    ("algoParams", {"algoStrategy": "Vwap"}),
    ("conditionsCancelOrder conditionsIgnoreRth conditionsIncludeOvernight", {"conditions": CONDITIONS}),
    ("minCompeteSize competeAgainstBestOffset", {"orderType": "PEG BEST"}),
    ("midOffsetAtWhole midOffsetAtHalf", {"orderType": "PEG MID"}),
    ("whatIfType", {"whatIf": True}),
)


def beside(name):
    return next((more for names, more in BESIDE if name in names.split()), {})


def contract_for(name):
    if name in ("orderComboLegs", "smartComboRoutingParams"):
        return COMBO
    return attrs.evolve(STOCK, exchange="IBKRATS") if name == "minTradeQty" else STOCK


def value_for(name):
    if name == "transmit":
        return False
    return "SELL" if name == "action" else SAMPLES[FIELDS[name]]


VERSIONS = [v for v in (145, 150, 151, 157, 163, 176, 177, 178, 190, 200, 201, 203, 213, 216, 217, 223, 226) if v <= MAX_VERSION]
MEMBERS = sorted(set(FIELDS) - GATEWAY_OWNED - NEVER_SENT - ATTACHED)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_member_reaches_the_wire_or_is_refused_by_name(version):
    client = TWSClient(Line(), 0, lambda event: None)
    client.greet(version)
    refused = set()
    for name in MEMBERS:
        contract, without = contract_for(name), {**PLAIN, **beside(name)}
        members = {**without, name: value_for(name)}
        try:
            told = fit(OrderRequest({}, members), contract.secType, contract.exchange, version, client.unsent)
        except CommandError as error:
            assert error.text.startswith(f"{name} "), error.text
            refused.add(name)
        else:
            with_it = client.encode_order(7, contract, told.members)
            assert with_it != client.encode_order(7, contract, without), f"{name} is dropped in silence"
    assert refused >= client.unsent and len(refused) < len(MEMBERS) / 2


def test_every_member_of_the_installed_order_is_known():
    beside_the_order = {"sharesAllocation", "dontUseAutoPriceForHedge"} - set(vars(Order()))
    assert set(vars(Order())) - set(FIELDS) - beside_the_order == set()

"""What must hold before an order's bytes leave (the last paragraph of section 8), without I/O.

`checked` is the whole of it for one order. What it lets through TWS may still refuse; what it refuses has had no effect.
Every refusal is CommandError `bad_params` and one sentence with the member and its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.contracts.market_rule import Rule, is_on_tick, neighbours
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.figures import Quantity, written
from ibgw_tx.orders.entry.prices import check_prices, price_members, spoken, without_foreign_prices
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.values import date_time, instant, shown

__all__ = ["MAX_CLIENT_OID", "TIFS", "ContractFacts", "check_client_oid", "checked"]

#: Time in force (tws-facts 4.4).
TIFS = ("DAY", "GTC", "IOC", "GTD", "OPG", "FOK", "DTC", "AUC")

#: TWS's own bound of orderRef is nowhere written; a client_oid that it cut would come back as another order's.
MAX_CLIENT_OID = 64

#: What cannot be worth zero or less. Futures (oil in 2020), combos, CFDs and bonds' spreads can.
_POSITIVE_PRICES = frozenset({"STK", "OPT", "FOP", "WAR", "IOPT", "CASH", "CRYPTO"})

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "action": ("BUY", "SELL", "SSHORT", "SLONG"),
    "tif": TIFS,
    "ocaType": (0, 1, 2, 3),
    "triggerMethod": (0, 1, 2, 3, 4, 7, 8),
    "origin": (0, 1),
    "shortSaleSlot": (0, 1, 2),
    "deltaNeutralShortSaleSlot": (0, 1, 2),
    "auctionStrategy": (0, 1, 2, 3),
    "volatilityType": (1, 2),
    "referencePriceType": (1, 2),
    "openClose": ("", "O", "C"),
    "hedgeType": ("", "D", "B", "F", "P"),
    "clearingIntent": ("", "IB", "Away", "PTA"),
}

_ABOVE_ZERO = (
    "cashQty",
    "minQty",
    "trailingPercent",
    "volatility",
    "scaleInitLevelSize",
    "scaleSubsLevelSize",
    "scalePriceIncrement",
    "duration",
    "postToAts",
    "minTradeQty",
    "hedgeMaxSize",
)
_NOT_BELOW_ZERO = ("displaySize", "discretionaryAmt", "percentOffset", "minCompeteSize")
_TIMES = ("goodTillDate", "goodAfterTime", "activeStartTime", "activeStopTime")

# Members that ibapi's placeOrder leaves out without the other one: taken silently they would be dropped silently.
_DELTA_NEUTRAL = (
    "deltaNeutralConId", "deltaNeutralSettlingFirm", "deltaNeutralClearingAccount", "deltaNeutralClearingIntent",
    "deltaNeutralOpenClose", "deltaNeutralShortSale", "deltaNeutralShortSaleSlot", "deltaNeutralDesignatedLocation",
)  # fmt: skip
_SCALE = (
    "scalePriceAdjustValue", "scalePriceAdjustInterval", "scaleProfitOffset", "scaleAutoReset", "scaleInitPosition",
    "scaleInitFillQty", "scaleRandomPercent",
)  # fmt: skip
_BENCHMARK = (
    "referenceContractId", "isPeggedChangeAmountDecrease", "peggedChangeAmount", "referenceChangeAmount",
    "referenceExchangeId",
)  # fmt: skip
_COMPANIONS: Mapping[str, str] = {
    **dict.fromkeys(_DELTA_NEUTRAL, "deltaNeutralOrderType"),
    **dict.fromkeys(_SCALE, "scalePriceIncrement"),
    "algoParams": "algoStrategy",
    "hedgeParam": "hedgeType",
    "conditionsIgnoreRth": "conditions",
    "conditionsCancelOrder": "conditions",
    "conditionsIncludeOvernight": "conditions",
    "hedgeMaxSize": "hedgeType",
    "whatIfType": "whatIf",
}
#: Members of one order type: ibapi sends them with no other.
_OF_TYPE: Mapping[str, str] = {
    **dict.fromkeys(_BENCHMARK, "PEG BENCH"),
    **dict.fromkeys(("minCompeteSize", "competeAgainstBestOffset"), "PEG BEST"),
    **dict.fromkeys(("midOffsetAtWhole", "midOffsetAtHalf"), "PEG MID"),
}


@attrs.frozen
class ContractFacts:
    """What of the resolved contract matters here; `rule` of the exchange the order goes to, () when unknown; `legs` of a BAG.

    `min_size` and `size_increment` are TWS's size rules, None where it tells none (before server version 164).
    """

    secType: str
    rule: Rule = ()
    magnifier: int = 1
    legs: int = 0
    min_size: Quantity | None = None
    size_increment: Quantity | None = None
    exchange: str = ""


def checked(
    request: OrderRequest, facts: ContractFacts, accounts: Sequence[str], default_account: str = "", now: int = 0
) -> OrderRequest:
    """The request ready to be sent, with their account; a modify comes here after `modify.modified`.

    `accounts` are TWS's managed accounts, `default_account` is `--account` or "", `now` in ms. Raises CommandError.
    """
    if not request.is_modify:
        check_client_oid(request.members.get("orderRef"))
    _check_side_and_size(request.members)
    _check_choices(request.said)
    check_prices(request.members)
    request = attrs.evolve(request, members=without_foreign_prices(request.members))
    _check_signs(request.said)
    _check_times(request.said, request.members, now)
    _check_companions(request.said, request.members)
    _check_what_if(request)
    _check_contract(request, facts)
    _check_size_rules(request.said.get("totalQuantity"), facts)
    return attrs.evolve(request, members=_with_account(request.members, accounts, default_account))


def check_client_oid(value: str | None) -> None:
    """A client_oid is a field of the order hash beside `t` and the permIds, and a part of a Redis key (section 2: no ':')."""
    if value is None:
        return
    if not 1 <= len(value) <= MAX_CLIENT_OID:
        raise bad_params(f"client_oid has {len(value)} characters, 1 to {MAX_CLIENT_OID} are allowed")
    if value == "t":
        raise bad_params("client_oid 't' is taken: the order hash keeps its time there")
    if value.isdigit():
        raise bad_params(f"client_oid {shown(value)} may not be all digits: it would look like a permId")
    if ":" in value or value != value.strip():
        raise bad_params(f"client_oid {shown(value)} may have no ':' and no blank at its ends")


def _check_side_and_size(members: Mapping[str, Any]) -> None:
    if not members.get("action"):
        raise bad_params("an order needs T (action): buy or sell")
    size = members.get("totalQuantity")
    if size is None and not _sized_otherwise(members):
        raise bad_params("an order needs s (totalQuantity)")
    if size is not None and (size < 0 or (size == 0 and not _sized_otherwise(members))):
        raise bad_params(f"s (totalQuantity) must be above zero, not {shown(size)}")


def _sized_otherwise(members: Mapping[str, Any]) -> bool:
    # Cash quantity orders, FX hedges and advisors' percentage changes go with quantity 0 (tws-facts 2.3: 10289, 434).
    return bool(
        members.get("cashQty") or members.get("faMethod") == "PctChange" or members.get("hedgeType") in ("F", "B", "D", "P")
    )


def _check_choices(said: Mapping[str, Any]) -> None:
    for name, allowed in _CHOICES.items():
        if name in said and said[name] not in allowed:
            words = ", ".join(str(word) or "''" for word in allowed)
            raise bad_params(f"{spoken(name)} {shown(said[name])} is none of {words}")


def _check_signs(said: Mapping[str, Any]) -> None:
    for name in _ABOVE_ZERO:
        if name in said and said[name] <= 0:
            raise bad_params(f"{name} must be above zero, not {shown(said[name])}")
    for name in _NOT_BELOW_ZERO:
        if name in said and said[name] < 0:
            raise bad_params(f"{name} must not be below zero, not {shown(said[name])}")


def _check_times(said: Mapping[str, Any], members: Mapping[str, Any], now: int) -> None:
    for name in _TIMES:
        if said.get(name):
            date_time(name, said[name])
    if said.get("activeStopTime") and instant("activeStopTime", said["activeStopTime"]) <= now:
        raise bad_params(f"activeStopTime {shown(said['activeStopTime'])} is in the past")
    if not {"tif", "goodTillDate"} & said.keys():
        return
    until, tif = members.get("goodTillDate"), members["tif"]
    if tif == "GTD" and not until:
        raise bad_params("tif GTD needs goodTillDate")
    if until and tif != "GTD":
        raise bad_params(f"goodTillDate {shown(until)} needs tif GTD, not {tif}")
    if until and instant("goodTillDate", until) <= now:
        raise bad_params(f"goodTillDate {shown(until)} is in the past")


def _check_companions(said: Mapping[str, Any], members: Mapping[str, Any]) -> None:
    for name, companion in _COMPANIONS.items():
        if said.get(name) and not members.get(companion):
            raise bad_params(f"{name} has no effect without {companion}")
    for name, kind in _OF_TYPE.items():
        # A zero of the benchmark's members is their default.
        if name in said and (said[name] or name not in _BENCHMARK) and members["orderType"] != kind:
            raise bad_params(f"{name} has no effect on a {members['orderType']} order, only on {kind}")


def _check_what_if(request: OrderRequest) -> None:
    if not request.is_what_if:
        return
    if not request.members.get("transmit", True):
        raise bad_params("whatIf needs transmit true (TWS: 413)")
    if request.is_modify:
        raise bad_params("whatIf asks about a new order and cannot modify a live one")


def _check_contract(request: OrderRequest, facts: ContractFacts) -> None:
    said = request.said
    for name in ("orderComboLegs", "smartComboRoutingParams"):
        if said.get(name) and facts.secType != "BAG":
            raise bad_params(f"{name} is for combos (BAG), not for {facts.secType}")
    prices = said.get("orderComboLegs")
    if prices and len(prices) != facts.legs:
        raise bad_params(f"orderComboLegs has {len(prices)} prices for {facts.legs} legs")
    for name in price_members(request.members):
        if name in said:
            _check_price(spoken(name), said[name], facts)


def _check_size_rules(size: Quantity | None, facts: ContractFacts) -> None:
    """Of a quantity that is given: a cash order has none."""
    if not size:
        return
    if facts.min_size is not None and size < facts.min_size:
        raise bad_params(f"s (totalQuantity) {written(size)} is below minSize {written(facts.min_size)} of this contract")
    step = facts.size_increment
    if step is not None and size % step:
        below = size // step * step
        nearest = f"nearest are {written(below)} and {written(below + step)}" if below else f"the smallest is {written(step)}"
        raise bad_params(f"s (totalQuantity) {written(size)} is no multiple of sizeIncrement {written(step)}: {nearest}")


def _check_price(name: str, price: float, facts: ContractFacts) -> None:
    if price <= 0 and facts.secType in _POSITIVE_PRICES:
        raise bad_params(f"{name} must be above zero for {facts.secType}, not {shown(price)}")
    if not is_on_tick(price, facts.rule, facts.magnifier):
        below, above = neighbours(price, facts.rule, facts.magnifier)
        nearest = f"nearest are {written(below)} and {written(above)}"
        raise bad_params(f"{name} {shown(price)} is not on the tick of {written(above - below)}: {nearest}")


def _with_account(members: Mapping[str, Any], accounts: Sequence[str], default: str) -> Mapping[str, Any]:
    """Always an account by name: with several, TWS refuses an order without (321, 435), or takes its own idea of the main one."""
    account = members.get("account")
    if not account and any(members.get(name) for name in ("faGroup", "faProfile", "modelCode")):
        return members
    return {**members, "account": account_for(account or "", accounts, default)}


def account_for(given: str, accounts: Sequence[str], default: str) -> str:
    """The account that is meant, "" for none said. Raises CommandError (bad_params)."""
    account = given or default or (accounts[0] if len(accounts) == 1 else "")
    if not account:
        raise bad_params(f"an order needs account: one of {', '.join(accounts) or 'none known yet'}")
    if account not in accounts:
        raise bad_params(f"account {shown(account)} is none of the managed accounts {', '.join(accounts) or '(none known yet)'}")
    return account

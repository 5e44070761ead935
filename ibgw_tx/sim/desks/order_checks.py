"""What TWS checks before it takes an order; every complaint is a Refused with TWS's code (tws-facts 2.3).

`contract_of` finds what is to be traded, `check` looks at a new order, `check_change` at a modify.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from ibgw_tx.sim.exchange import conditions
from ibgw_tx.sim.exchange.order import ACTIONS, SPELLINGS, TIFS, Kinds, Leg, Order, Terms
from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.ids import Since
from ibgw_tx.sim.wire.requests import Query, Request

MOST_PERCENT = 100.0  # of a trailing stop
BAG_IDS = 28_000_000  # made-up conIds of combos begin here
Said = Mapping[str, Any]
# TWS lets a client switch an order's type only within these.
FAMILIES = (frozenset({"LMT", "MKT", "MTL", "LOC", "MOC"}), frozenset({"STP", "STP LMT"}), Kinds.TRAIL)


def refuse(code: int, **values: object) -> Refused:
    return Refused(code, say(code, **values))


def check_writable(office: OfficeState, request: Request) -> None:
    """The read-only setting refuses whatever could change an order."""
    if office.settings.read_only or office.faults.read_only:
        raise refuse(321, name=request.name, cause="The API interface is currently in Read-Only mode.")


def contract_of(catalogue: Catalogue, request: Request) -> tuple[Instrument, str, tuple[Leg, ...]]:
    """Instrument, exchange and, for a combo, legs; raises Refused 200 or 321."""
    query, said = request.contract, request.args
    if query.sec_type.upper() == "BAG":
        return _combo(catalogue, query, said)
    if said["secId"]:
        found = lookup.find(catalogue, query, said["secIdType"], said["secId"])
        if len(found) != 1:
            raise refuse(200)
        return found[0].instrument, found[0].exchange, ()
    listing = lookup.resolve(catalogue, query, request.name)
    return listing.instrument, listing.exchange, ()


def _combo(catalogue: Catalogue, query: Query, said: Said) -> tuple[Instrument, str, tuple[Leg, ...]]:
    legs = []
    for leg in said["comboLegs"]:
        instrument = catalogue.instruments.get(leg[0])
        if instrument is None or leg[1] <= 0:
            raise refuse(200)
        legs.append(Leg(instrument, leg[1], 1 if leg[2].strip().upper() == "BUY" else -1, leg))
    if len(legs) < 2:
        raise refuse(321, name="placeOrder", cause="Please enter combo legs")
    first, exchange = legs[0].instrument, query.exchange.upper() or "SMART"
    described = ",".join(f"{leg.instrument.con_id}|{leg.sign * leg.ratio}" for leg in legs)
    con_id = BAG_IDS + zlib.crc32(described.encode()) % 1_000_000
    bag = Instrument(
        con_id=con_id, symbol=query.symbol or first.symbol, sec_type="BAG", currency=query.currency or first.currency,
        exchange=exchange, valid_exchanges=(exchange,), rule=first.rule, price=0.0, calendar=first.calendar,
        farm=first.farm, local_symbol=str(con_id), trading_class="COMB",
    )
    return bag, exchange, tuple(legs)


def account_of(names: list[str], said: Said, request: str) -> str:
    """The account an order is for; with several of them it must be said."""
    name = str(said["account"])
    if not name and not said["faGroup"] and len(names) > 1:
        raise refuse(436)
    if name and name not in names:
        raise refuse(321, name=request, cause=f"Invalid account code '{name}'")
    return name or names[0]


def check(
    said: Said, instrument: Instrument, catalogue: Catalogue, settings: Settings, now: float, version: int,
    middle: Callable[[], float],
) -> None:
    """Everything about a new order but its ids; `middle` gives the market's price."""
    kind = said["orderType"].strip().upper()
    kind = SPELLINGS.get(kind, kind)
    if said["action"].strip().upper() not in ACTIONS:
        raise refuse(321, name="placeOrder", cause="Invalid action")
    if kind not in Kinds.ALL:
        raise refuse(321, name="placeOrder", cause="Invalid order type was entered")
    if instrument.sec_type in ("IND", "CONTFUT"):
        raise refuse(201, cause=f"{instrument.symbol} cannot be traded")
    if instrument.fractional and version < Since.FRACTIONAL_SIZE_SUPPORT:
        raise refuse(10285)
    _attributes(said)
    _size(said, instrument, settings, version)
    _time_in_force(said, kind, now)
    if not all(conditions.readable(one, now) for one in said["conditions"]):
        raise refuse(321, name="placeOrder", cause="Invalid order condition")
    _prices(said, kind, instrument, catalogue)
    _precautions(said, instrument, settings, middle)


def _attributes(said: Said) -> None:
    for field, code in (("eTradeOnly", 10268), ("firmQuoteOnly", 10269)):
        if said[field]:
            raise refuse(code)
    if said["nbboPriceCap"] is not None:
        raise refuse(10270)
    if said["whatIf"] and not said["transmit"]:
        raise refuse(413)


def _size(said: Said, instrument: Instrument, settings: Settings, version: int) -> None:
    quantity = said["totalQuantity"] or 0
    if quantity <= 0:
        raise refuse(434)
    parts = quantity * instrument.parts
    knows = version >= Since.FRACTIONAL_SIZE_SUPPORT
    if parts % (instrument.step if knows else 1):
        raise refuse(10243 if knows or instrument.sec_type != "CASH" else 10285)
    if settings.size_limit and quantity > settings.size_limit:
        raise refuse(383, limit=settings.size_limit)


def _time_in_force(said: Said, kind: str, now: float) -> None:
    tif = said["tif"].strip().upper()
    if tif and tif not in TIFS:
        raise refuse(321, name="placeOrder", cause=f"Invalid time in force:{tif}")
    if kind in ("MOC", "LOC") and tif in ("IOC", "FOK", "GTC", "GTD", "OPG"):
        raise refuse(201, cause=f"The time-in-force {tif} is invalid for this combination of exchange and security type.")
    for field in ("goodTillDate", "goodAfterTime"):
        if said[field] or (field == "goodTillDate" and tif == "GTD"):
            try:
                found = times.parse_time(said[field] or "?", now)
            except ValueError:
                raise refuse(10314) from None
            if field == "goodTillDate" and tif == "GTD" and found <= now:
                raise refuse(201, cause="The good till date is in the past.")


def _prices(said: Said, kind: str, instrument: Instrument, catalogue: Catalogue) -> None:
    limit, aux, combo = said["lmtPrice"], said["auxPrice"], instrument.sec_type == "BAG"
    needs_limit = kind in Kinds.LIMIT and not (kind == "TRAIL LIMIT" and said["lmtPriceOffset"] is not None)
    needs_aux = kind in Kinds.STOP or kind in ("MIT", "LIT") or (kind in Kinds.TRAIL and said["trailingPercent"] is None)
    if needs_limit and (limit is None or (limit <= 0 and not combo)):
        raise refuse(463)
    if needs_aux and (aux is None or aux <= 0):
        raise refuse(463)
    if kind in Kinds.TRAIL and not needs_aux and not 0.0 < said["trailingPercent"] < MOST_PERCENT:
        raise refuse(463)
    wanted = [limit] * needs_limit + [aux] * (needs_aux and kind not in Kinds.TRAIL) + [said["trailStopPrice"]]
    for price in wanted:
        if price is not None and not combo and not on_tick(catalogue, instrument, price):
            raise refuse(110)


def on_tick(catalogue: Catalogue, instrument: Instrument, price: float) -> bool:
    """Exactly on the ladder: 0.30000000000000004 is not, as TWS sees it (tws-facts 4.9)."""
    ladder = catalogue.rules.ladder(instrument.rule)
    exact = Decimal(repr(price)) * ladder.unit
    return exact == exact.to_integral_value() and ladder.snap(price) == int(exact)


def _precautions(said: Said, instrument: Instrument, settings: Settings, middle: Callable[[], float]) -> None:
    """Limits of TWS's presets; off unless the settings have them."""
    limit = said["lmtPrice"]
    if limit is None or not instrument.books or not (settings.price_percent or settings.tick_limit):
        return
    price = middle()
    off, override = abs(limit - price), said["overridePercentageConstraints"]
    if settings.price_percent and not override and off > price * settings.price_percent / 100.0:
        raise refuse(109)
    if settings.tick_limit and off > settings.tick_limit * float(instrument.min_tick):
        raise refuse(382, limit=settings.tick_limit)


def without_zone(said: Said) -> bool:
    """Whether a time was said without its zone, which TWS still takes but complains about (2174)."""
    zoned = 3  # words: date, time, zone
    texts = [said[field].strip() for field in ("goodTillDate", "goodAfterTime")]
    return any(text and "-" not in text and len(text.split()) < zoned for text in texts)


def check_group(order: Order, members: Iterable[Order]) -> None:
    """An OCA group is of one account."""
    if any(member.terms.account != order.terms.account for member in members if member.key != order.key):
        raise refuse(10224)


def check_change(order: Order, instrument: Instrument, exchange: str, new: Terms) -> None:
    """Whether a live order may become this; the live order stays as it is if not."""
    old = order.terms
    if instrument.con_id != order.instrument.con_id or exchange != order.exchange or new.action != old.action:
        raise refuse(105)
    if new.account != old.account:
        raise refuse(422)
    freed = order.parent is not None and order.parent.ended is not None and not new.said["parentId"]
    if new.said["parentId"] != old.said["parentId"] and not freed:
        raise refuse(10341)
    if (new.oca_group, new.said["orderRef"]) != (old.oca_group, old.said["orderRef"]) and new.oca_group != old.oca_group:
        raise refuse(105)
    if new.kind != old.kind and not any({new.kind, old.kind} <= family for family in FAMILIES):
        raise refuse(329)
    if new.total < order.filled:
        raise refuse(201, cause="The new quantity is less than what is filled already.")

"""One value of an order, from JSON to what ibapi takes, by the kind that `order_members.FIELDS` gives it. Without I/O.

Every reader takes the member's name (for the refusal) and the JSON value, which is never null: null means "not given" all over
the Redis interface. Each raises CommandError `bad_params` with one sentence; no other exception leaves this module.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ibgw_tx.model import figures
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.figures import LARGEST, SMALLEST, Quantity, clean, on_wire, written
from ibgw_tx.model.order_members import CONDITIONS, Condition, ConditionType, LegPrice, Tag, Tier

__all__ = ["MAX_LIST", "MAX_TEXT", "READERS", "date_time", "instant", "shown", "text"]

MAX_TEXT = 1000  # characters; no member of an order is longer in practice, and a frame has room for all of them
MAX_LIST = 100  # entries of a list
#: Digits that every double keeps, and the decimals of a crypto quantity.
_DOUBLE, _CRYPTO = 15, 8
MAX_INT = 2**31 - 2  # TWS reads int32, and 2147483647 is its "unset"

# `20260105 15:30:00 US/Eastern`, or UTC `20260105-15:30:00`; without a zone TWS warns (2174) or refuses (10314).
_DATE_TIME = re.compile(r"(\d{8} \d\d:\d\d:\d\d) ([A-Za-z][A-Za-z0-9_+/-]*)|(\d{8}-\d\d:\d\d:\d\d)(?: UTC)?", re.ASCII)

#: Names of three letters that TWS, being Java, takes beside those of the time zone database (java.time.ZoneId.SHORT_IDS).
_JAVA_ZONES = {
    "ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo",
    "AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka", "CAT": "Africa/Harare",
    "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
    "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi", "PNT": "America/Phoenix",
    "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}  # fmt: skip

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def shown(value: object) -> str:
    """`value` for a refusal: short, printable, never failing (Python refuses to print integers of 4,300 digits)."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Decimal) or (isinstance(value, float) and math.isfinite(value) and SMALLEST < abs(value) < LARGEST):
        return written(value)
    if isinstance(value, str | int | float):
        return _short.repr(value)
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else "no JSON"


def checked_number(name: str, value: object) -> float:
    """A finite number of a size that orders have; noise beyond 15 digits is dropped."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_params(f"{name} must be a number, not {shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise bad_params(f"{name} must be a finite number, not {value}")
    if abs(value) >= LARGEST or 0 < abs(value) < SMALLEST:
        raise bad_params(f"{name} {shown(value)} is no size that an order can have; leave a member out to leave it unset")
    found = clean(value)
    _refuse_unset(name, found)
    return found


def _refuse_unset(name: str, value: object) -> None:
    if figures.is_unset(value):
        raise bad_params(f"{name} {shown(value)} is how TWS says that none is given; leave a member out to leave it unset")


def quantity(name: str, value: object) -> Quantity:
    """A number as exact as it was written; whole ones as int: TWS wants 100, not 100.0 (tws-facts 4.4).

    Noise is dropped: more than 15 digits that go beyond the eighth decimal are what a double has made of a sum.
    """
    if isinstance(value, Decimal):
        return figures.normal(value)
    checked_number(name, value)
    found = figures.quantity(value)
    noisy = isinstance(found, Decimal) and len(found.as_tuple().digits) > _DOUBLE and round(found, _CRYPTO) != found
    return figures.normal(figures.exact(float(found))) if noisy else found


def integer(name: str, value: object) -> int:
    checked = checked_number(name, value)
    if not checked.is_integer() or abs(checked) > MAX_INT:
        raise bad_params(f"{name} must be a whole number within ±{MAX_INT}, not {shown(value)}")
    return int(checked)


def boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise bad_params(f"{name} must be true or false, not {shown(value)}")
    return value


def text(name: str, value: object) -> str:
    """Printable ASCII. ibapi refuses the rest too (579), but tells nobody which order it meant when there is no stdout."""
    if not isinstance(value, str):
        raise bad_params(f"{name} must be a text, not {shown(value)}")
    if len(value) > MAX_TEXT:
        raise bad_params(f"{name} has {len(value)} characters, {MAX_TEXT} at most are allowed")
    if not (value.isascii() and value.isprintable()):
        raise bad_params(f"{name} {shown(value)} must be printable ASCII")
    return value


def date_time(name: str, value: object) -> str:
    """A time with its zone, as TWS wants it: `20260105 15:30:00 US/Eastern` or `20260105-15:30:00` (UTC)."""
    checked = text(name, value)
    instant(name, checked)
    return checked


def instant(name: str, value: str) -> int:
    """The ms of a time as `date_time` takes it. A zone that nobody knows is refused by name: TWS would refuse it (10314)."""
    found = _DATE_TIME.fullmatch(value)
    try:
        if found:
            local = datetime.strptime((found[1] or found[3]).replace("-", " "), "%Y%m%d %H:%M:%S")
            return int(local.replace(tzinfo=_zone(name, found[2] or "UTC")).timestamp() * 1000)
    except ValueError:
        pass
    raise bad_params(
        f"{name} {shown(value)} must be a time with its zone: 'yyyymmdd hh:mm:ss US/Eastern', or 'yyyymmdd-hh:mm:ss' for UTC"
    )


def _zone(name: str, zone: str) -> tzinfo:
    if zone in ("UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(_JAVA_ZONES.get(zone, zone))
    except (ZoneInfoNotFoundError, OSError):
        raise bad_params(f"{name} names the time zone {shown(zone)}, which is not known; one is US/Eastern") from None


def tags(name: str, value: object) -> tuple[Tag, ...]:
    """`[{"tag": "adaptivePriority", "value": "Normal"}, ...]`; numbers and booleans become the text TWS reads."""
    return tuple(_tag(f"{name}[{place}]", item, name) for place, item in enumerate(_list(name, value)))


def legs(name: str, value: object) -> tuple[LegPrice, ...]:
    """`[{"price": 1.25}, {"price": null}]`, one for each leg of the contract."""
    found = []
    for place, item in enumerate(_list(name, value)):
        price = _object(f"{name}[{place}]", item, {"price"}).get("price")
        found.append(LegPrice(None if price is None else checked_number(f"{name}[{place}].price", price)))
    return tuple(found)


def tier(name: str, value: object) -> Tier:
    """`{"name": ..., "val": ...}`; `displayName` is TWS's own wording and may stand there."""
    members = _object(name, value, {"name", "val", "displayName"})
    parts = {part: text(f"{name}.{part}", members[part]) for part in ("name", "val") if members.get(part) is not None}
    return Tier(parts.get("name", ""), parts.get("val", ""))


def conditions(name: str, value: object) -> tuple[Condition, ...]:
    """`[{"condType": "Price", "conId": ..., "exchange": ..., "isMore": true, "price": ...}, ...]`."""
    return tuple(_condition(f"{name}[{place}]", item) for place, item in enumerate(_list(name, value)))


def _condition(name: str, item: object) -> Condition:
    wanted = _condition_type(name, item)
    members = _object(name, item, {"condType", *wanted.members})
    values: dict[str, Any] = {}
    for member, (kind, default) in wanted.members.items():
        given = members.get(member)
        if given is None and default is None:
            raise bad_params(f"{name} lacks {member}")
        values[member] = default if given is None else READERS[kind](f"{name}.{member}", given)
    return Condition(wanted.number, values)


def _condition_type(name: str, item: object) -> ConditionType:
    if not isinstance(item, Mapping):
        raise bad_params(f"{name} must be an object, not {shown(item)}")
    given = item.get("condType")
    for word, found in CONDITIONS.items():
        if given == word or (given == found.number and not isinstance(given, bool)):
            return found
    raise bad_params(f"{name}.condType {shown(given)} is none of {', '.join(CONDITIONS)}")


def _tag(place: str, item: object, name: str) -> Tag:
    members = _object(place, item, {"tag", "value"})
    tag = text(f"{place}.tag", members.get("tag", ""))
    value = members.get("value", "")
    if isinstance(value, bool):
        value = str(int(value))
    elif isinstance(value, int | float):
        value = str(on_wire(quantity(f"{place}.value", value)))
    value = text(f"{place}.value", value)
    _refuse_unset(f"{place}.value", value)
    if not tag:
        raise bad_params(f"{place} lacks its tag")
    if name == "orderMiscOptions" and set("=;") & set(tag + value):
        raise bad_params(f"{place} {shown(tag)} may not contain '=' or ';': TWS splits these options there")
    return Tag(tag, value)


def _list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise bad_params(f"{name} must be a list, not {shown(value)}")
    if len(value) > MAX_LIST:
        raise bad_params(f"{name} has {len(value)} entries, {MAX_LIST} at most are allowed")
    return value


def _object(name: str, value: object, allowed: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise bad_params(f"{name} must be an object, not {shown(value)}")
    for member in value:
        if member not in allowed:
            raise bad_params(f"{name} has no member {shown(member)}")
    return value


#: Kind -> how a JSON value becomes it.
READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "float": checked_number,
    "quantity": quantity,
    "int": integer,
    "bool": boolean,
    "str": text,
    "time": date_time,
    "tags": tags,
    "legs": legs,
    "tier": tier,
    "conditions": conditions,
}

"""Which generation of ibapi is installed, and what differs between the two for us: names, arguments, layouts.

9.81.1 ends at server version 157 and knows texts only; the clients of today (10.50) go on to 226 and speak protobuf from 201 on.
Nothing above this folder asks which one it is.
"""

from __future__ import annotations

from typing import Any

from ibapi import server_versions

#: The newest server version that the installed ibapi knows.
NEWEST: int = server_versions.MAX_CLIENT_VER
#: Whether it is a client of today: another decoder, exact decimals, other names for commissions.
MODERN = NEWEST > 157

#: Prices of ibapi's OrderState and its report of commissions: IB's old name, which the outside world keeps -> the attribute.
_RENAMED = (
    {
        "commission": "commissionAndFees",
        "minCommission": "minCommissionAndFees",
        "maxCommission": "maxCommissionAndFees",
        "commissionCurrency": "commissionAndFeesCurrency",
    }
    if MODERN
    else {}
)


#: Members of an order that IB has taken out of its API: today's ibapi sends constants for them, or nothing.
_TAKEN_OUT = frozenset({"eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "faProfile"})
#: Those that only the text of an order has: from this version on orders are protobuf.
_TEXT_ONLY, _PROTOBUF_ORDERS = frozenset({"auctionStrategy"}), 203


def unsent(version: int) -> frozenset[str]:
    """Members of an order that the installed ibapi leaves out without a word in a session of this server version."""
    if not MODERN:
        return frozenset()
    return _TAKEN_OUT | (_TEXT_ONLY if version >= _PROTOBUF_ORDERS else frozenset())


def cancel_arguments() -> tuple[Any, ...]:
    """What cancelOrder and reqGlobalCancel take beside the id: nothing, or who cancels, and when."""
    if not MODERN:
        return ()
    from ibapi.order_cancel import OrderCancel  # noqa: PLC0415 (there is none in 9.81)

    return (OrderCancel(),)


def exercise_arguments() -> tuple[Any, ...]:
    """What exerciseOptions takes behind `override`: nothing, or when and for whom somebody has entered it by hand."""
    return ("", "", False) if MODERN else ()


def charged(told: Any, name: str) -> Any:
    """A commission, or its currency, of an OrderState or a report, by IB's old name; None where it is unset or unknown."""
    return getattr(told, _RENAMED.get(name, name), None)


def text_fields(fields: list[bytes]) -> list[bytes]:
    """A message's fields as the installed decoder takes them: today's wants them without the id."""
    return fields[1:] if MODERN else fields

"""TWS's own settings (its answer to a config request, server version 219 and later), and which of them hurt a gateway. Pure.

A setting that TWS does not tell is not known, and nothing is said of it. Names are those of IB's messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["HURTING", "SINCE", "Warning", "hurting", "settings_of"]

#: The first server version that tells its settings.
SINCE = 219


@attrs.frozen
class Warning:
    """One setting that hurts when it has this value: its name (part.name), and one sentence of what follows."""

    setting: str
    value: bool
    text: str


HURTING = (
    Warning("settings.readOnlyApi", True, "Read-Only API is on: every order is refused (321)"),
    Warning(
        "settings.maintainAndResubmitOrdersOnReconnect",
        True,
        "orders that TWS took while IB was away are sent when IB is back, however late (Maintain and resubmit orders)",
    ),
    Warning(
        "settings.sendMarketDataInLotsForUsStocks",
        True,
        "sizes of US stocks come in lots, and are told as if they were shares (Send market data in lots for US stocks)",
    ),
    Warning(
        "settings.sendForexDataInCompatibilityMode",
        True,
        "sizes of currencies are cut to whole units (Send Forex market data in compatibility mode)",
    ),
    Warning(
        "settings.rejectMessagesAboveMaxRate",
        True,
        "a client that sends too fast is cut off (Reject messages above maximum rate): keep --message-rate below IB's limit",
    ),
    Warning(
        "settings.maintainConnectionOnIncorrectFields",
        False,
        "one odd field ends the session (Maintain connection upon receiving incorrectly formatted fields is off)",
    ),
    Warning(
        "settings.roundAccountValuesToNearestWholeNumber",
        True,
        "account values are rounded to whole numbers (Round account values to nearest whole number)",
    ),
    Warning(
        "precautions.bypassOrderPrecautions",
        False,
        "some orders wait for a click in a window, and nobody hears of them (Bypass Order Precautions is off)",
    ),
    Warning(
        "precautions.bypassRedirectOrderWarning",
        False,
        "an order that TWS would redirect waits for a click (Bypass redirect order warning is off)",
    ),
    Warning(
        "precautions.bypassPriceBasedVolatilityWarning",
        False,
        "a volatility order waits for a click (Bypass price-based volatility risk warning is off)",
    ),
)


def settings_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """What TWS has told, without the number of the question: `{"settings":…,"precautions":…,"lockAndExit":…,…}`, parts that are
    empty left out.
    """
    api = told.get("api") or {}
    parts = {**api, **{name: part for name, part in told.items() if name not in ("reqId", "api")}}
    return {name: part for name, part in parts.items() if part not in (None, {}, [])}


def hurting(settings: Mapping[str, Any]) -> tuple[Warning, ...]:
    """The warnings that these settings (`settings_of`) deserve."""
    return tuple(warning for warning in HURTING if _value(settings, warning.setting) is warning.value)


def _value(settings: Mapping[str, Any], name: str) -> Any:
    part, _, member = name.partition(".")
    found = settings.get(part)
    return found.get(member) if isinstance(found, Mapping) else None

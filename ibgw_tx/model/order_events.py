"""What TWS says about orders, as frozen records without I/O, and the end of IB's sentinels.

`tws/api/orders` builds these from ibapi's objects; `OrderCache.apply` takes them. Quantities are exact (`figures.Quantity`), all
other numbers floats. Each passes `quantity_or_none` or `number_or_none` on its way in, so 1.797e308, 2147483647, 2^63-1, 2^127-1,
NaN and Infinity (tws-facts 4.10) become None here whatever the sender forgot.
Ids that mean "none" (0, 2147483647, 2^63-1) become 0. Names are IB's own; units are IB's: quantities in contracts or shares,
prices as TWS quotes them, texts untouched.
"""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import Quantity, charge, number_or_none, order_id, quantity_or_none
from ibgw_tx.model.order_types import price_told


def _quantity(value: Any) -> Quantity | None:
    """A quantity above zero, else None: completed filled orders say totalQuantity 0 (tws-facts 4.7), cash orders too."""
    found = quantity_or_none(value)
    return found if found is not None and found > 0 else None


def _price(value: Any) -> float | None:
    """A fill price; TWS writes 0 for none."""
    return number_or_none(value) or None


def _liquidity(value: Any) -> int | None:
    return int(value) if value in (1, 2, 3) else None


@attrs.frozen
class Terms:
    """What an order asks for. Prices are None where the order type has none, whatever TWS echoes."""

    action: str = ""
    totalQuantity: Quantity | None = attrs.field(default=None, converter=_quantity)
    orderType: str = ""
    lmtPrice: float | None = attrs.field(default=None, converter=number_or_none)
    auxPrice: float | None = attrs.field(default=None, converter=number_or_none)
    tif: str = ""
    account: str = ""
    #: Of an order that trails by a percent.
    trailingPercent: float | None = attrs.field(default=None, converter=number_or_none)

    def __attrs_post_init__(self) -> None:
        for member in ("lmtPrice", "auxPrice", "trailingPercent"):
            object.__setattr__(self, member, price_told(self.orderType, member, getattr(self, member)))

    @property
    def changeable(self) -> tuple[object, ...]:
        """The members a modification may change (tws-facts 4.5)."""
        return (self.totalQuantity, self.orderType, self.lmtPrice, self.auxPrice, self.tif, self.trailingPercent)


@attrs.frozen
class OpenOrder:
    """openOrder (5). `status` is orderState's; `commission` stands in the last one of a filled order (capture f0590)."""

    orderId: int = attrs.field(converter=order_id)
    clientId: int
    permId: int = attrs.field(converter=order_id)
    contract: Contract
    terms: Terms
    status: str = ""
    orderRef: str = ""
    commission: float | None = attrs.field(default=None, converter=charge)
    commissionCurrency: str = ""
    whatIf: bool = False
    #: De-activated in TWS (from 10.48 on its lists have such orders): it does not work, and may be activated again.
    deactivated: bool = attrs.field(default=False, converter=bool)


@attrs.frozen
class OrderStatus:
    """orderStatus (3). Quantities and avgFillPrice are cumulative; `whyHeld` is "locate" while shares are looked for."""

    orderId: int = attrs.field(converter=order_id)
    clientId: int
    permId: int = attrs.field(converter=order_id)
    status: str
    filled: Quantity | None = attrs.field(default=None, converter=quantity_or_none)
    remaining: Quantity | None = attrs.field(default=None, converter=quantity_or_none)
    avgFillPrice: float | None = attrs.field(default=None, converter=_price)
    lastFillPrice: float | None = attrs.field(default=None, converter=_price)
    whyHeld: str = ""


@attrs.frozen
class CompletedOrder:
    """completedOrder (101): an order of today that is done. It has no API ids; permId and orderRef say which it is."""

    permId: int = attrs.field(converter=order_id)
    contract: Contract
    terms: Terms
    status: str
    filledQuantity: Quantity | None = attrs.field(default=None, converter=_quantity)
    orderRef: str = ""
    completedStatus: str = ""


@attrs.frozen
class Execution:
    """execDetails (11). `contract.exchange` is where it traded (ISLAND), not where the order lives. `time` as TWS wrote it."""

    execId: str
    orderId: int = attrs.field(converter=order_id)
    clientId: int
    permId: int = attrs.field(converter=order_id)
    contract: Contract
    side: str
    shares: Quantity | None = attrs.field(converter=quantity_or_none)
    price: float | None = attrs.field(converter=number_or_none)
    acctNumber: str = ""
    cumQty: Quantity | None = attrs.field(default=None, converter=_quantity)
    avgPrice: float | None = attrs.field(default=None, converter=_price)
    orderRef: str = ""
    time: str = ""
    liquidation: bool = attrs.field(default=False, converter=bool)
    #: 1 added liquidity, 2 removed it, 3 was routed out; None where IB does not say.
    liquidity: int | None = attrs.field(default=None, converter=_liquidity)
    #: It came as an answer to a question, not as it happened.
    asked: bool = False


@attrs.frozen
class Commission:
    """commissionReport (59): pairs with an execution by execId, before or after it."""

    execId: str
    commission: float | None = attrs.field(default=None, converter=charge)
    currency: str = ""
    realizedPnl: float | None = attrs.field(default=None, converter=number_or_none)


@attrs.frozen
class OrderError:
    """error (4) whose id is an order of this client. `text` is for people: it is localised, only `code` is matched."""

    orderId: int
    code: int
    text: str = ""
    #: TWS's JSON on why it has rejected the order (from server version 166 on), None for none.
    reject: Any = None


OrderEvent = OpenOrder | OrderStatus | CompletedOrder | Execution | Commission | OrderError

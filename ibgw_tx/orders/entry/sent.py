"""What went out under an API order id in this session, and which of it TWS holds now: what a change is built from. Pure.

TWS has no answer of its own for a change: it shows the order with the new terms (openOrder), or refuses with a code. It answers
in the sequence in which it was asked. So an order is kept as

* `held`: the members that TWS works with, as far as is known;
* `waiting`: the changes that it has neither shown nor refused, oldest first.

| what comes | what follows |
|---|---|
| a code that refuses a change | the oldest waiting change is gone, and nothing of it is sent again |
| openOrder that shows what a waiting change asked for | it, and all before it, are part of `held` |
| a code that proves nothing | should nothing more come, then what TWS shows of the oldest waiting change is `held` |
| the order cache says that no change is under way | those that still wait are part of `held` |

Figures are never compared to guess which version stands: a refusal names the order, and the sequence names the change.
What TWS shows overrides what was sent for members that somebody at TWS may change (price, size, time in force), and for those
that the market moves: a trailing stop that has followed its price must not be sent back to where it began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.events import OrderEcho
from ibgw_tx.model.order_events import Terms
from ibgw_tx.model.order_types import PRICES, type_told
from ibgw_tx.orders.codes import Awaiting, Proof, proof, refuses_change
from ibgw_tx.orders.entry.echo import ADJUSTMENT, usable, without_own_group

__all__ = ["LOOKED_AT", "MAX_ORDERS", "Change", "SentOrder", "SentOrders", "terms_of_members", "without_details"]

#: Orders of one session before those that are over are forgotten, and changes of one order of which TWS says nothing.
MAX_ORDERS, MAX_WAITING = 500, 20
#: Orders that are looked at for that each time, so that thousands never are at once.
LOOKED_AT = 2
#: What somebody at TWS may change of an order.
_COMMON = ("totalQuantity", "lmtPrice", "auxPrice", "trailingPercent", "tif")


@attrs.define
class Change:
    """One change that has been sent: what it `named`, and the `whole` order that went out; `doubted` after an unclear code."""

    named: Mapping[str, Any]
    whole: Mapping[str, Any]
    doubted: bool = False


@attrs.define
class SentOrder:
    """One order."""

    contract: Contract
    held: Mapping[str, Any]
    waiting: list[Change] = attrs.Factory(list)

    def changed(self, change: Change) -> None:
        """A change has been handed to TWS."""
        self.waiting = [*self.waiting, change][-MAX_WAITING:]

    def coded(self, code: int) -> None:
        """A code with the order's id. TWS answers in sequence, so it is about the oldest change that waits."""
        if refuses_change(code):
            del self.waiting[:1]
        elif self.waiting and proof(code, Awaiting.MODIFY) is Proof.ASK:
            self.waiting[0].doubted = True

    def shown(self, echo: Mapping[str, Any]) -> None:
        """TWS shows the order: which of the changes that wait are done? As few as the echo explains: each has one of its own."""
        wanted: dict[str, Any] = {}
        done = 0
        for count, change in enumerate(self.waiting, 1):
            wanted |= change.named
            if all(_equal(echo.get(name), value) for name, value in wanted.items() if name != "transmit"):
                done = count
                break
        if done:
            whole = self.waiting[done - 1].whole
            named = {name: value for change in self.waiting[:done] for name, value in change.named.items()}
            # A change that was sent while an older one waited carried the older one along, and may have brought it through.
            along = {name: value for name, value in whole.items() if name in echo and _equal(echo[name], value)}
            self.held = {**self.held, **named, **along}
            del self.waiting[:done]

    def settle(self, echo: Mapping[str, Any]) -> None:
        """Nothing is under way any more: what has not been refused is done, or as TWS shows it where there is a doubt."""
        for change in self.waiting:
            shown = echo if change.doubted else {}
            self.held = {**self.held, **{name: shown.get(name, value) for name, value in change.named.items()}}
        self.waiting.clear()

    def standing(self, echo: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the next change is built from: `held` as TWS shows it, with what waits. `echo` None: not shown yet."""
        members = dict(self.held) if echo is None else as_shown(self.held, usable(echo))
        for change in self.waiting:
            members |= change.named
        return members


def as_shown(held: Mapping[str, Any], echo: Mapping[str, Any]) -> dict[str, Any]:
    """`held` with what others, and the market, have made of it since."""
    members = dict(held)
    adjusted = bool(held.get("adjustedOrderType")) and not echo.get("adjustedOrderType")
    if adjusted:
        # The adjustment has been made: sent again it would be made again, from the stop where the order began.
        members = {name: value for name, value in held.items() if name not in (*ADJUSTMENT, *PRICES)}
    if echo.get("parentId") == 0:
        members["parentId"] = 0  # its parent is over: TWS answers 135 to the id of one
    moved = _moved(held, echo, adjusted)
    if "trailStopPrice" in moved and echo.get("trailStopPrice") in (None, held.get("trailStopPrice")):
        # TWS has shown no move of the stop, which does not mean that there was none: unsaid, it stays where it is.
        members.pop("trailStopPrice", None)
        moved = tuple(name for name in moved if name != "trailStopPrice")
    names = [*_COMMON, *moved]
    if type_told(str(echo.get("orderType"))).commanded:
        names.append("orderType")
    if not held.get("goodTillDate"):
        names.append("goodTillDate")
    return members | {name: echo[name] for name in names if name in echo}


def _moved(held: Mapping[str, Any], echo: Mapping[str, Any], adjusted: bool) -> tuple[str, ...]:
    """The members of this order that the market moves."""
    if held.get("adjustedOrderType"):
        return (*PRICES, "lmtPriceOffset") if adjusted else ("auxPrice", "trailStopPrice")
    kind = type_told(str(echo.get("orderType") or held.get("orderType") or ""))
    found = tuple(name for name in kind.moved if name == "trailStopPrice" or name in held)
    return (*found, "discretionaryAmt") if held.get("discretionaryAmt") else found


def _equal(one: Any, other: Any) -> bool:
    """Unset, empty, zero and false are one to TWS's echo."""
    return one == other or (not one and not other)


@attrs.define
class SentOrders:
    """The orders of one session by API order id, and the last echo of each order of this client, sent here or not."""

    #: Whether a text is the permId of an order.
    is_perm_id: Callable[[str], bool] = lambda text: False
    orders: dict[int, SentOrder] = attrs.Factory(dict)
    echoes: dict[int, OrderEcho] = attrs.Factory(dict)
    at_most: int = MAX_ORDERS

    def placed(self, order_id: int, contract: Contract, members: Mapping[str, Any]) -> None:
        """A new order has been handed to TWS."""
        self.orders[order_id] = SentOrder(contract, dict(members))

    def changed(self, order_id: int, contract: Contract, change: Change, base: Mapping[str, Any]) -> None:
        """A change has been handed to TWS; `base` is what it was built from."""
        if order_id not in self.orders:
            self.orders[order_id] = SentOrder(contract, dict(base))
        self.orders[order_id].changed(change)

    def echoed(self, echo: OrderEcho) -> None:
        """TWS shows an order of this client."""
        self.echoes[echo.order_id] = echo
        sent = self.orders.get(echo.order_id)
        if sent is not None:
            sent.shown(echo.members)

    def coded(self, order_id: int, code: int) -> None:
        """A code with an order's id."""
        sent = self.orders.get(order_id)
        if sent is not None:
            sent.coded(code)

    def base(self, order_id: int, changing: bool) -> tuple[Mapping[str, Any], Contract] | None:
        """What a change of this order is built from, and its contract; None when TWS has not shown it in this session.

        `changing`: a change of it is still under way, as far as the order cache knows.
        """
        sent, echo = self.orders.get(order_id), self.echoes.get(order_id)
        if sent is None:
            return None if echo is None else (without_own_group(usable(echo.members), self.is_perm_id), echo.contract)
        if not changing:
            sent.settle({} if echo is None else echo.members)
        return sent.standing(None if echo is None else echo.members), sent.contract

    def lost(self, order_id: int) -> tuple[str, ...]:
        """Members of an order that was not sent here in this session, and that TWS shows in a form that cannot be read."""
        echo = self.echoes.get(order_id)
        return () if echo is None or order_id in self.orders else echo.lost

    def forget_old(self, may_live: Callable[[int], bool]) -> None:
        """What orders that are over were made of: nobody can change them. Of more than `at_most` the oldest few are looked at."""
        both: tuple[dict[int, Any], dict[int, Any]] = self.orders, self.echoes
        for held in both:
            for _ in range(min(LOOKED_AT, len(held) - self.at_most)):
                order_id = next(iter(held))
                made_of = held.pop(order_id)
                if may_live(order_id):
                    held[order_id] = made_of

    def session_lost(self) -> None:
        """API ids end with the session."""
        self.orders.clear()
        self.echoes.clear()


def terms_of_members(members: Mapping[str, Any]) -> Terms:
    """The Terms of an order that is being sent."""
    names = ("totalQuantity", "lmtPrice", "auxPrice", "trailingPercent")
    figures: dict[str, Any] = {name: members.get(name) for name in names}
    words = {name: str(members.get(name) or "") for name in ("action", "orderType", "tif", "account")}
    return Terms(**figures, **words)


def without_details(contract: Contract) -> Contract:
    """What an order is sent with: a conId and an exchange are enough, and cannot disagree with each other (478)."""
    if not contract.conId or contract.comboLegs:
        return contract
    return Contract(
        conId=contract.conId,
        symbol=contract.symbol,
        secType=contract.secType,
        exchange=contract.exchange or "SMART",
        currency=contract.currency,
    )

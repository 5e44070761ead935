"""What Redis had: the order_jsons of the hashes, taken in before a snapshot. Pure.

Bots write into these hashes too, so anything may stand there. An order that the cache knows already keeps its facts; but what
bots have been told about it is what Redis says, so that a difference is told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import attrs

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import Quantity, number_or_none, order_id, quantity_or_none
from ibgw_tx.model.order_events import Terms
from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.index import Names, OrderIndex
from ibgw_tx.orders.cache.order import Order, Told
from ibgw_tx.orders.cache.order_json import same_facts
from ibgw_tx.orders.cache.states import UNKNOWN_WORD, Mark, Sign, State, sign_of
from ibgw_tx.orders.cache.versions import Versions


@attrs.define(eq=False)
class Seeding:
    """Takes the values of the hashes in, some at a time: all `read`, then all `take`n."""

    client_id: int
    index: OrderIndex
    places: set[Place]
    junk: int = 0
    _unheard_of: set[Order] = attrs.Factory(set)
    _newest: dict[tuple[int, str], Order] = attrs.Factory(dict)

    def begin(self) -> None:
        """What bots have been told is what Redis turns out to have: it may have come back empty, or without the last words."""
        self._unheard_of = {order for order in self.index if order.told.body is None}
        for known in self.index:
            known.told = Told()

    def read(self, texts: Iterable[Any]) -> None:
        """Values; those that are no order are counted as `junk`."""
        for text in texts:
            order = read_order(text)
            if order is None:
                self.junk += 1
                continue
            key = order.permId, "" if order.permId else order.ref
            if key not in self._newest or order.touched > self._newest[key].touched:
                self._newest[key] = order

    def take(self, most: int) -> list[Order] | None:
        """The next orders, so many at most: those that were new. None: there are no more."""
        keys = list(islice(self._newest, most))
        orders = [self._newest.pop(key) for key in keys]
        found = [order for order in orders if _take(self.client_id, self.index, self.places, order, self._unheard_of)]
        return found if keys else None


def api_ids(texts: Iterable[Any]) -> Iterator[int]:
    """The API ids that orders in the hashes had, of any client: none of them may be given again (tws-facts 4.3)."""
    for text in texts:
        if isinstance(text, dict) and _named(text):
            yield order_id(_whole(text, "apiOrderId"))


def _known(index: OrderIndex, order: Order) -> Order | None:
    if order.permId:
        return index.by_perm.get(order.permId)
    known = index.of_ref(order.ref)
    return known if known is not None and known.clientId == order.clientId else None


def _take(client_id: int, index: OrderIndex, places: set[Place], order: Order, unheard_of: set[Order]) -> bool:
    if order.place is not None:
        places.add(order.place)
    known = _known(index, order)
    if known is not None:
        if known in unheard_of:  # heard of before Redis was read
            # Bots look for it where it stands, even if TWS cannot tell its contract today.
            known.place = order.place
            known.born = min(known.born, order.born)
            known.fills.recall(order.fills.executed, order.fills.average, order.fills.last_price)
            known.fills.state_commission(order.fills.commission[0], order.fills.commission[1] or "")
        known.told = order.told
        return False
    if order.permId or order.clientId != client_id or order.state in (State.DEAD, State.FILLED):
        index.add(order, Names(permId=order.permId, ref=order.ref))
    else:
        # All that TWS could know it by: an order without an answer can still be cancelled under the id that it was sent with.
        index.add(order, Names(clientId=order.clientId, orderId=order.orderId, ref=order.ref))
    return True


_LARGEST = 2**53
_ACTIONS = {"buy": "BUY", "sell": "SELL"}


def read_order(text: Any) -> Order | None:
    """The order of an order_json found in Redis; None for anything that cannot be one: bots write into these hashes too."""
    if not isinstance(text, dict) or not _named(text):
        return None
    terms = Terms(
        action=_ACTIONS.get(_text(text, "T"), ""),
        totalQuantity=_quantity(text, "s"),
        orderType=_text(text, "orderType"),
        lmtPrice=_plain(text, "p"),
        auxPrice=_plain(text, "aux"),
        trailingPercent=_plain(text, "trailingPercent"),
        tif=_text(text, "tif"),
        account=_text(text, "account"),
    )
    born = _whole(text, "t")
    order = Order(born=born, touched=_whole(text, "updateTime") or born, marks={Mark.SPOKEN})
    order.versions = Versions(terms=terms, confirmed=True)
    order.permId, order.ref = int(text["i"] or 0), _text(text, "client_oid")
    order.clientId, order.orderId = _whole(text, "clientId"), order_id(_whole(text, "apiOrderId"))
    order.con_id, order.sec_type = _whole(text, "conId"), _text(text, "secType")
    order.place = (text["market"], text["pair"])
    if order.con_id and order.sec_type:
        # All that is still to be known of it: it has its place, and what is traded elsewhere does not change what it is.
        order.contract = Contract(conId=order.con_id, secType=order.sec_type)
    order.reasons.show(_code(text), _text(text, "extMsg") or None, text.get("reject"))
    order.told = Told(same_facts(text), text.get("recovered") is True, text.get("corrected") is True)
    _read_fills(order, text)
    _read_state(order, text)
    return order


def _named(text: dict[Any, Any]) -> bool:
    """Whether it says which order it is and where it stands."""
    perm_id, ref = text.get("i"), text.get("client_oid")
    by_id = isinstance(perm_id, str) and perm_id.isascii() and perm_id.isdecimal() and 0 < int(perm_id[:20]) < 2**63
    by_ref = perm_id is None and isinstance(ref, str) and bool(ref)
    place = (text.get("market"), text.get("pair"))
    return (by_id or by_ref) and all(isinstance(part, str) and part and ":" not in part for part in place)


def _read_fills(order: Order, text: dict[Any, Any]) -> None:
    if order.sec_type:
        order.fills.describe(combo=order.sec_type == "BAG", account=order.terms.account)
    order.fills.recall(_quantity(text, "executed"), _plain(text, "avg_price"), _plain(text, "last_price"))
    order.fills.state_commission(_plain(text, "commission"), _text(text, "commissionCurrency"))


def is_final(text: Mapping[Any, Any]) -> bool:
    """Whether the order of this order_json is over; an Unknown one is not."""
    word = text.get("status")
    return isinstance(word, str) and word != UNKNOWN_WORD and bool(word) and _state_of(text, word) in (State.DEAD, State.FILLED)


def _state_of(text: Mapping[Any, Any], word: str) -> State:
    sign, alive = sign_of(word), text.get("alive") is True
    if sign is Sign.FILLED:
        return State.FILLED
    if word == UNKNOWN_WORD:
        return State.UNKNOWN
    if not alive or sign is Sign.DEAD:
        return State.DEAD
    return State.HELD if sign is Sign.HELD else State.LIVE


def _read_state(order: Order, text: dict[Any, Any]) -> None:
    word = _text(text, "status") or UNKNOWN_WORD
    order.status, order.state = word, _state_of(text, word)
    if order.permId:
        order.marks.add(Mark.ACKNOWLEDGED)
    if order.state is State.FILLED and not order.fills.executed:
        # All of it was taken back.
        order.fills.taken_back(order.terms.totalQuantity or 0)


def _text(text: dict[Any, Any], member: str) -> str:
    found = text.get(member)
    return found if isinstance(found, str) else ""


def _plain(text: dict[Any, Any], member: str) -> float | None:
    found = text.get(member)
    return number_or_none(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _quantity(text: dict[Any, Any], member: str) -> Quantity | None:
    """As exact as the text in Redis: one that a double may not hold comes as NumberText."""
    found = text.get(member)
    return None if isinstance(found, bool) or not isinstance(found, int | float) else quantity_or_none(found)


def _whole(text: dict[Any, Any], member: str) -> int:
    """A whole number, 0 for none; one that is beyond any that we write is none (JSON could not carry it back)."""
    found = _plain(text, member) or 0
    return int(found) if abs(found) < _LARGEST else 0


def _code(text: dict[Any, Any]) -> int | None:
    return None if _plain(text, "extCode") is None else _whole(text, "extCode")

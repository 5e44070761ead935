"""A bracket or OCA group as one command: places of ids, who hangs from whom, and `transmit`. Without I/O.

How the orders of `orders:[...]` belong together, the first rule that fits an order:
1. `parent` names it: the place (from 0) or the client_oid of an earlier order of the command.
2. `parentId` names it: the API order id of a live order.
3. It is the first one, or shares the first one's `ocaGroup`: no parent.
4. Else the first order is its parent: a bracket is written as entry, target, stop, with nothing more to say.
An order that none of them ties to the others is refused: it would be no group, and TWS would leave it untransmitted.

A family (an order with those that hang from it, or the children of one live order) is transmitted as one: only the last of it
is sent with `transmit` true, and TWS then lets all of it go (IB's bracket example). TWS knows no such chain for orders that only
share an `ocaGroup`: each of them is transmitted, or it would stay in TWS unsent. They leave in one write, but the first can trade
before TWS has read the last; what is filled of one is taken from the others by their `ocaType` from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.model.errors import bad_params
from ibgw_tx.orders.entry.request import OrderRequest
from ibgw_tx.orders.entry.values import shown

__all__ = ["GroupMember", "numbered", "plan_group"]


@attrs.frozen
class GroupMember:
    """One order of a group, to be sent in its place: its id is the group's first id + `offset`; so is its parent's."""

    offset: int
    parent_offset: int | None
    request: OrderRequest


def plan_group(orders: Sequence[OrderRequest]) -> tuple[GroupMember, ...]:
    """The group in sending order: parents before children, in each family all untransmitted but the last. Raises CommandError.

    An order alone is sent as it is, its own `transmit` kept.
    """
    if len(orders) == 1:
        if orders[0].parent is not None:
            raise bad_params("orders[0].parent names an order of the same command, but there is none before it")
        return (GroupMember(0, None, orders[0]),)
    for place, request in enumerate(orders):
        _check_member(place, request)
    _refuse_repeated_names(orders)
    parents = [_parent_place(place, orders) for place in range(len(orders))]
    _refuse_strangers(orders, parents)
    families = _families(orders, parents)
    last = {family: place for place, family in enumerate(families)}
    return tuple(
        GroupMember(place, parents[place], request.with_members(transmit=place == last[families[place]]))
        for place, request in enumerate(orders)
    )


def numbered(plan: Sequence[GroupMember], first_id: int) -> tuple[tuple[int, Mapping[str, Any]], ...]:
    """(API order id, members with `parentId`) of each order, when the ids from `first_id` on are theirs."""
    found = []
    for member in plan:
        parent = {} if member.parent_offset is None else {"parentId": first_id + member.parent_offset}
        found.append((first_id + member.offset, {**member.request.members, **parent}))
    return tuple(found)


def _check_member(place: int, request: OrderRequest) -> None:
    if request.is_what_if:
        raise bad_params(f"orders[{place}] is a whatIf: that asks about one order, alone")
    if not request.members.get("transmit", True):
        raise bad_params(f"orders[{place}].order sets transmit: in a group the gateway does, so that all go live together")
    if request.parent is not None and request.members.get("parentId"):
        raise bad_params(f"orders[{place}] has both parent and parentId")


def _refuse_repeated_names(orders: Sequence[OrderRequest]) -> None:
    names = [request.client_oid for request in orders if request.client_oid]
    for name in names:
        if names.count(name) > 1:
            raise bad_params(f"client_oid {shown(name)} is given to {names.count(name)} orders of this command")


def _parent_place(place: int, orders: Sequence[OrderRequest]) -> int | None:
    request = orders[place]
    if request.parent is not None:
        return _named_place(place, request.parent, orders)
    if place == 0 or request.members.get("parentId"):
        return None
    group = orders[0].members.get("ocaGroup")
    return None if group and request.members.get("ocaGroup") == group else 0


def _named_place(place: int, parent: int | str, orders: Sequence[OrderRequest]) -> int:
    names: list[int | str] = [earlier.client_oid for earlier in orders[:place]]
    if parent in names and parent != "":
        return names.index(parent)
    if isinstance(parent, int) and parent < place:
        return parent
    raise bad_params(f"orders[{place}].parent {shown(parent)} names no order before it")


def _families(orders: Sequence[OrderRequest], parents: Sequence[int | None]) -> list[object]:
    """A name for the family of each order: its live parent's id as text, else the place of the first of it."""
    found: list[object] = []
    for place, parent in enumerate(parents):
        live_parent = orders[place].members.get("parentId")
        found.append(found[parent] if parent is not None else str(live_parent) if live_parent else place)
    return found


def _refuse_strangers(orders: Sequence[OrderRequest], parents: Sequence[int | None]) -> None:
    """Every order must be tied to the first: through parents, a shared ocaGroup, or a shared live parent."""
    families = [{place} for place in range(len(orders))]
    ties = [(place, parent) for place, parent in enumerate(parents) if parent is not None]
    for name in ("ocaGroup", "parentId"):
        first_with: dict[Any, int] = {}
        for place, request in enumerate(orders):
            if request.members.get(name):
                ties.append((place, first_with.setdefault(request.members[name], place)))
    for one, other in ties:
        joined = families[one] | families[other]
        for place in joined:
            families[place] = joined
    for place, family in enumerate(families):
        if 0 not in family:
            raise bad_params(f"orders[{place}] is tied to the first order by neither parent nor ocaGroup: place it on its own")

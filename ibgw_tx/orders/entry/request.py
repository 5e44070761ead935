"""What a bot asks for of one order, in ibapi's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["OrderRequest"]


@attrs.frozen
class OrderRequest:
    """One order as a bot asked for it, in ibapi's words.

    `contract` is the bot's `contract` object, not resolved, or its `exchange` and `showName`; None for a modify that names none.
    `members` has ibapi's member -> value to set on its Order, and nothing that is to stay at ibapi's default. Values are
    str, bool, int, float without noise, and for sub-objects Tier and tuples of Tag, LegPrice and Condition. Floats, also
    those within sub-objects, go through `figures.on_wire` when they are set.
    `permId` (the bot's `i`, "" for none), `apiOrderId` (0 for none) and `live_oid` ("" for none: the client_oid of a command
    without a contract) name the live order to modify.
    `changed` are the members that a modify names, None for a new order: only what a bot says is held against the rules of
    single members, not what TWS has long accepted.
    `parent` is the place (from 0) or the client_oid of the order in the same command that this one hangs from.
    """

    contract: Mapping[str, Any] | None
    members: Mapping[str, Any]
    permId: str = ""
    apiOrderId: int = 0
    parent: int | str | None = None
    changed: frozenset[str] | None = None
    live_oid: str = ""

    @property
    def said(self) -> Mapping[str, Any]:
        """The members to be judged one by one."""
        changed = self.changed
        return self.members if changed is None else {name: self.members[name] for name in changed & self.members.keys()}

    @property
    def is_modify(self) -> bool:
        return bool(self.permId or self.apiOrderId or self.live_oid)

    @property
    def is_what_if(self) -> bool:
        return bool(self.members.get("whatIf"))

    @property
    def client_oid(self) -> str:
        """The bot's own name of the order, "" when it gave none."""
        return str(self.members.get("orderRef", ""))

    def with_members(self, **changes: Any) -> OrderRequest:
        return attrs.evolve(self, members={**self.members, **changes})

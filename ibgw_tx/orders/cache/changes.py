"""What the order cache wants done, as frozen records; the shell does it. No I/O."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import Contract

__all__ = ["Change", "NeedContract", "NeedQuery", "Note", "OrderChanged", "Place", "Snapshot"]

#: ({exchange}, {pair}): the hash in which an order stands.
Place = tuple[str, str]


@attrs.frozen
class OrderChanged:
    """Write `order` (an order_json) to every one of `fields` of the hash of (exchange, pair), then publish the same text.

    `fields` is the permId and the client_oid, as far as the order has them: empty for an order that TWS refused before it got a
    permId and that has no client_oid; such an order is only published.
    """

    order: dict[str, Any]
    exchange: str
    pair: str
    fields: tuple[str, ...]
    #: Nothing new is said of the order: a field goes back to it, and nothing is published.
    quiet: bool = False


@attrs.frozen
class NeedContract:
    """Resolve `contract` (by its conId) and answer with `OrderCache.contract_known`; until then the order is not written."""

    conId: int
    contract: Contract


@attrs.frozen
class NeedQuery:
    """Ask TWS for open orders, completed orders and executions (`query_begin` ... `query_done`).

    One question answers all that stand open when it begins: the shell may gather several before it asks.
    `order` is the order_json in doubt, for the log.
    """

    reason: str
    order: dict[str, Any]


@attrs.frozen
class Note:
    """Something a person should be able to read in the log: a sentence and its facts."""

    text: str
    facts: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Snapshot:
    """What `snapshot_done` found: what stands in each hash of the orders in memory, and what differs from Redis, to be published.

    `removed` are dead orders too old to keep; they are in no hash any more and nothing is published about them.
    `needs` is performed like the changes of any message.
    """

    hashes: dict[Place, dict[str, dict[str, Any]]]
    changed: tuple[OrderChanged, ...]
    removed: tuple[dict[str, Any], ...]
    needs: tuple[NeedContract | Note, ...] = ()


Change = OrderChanged | NeedContract | NeedQuery | Note

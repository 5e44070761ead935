"""In which hash an order stands: {exchange} and {pair}, for which its contract may have to be resolved first. Pure.

The contract in openOrder and completedOrder is reduced: no primaryExchange, and SMART where the order was routed so. The one in
execDetails names the venue of the trade instead. An order is not written before its listing exchange is known; once it has a
place it keeps it, whatever later messages say.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.orders.cache.changes import NeedContract, Note
from ibgw_tx.orders.cache.order import Order

__all__ = ["Places"]

_DATED = frozenset({"FUT", "OPT", "FOP"})
_FULL_DATE = 8  # yyyymmdd


def _routed_smart(contract: Contract) -> bool:
    return contract.exchange.upper() in ("", "SMART")


def _is_reduced(contract: Contract) -> bool:
    """Whether the names of section 2 cannot be told from it. A combo is listed nowhere, so there is nothing to resolve."""
    if contract.secType == "BAG" or not contract.conId:
        return False
    undated = contract.secType in _DATED and len(contract.expiry) < _FULL_DATE
    return undated or not contract.secType or (_routed_smart(contract) and not contract.primaryExchange)


def _completed(contract: Contract, full: Contract) -> Contract:
    """`full`, on the exchange to which the order was sent."""
    exchange = "SMART" if _routed_smart(contract) else contract.exchange
    return attrs.evolve(full, exchange=exchange, primaryExchange=full.primaryExchange or _listing(full))


def _listing(full: Contract) -> str:
    return "" if _routed_smart(full) else full.exchange


@attrs.define(eq=False)
class Places:
    """What is known of contracts, and which orders wait for one."""

    _known: dict[int, Contract | None] = attrs.Factory(dict)  # None: TWS does not know it either
    _waiting: dict[int, dict[Order, None]] = attrs.Factory(dict)
    _asked: dict[int, Contract] = attrs.Factory(dict)

    @property
    def missing(self) -> tuple[NeedContract, ...]:
        """What has been asked for and is not known yet."""
        return tuple(NeedContract(con_id, contract) for con_id, contract in self._asked.items())

    def find(self, order: Order) -> NeedContract | Note | None:
        """Give the order its place if that can be told; else what is needed for it, once."""
        contract = order.contract
        if order.place is not None or order.hidden:
            return None
        if contract is None:
            return None if order.traded is None else self.want(order.traded)
        if _is_reduced(contract):
            if contract.conId not in self._known:
                self._waiting.setdefault(contract.conId, {})[order] = None
                return self.want(contract)
            full = self._known[contract.conId]
            contract = contract if full is None else _completed(contract, full)
        return self._settle(order, contract)

    def want(self, contract: Contract) -> NeedContract | None:
        """Have a contract resolved, unless that is done or under way."""
        con_id = contract.conId
        if not con_id or contract.secType == "BAG" or con_id in self._known or con_id in self._asked:
            return None
        self._asked[con_id] = contract
        return NeedContract(con_id, contract)

    @staticmethod
    def _settle(order: Order, contract: Contract) -> Note | None:
        try:
            order.place = exchange_of(contract), pair_of(contract)
        except BadName as refusal:
            order.hidden = True
            return Note(
                "an order has no name in Redis and is not shown",
                {"why": str(refusal), "permId": order.permId},
            )
        return None

    def learn(self, con_id: int, contract: Contract | None) -> list[Order]:
        """A contract has been resolved (None: TWS does not know it). Returns the orders that waited for it."""
        self._known[con_id] = contract
        self._asked.pop(con_id, None)
        return list(self._waiting.pop(con_id, ()))

    def teach(self, contract: Contract) -> None:
        """A contract that is complete already, of an order of ours."""
        if contract.conId and contract.primaryExchange and not _is_reduced(contract) and self._known.get(contract.conId) is None:
            self._known[contract.conId] = contract

    def want_anew(self) -> None:
        """What has been asked for and is not known may be asked for again."""
        self._asked.clear()

    def session_lost(self) -> None:
        """Questions end with their session; whoever still needs one asks again."""
        self._asked.clear()
        self._waiting.clear()
        self._known = {con_id: known for con_id, known in self._known.items() if known is not None}

"""Which orders CANCEL_ORDERS means: everything that is given has to fit. Pure.

Orders are known by where they stand (market, pair), so that a cancel need not ask TWS what a contract is. A month stands for
every day of it, as in a show name; SMART and no exchange stand for every exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.choice import refuse_other
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError, bad_params
from ibgw_tx.model.order_members import SIDES

__all__ = ["MEMBERS", "Selection", "parse_selection"]

MEMBERS = ("exchange", "showName", "shownName", "contract", "account", "T", "prefix")
_ANYWHERE = frozenset({"", "SMART", "BEST"})
#: A name for the reading of a show name that is given without an exchange.
_NO_EXCHANGE = "SMART"


@attrs.frozen
class Selection:
    """`contracts`: one of them has to fit, none given: any. Texts are "" when not given; `side` is "buy" or "sell"."""

    exchange: str = ""
    contracts: Sequence[Contract] = ()
    account: str = ""
    side: str = ""
    prefix: str = ""

    def matches(self, order: Mapping[str, Any]) -> bool:
        """Whether an order_json is meant."""
        return (
            self._stands(str(order["market"] or ""), str(order["pair"] or ""), str(order["secType"] or ""), order["conId"] or 0)
            and self.account in ("", order["account"])
            and self.side in ("", order["T"])
            and str(order["client_oid"] or "").startswith(self.prefix)
        )

    def wants(self, contract: Contract, members: Mapping[str, Any]) -> bool:
        """Whether an order that is being placed, of these members on this contract, is meant."""
        try:
            market, pair = exchange_of(contract), pair_of(contract)
        except BadName:
            market, pair = contract.exchange, ""
        return (
            self._stands(market, pair, contract.secType, contract.conId)
            and self.account in ("", members.get("account"))
            and self.side in ("", SIDES.get(members["action"]))
            and str(members.get("orderRef") or "").startswith(self.prefix)
        )

    def _stands(self, market: str, pair: str, sec_type: str, con_id: int) -> bool:
        if self.exchange not in _ANYWHERE and self.exchange != market:
            return False
        return not self.contracts or any(_fits(each, market, pair, sec_type, con_id) for each in self.contracts)


def _fits(asked: Contract, market: str, pair: str, sec_type: str, con_id: int) -> bool:
    if asked.conId:
        return asked.conId == con_id and _agrees(asked, market, pair, sec_type)
    exchange = asked.primaryExchange or asked.exchange
    if (exchange.upper() not in _ANYWHERE and exchange.upper() != market) or asked.secType not in ("", sec_type):
        return False
    try:
        stands = contracts_of_show_name(market or _NO_EXCHANGE, f"{market or _NO_EXCHANGE}/{sec_type}/{pair}")
    except CommandError:
        return False
    return any(_same(asked, each) for each in stands)


def _agrees(asked: Contract, market: str, pair: str, sec_type: str) -> bool:
    """Whether no other member contradicts what stands under the id asked for; what cannot be read of it goes by the id alone."""
    if asked.secType not in ("", sec_type, "CONTFUT"):
        return False
    try:
        stands = contracts_of_show_name(market or _NO_EXCHANGE, f"{market or _NO_EXCHANGE}/{sec_type}/{pair}")
    except CommandError:
        return True
    return not stands or any(_is_not_other(asked, each, sec_type) for each in stands)


def _is_not_other(asked: Contract, stands: Contract, sec_type: str) -> bool:
    try:
        refuse_other(asked, attrs.evolve(stands, secType=sec_type))
    except CommandError:
        return False
    return True


def _same(asked: Contract, stands: Contract) -> bool:
    """Whether what is asked says nothing else than what stands there; a member that is not given says nothing."""
    plain = ("currency", "symbol", "right", "strike")
    return (
        all(getattr(asked, name) in ("", 0, getattr(stands, name)) for name in plain)
        and stands.expiry.startswith(asked.expiry)
        and (asked.multiplier or "1") in (stands.multiplier or "1", "1")
    )


def parse_selection(params: Mapping[str, Any]) -> Selection:
    """Of CANCEL_ORDERS' params. Raises CommandError (bad_params), also when nothing is given: that would be CANCEL_ALL."""
    given = {name: value for name, value in params.items() if value is not None and value != ""}
    if not given:
        raise bad_params(f"give at least one of {', '.join(MEMBERS)}; CANCEL_ALL cancels everything")
    for name, value in given.items():
        if name != "contract" and not isinstance(value, str):
            raise bad_params(f"{name} must be a text")
    side = given.get("T", "").lower()
    if side not in ("", *filter(None, SIDES.values())):
        raise bad_params(f'T must be "buy" or "sell", not {given["T"]!r}')
    exchange, show_name = given.get("exchange", "").upper(), given.get("showName") or given.get("shownName") or ""
    contracts: list[Contract] = []
    if show_name:
        contracts += contracts_of_show_name(exchange or ("" if "/" in show_name else _NO_EXCHANGE), show_name)
    if "contract" in given:
        if contracts:
            raise bad_params("give contract or showName, not both")
        contracts.append(contract_from_json(given["contract"]))
    return Selection(exchange, contracts, given.get("account", ""), side, given.get("prefix", ""))

"""EXERCISE (section 8): what a bot asks for, and what of it IB would not take. Pure.

Only what is held can be exercised or left to lapse. TWS brings a quantity that is too large down to the position; a bot that
counts otherwise than TWS is told so instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.model.contract import BadName, Contract, pair_of
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.figures import Quantity, is_unset, written
from ibgw_tx.orders.entry.values import shown

#: Members of the params beside those that name the contract.
MEMBERS = ("quantity", "action", "account", "override")
#: secTypes that give their holder a right. An event contract settles by itself.
_RIGHTS = frozenset({"OPT", "FOP", "WAR", "IOPT"})
_ACTIONS = {"exercise": False, "lapse": True}
_MOST = 2**31 - 1
_NOWHERE = ("", "SMART", "BEST")


@attrs.frozen
class Instruction:
    """`quantity` options to be exercised or left to `lapse`; `override`: even where that is against their worth."""

    quantity: int
    lapse: bool
    account: str = ""
    override: bool = False

    def members(self, contract: Contract) -> Mapping[str, Any]:
        """As an order, for our own limits: what is exercised costs the strike."""
        price = 0.0 if self.lapse else contract.strike
        return {"action": "BUY", "totalQuantity": self.quantity, "orderType": "LMT", "lmtPrice": price}


def parse_instruction(params: Mapping[str, Any]) -> Instruction:
    """Of EXERCISE's params, which have no other members. Raises CommandError (bad_params)."""
    quantity, action = params.get("quantity"), params.get("action")
    account, override = params.get("account") or "", params.get("override") or False
    if isinstance(quantity, float) and quantity.is_integer():
        quantity = int(quantity)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= _MOST:
        raise bad_params(f"quantity must be a whole number of options above zero, not {shown(quantity)}")
    if is_unset(quantity):
        raise bad_params(f"quantity {quantity} is how TWS says that none is given")
    if not isinstance(action, str) or action.lower() not in _ACTIONS:
        raise bad_params(f'action must be "exercise" or "lapse", not {shown(action)}')
    if not isinstance(account, str):
        raise bad_params(f"account must be a string, not {shown(account)}")
    if not isinstance(override, bool):
        raise bad_params(f"override must be true or false, not {shown(override)}")
    return Instruction(quantity, _ACTIONS[action.lower()], account, override)


def check_instruction(asked: Instruction, contract: Contract, account: str, held: Quantity) -> None:
    """Against what the account holds of the contract. Raises CommandError (bad_params)."""
    name = _name(contract)
    if contract.secType not in _RIGHTS:
        raise bad_params(f"{name} is no option but {contract.secType}: there is nothing to exercise")
    if not held:
        raise bad_params(f"account {account} holds no position in {name}")
    if held < 0:
        raise bad_params(f"account {account} is short of {name} ({written(held)}): only who holds an option can exercise it")
    if asked.quantity > held:
        raise bad_params(f"account {account} holds {written(held)} of {name}, fewer than {asked.quantity}")


def refuse_change(members: Mapping[str, Any], contract: Contract) -> None:
    """TWS shows an exercise or a lapse as an order, a BUY of an option at 0, which no other order can be: a change of it would
    buy the option. Raises CommandError (bad_params).
    """
    bought = members.get("action") == "BUY" and members.get("orderType") == "LMT" and not members.get("lmtPrice")
    if bought and contract.secType in _RIGHTS:
        text = f"this order is an exercise of {_name(contract)}, or lets it lapse: it cannot be changed, only cancelled"
        raise bad_params(text)


def exercised_at(contract: Contract, venues: str) -> Contract:
    """The contract at an exchange: IB takes no exercise at SMART. `venues` are its validExchanges."""
    if contract.exchange.upper() not in _NOWHERE:
        return contract
    there = [venue.strip() for venue in (contract.primaryExchange, *venues.split(",")) if venue.strip().upper() not in _NOWHERE]
    return attrs.evolve(contract, exchange=there[0]) if there else contract


def _name(contract: Contract) -> str:
    try:
        return pair_of(contract)
    except BadName:
        return f"conId {contract.conId}"

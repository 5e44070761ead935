"""The one contract that the params of a command name: `contract`, or `exchange` and `showName` (`shownName` too)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ibgw_tx.commands.message import text_param
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model.errors import bad_params

#: Members of params that name a contract.
NAMING = ("contract", "exchange", "showName", "shownName")


def _show_name(params: Mapping[str, Any]) -> str:
    return text_param(dict(params), "showName") or text_param(dict(params), "shownName")


def check_named(params: Mapping[str, Any]) -> None:
    """Raises CommandError (bad_params) where they name none, name it twice, or not as it must be named."""
    if "contract" in params:
        if any(name in params for name in NAMING[1:]):
            raise bad_params("give either contract, or exchange and showName")
        contract_from_json(params["contract"])
    elif "showName" in params and "shownName" in params:
        raise bad_params("showName and shownName are the same param; give one")
    elif not _show_name(params):
        raise bad_params("contract, or exchange and showName, is missing")
    else:
        contracts_of_show_name(text_param(dict(params), "exchange"), _show_name(params))


async def named_contract(contracts: Contracts, params: Mapping[str, Any]) -> KnownContract:
    """Ask for it. Raises CommandError (unknown_contract, ambiguous_contract, unavailable, …)."""
    if "contract" in params:
        return await contracts.find_one(contract_from_json(params["contract"]))
    return await contracts.find_show_name(text_param(dict(params), "exchange"), _show_name(params))

"""Who carries out which command. Part of the assembly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books.shell.commands import BookCommands
from ibgw_tx.commands.message import Command
from ibgw_tx.commands.shell.dispatcher import Handler
from ibgw_tx.orders.shell.contract_facts import ContractFactsFinder
from ibgw_tx.tws.shell.session import IBSession


def handlers(parts: Any, session: Callable[[], IBSession], now_ms: Callable[[], int]) -> dict[str, Handler]:
    """The commands of section 8 but for the gateway's own; `parts` is the assembly."""
    extras = {"tickByTick": parts.ticks, "oddLots": parts.odd_lots}
    depth = BookCommands(parts.contracts, parts.depth, session, now_ms)
    top = BookCommands(parts.contracts, parts.top, session, now_ms, extras, lambda: session().client.server_version)
    facts = parts.order_entry.facts
    return {
        "SUB_ODBK": _foreseen(depth.subscribe, facts),
        "UNSUB_ODBK": depth.unsubscribe,
        "SUB_TOP": _foreseen(top.subscribe, facts),
        "UNSUB_TOP": top.unsubscribe,
        "FIND_CONTRACTS": _foreseen(parts.contract_commands.find_contracts, facts),
        "SNAPSHOT": parts.inventory.snapshot,
        "SUB_BARS": parts.bar_commands.subscribe,
        "UNSUB_BARS": parts.bar_commands.unsubscribe,
        "FIND_CHAIN": parts.chains.find_chain,
        **parts.order_entry.handlers(),
        "ACCOUNT_LIST": parts.account_commands.account_list,
        "ACCOUNT_SUMMARY": parts.account_commands.account_summary,
        "FIND_HISTORY": parts.history_commands.find_history,
    }


def _foreseen(handler: Handler, facts: ContractFactsFinder) -> Handler:
    """A command about a contract, which may be ordered next."""

    async def carry_out(command: Command) -> dict[str, Any]:
        told = await handler(command)
        facts.foresee(command.params.get("contract", command.params))
        return told

    return carry_out

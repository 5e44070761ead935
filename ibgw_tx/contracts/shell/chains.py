"""FIND_CHAIN (section 8): which options there are on an underlying, without asking for each of them.

The ack goes out when the question has left. Chains are written to Redis, then told in a `result`; an underlying without options
has none. The answer may be some hundred rows; it is one document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.contracts.asked import MEMBERS
from ibgw_tx.contracts.choice import describe
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.shell.named import NAMING, check_named, named_contract
from ibgw_tx.model import events, keys
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import bad_params
from ibgw_tx.model.json_text import dumps
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.session import IBSession

CHAIN_LIMIT = 60.0  # seconds


@attrs.define
class ChainCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    contracts: Contracts
    asker: Asker
    redis: RedisLink
    followups: Followups
    session: Callable[[], IBSession]
    now_ms: Callable[[], int]

    # What TWS tells.

    def chain(self, event: events.Chain) -> None:
        """One exchange and trading class."""
        self.asker.add(event.req_id, event)

    def chain_end(self, event: events.ChainEnd) -> None:
        """That was all."""
        self.asker.end(event.req_id)

    # The command.

    async def find_chain(self, command: Command) -> dict[str, Any]:
        """A `result` with `chains` follows the ack."""
        params = _params(command.params)
        check_named(params)
        self.session()
        under = (await named_contract(self.contracts, params)).contract
        client = self.session().client
        asked = self.asker.put(
            f"the option chains of {describe(under)}", lambda req_id: client.ask_chains(req_id, under), CHAIN_LIMIT
        )
        await asked.left
        self.followups.later(command, self._tell(command, under, asked.answers))
        return {}

    async def _tell(self, command: Command, under: Contract, answers: Deferred[list[events.Chain]]) -> None:
        chains = [attrs.asdict(row, filter=lambda member, _: member.name != "req_id") for row in await answers]
        document = {"conId": under.conId, "symbol": under.symbol, "chains": chains, "_timestamp": self.now_ms()}
        await self.redis.call("SET", keys.chain(under.conId), dumps(document))
        self.followups.result(command, conId=under.conId, key=keys.chain(under.conId), chains=chains)


def _params(params: dict[str, Any]) -> dict[str, Any]:
    """As FIND_CONTRACTS the contract's members may stand by themselves."""
    if any(name in params for name in ("contract", "showName", "shownName")):
        expect_members(params, *NAMING)
        return params
    expect_members(params, *sorted(MEMBERS))
    if not params:
        raise bad_params("the underlying's contract is missing")
    return {"contract": params}

"""FIND_CONTRACTS (section 8): every contract that TWS finds is stored; a `result` with the keys follows the ack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.contracts.asked import MEMBERS, contract_from_json
from ibgw_tx.contracts.choice import describe
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.model import keys
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import TWSError, bad_params
from ibgw_tx.tws.codes import NO_SECURITY_DEFINITION
from ibgw_tx.tws.shell.session import IBSession

#: Hits whose keys are made in one turn of the reactor, 1 or 2 ms.
SLICE = 250


@attrs.define
class ContractCommands:
    """`session()` gives the ready session with its link up, or raises CommandError (not_connected)."""

    contracts: Contracts
    followups: Followups
    session: Callable[[], IBSession]

    async def find_contracts(self, command: Command) -> dict[str, Any]:
        """Acknowledged when it has left; every hit is stored; a `result` with their keys follows, or TWS's error 200."""
        expect_members(command.params, "contract", *sorted(MEMBERS))
        nested = "contract" in command.params
        if nested and len(command.params) > 1:
            raise bad_params("give either contract, or its members")
        contract = contract_from_json(command.params["contract"] if nested else command.params)
        self.session()
        asked = self.contracts.ask(contract)
        await asked.left
        self.followups.later(command, self._find(command, contract, asked.hits))
        return {}

    async def _find(self, command: Command, contract: Contract, answer: Deferred[list[KnownContract]]) -> None:
        hits = await answer
        if not hits:
            raise TWSError(NO_SECURITY_DEFINITION, f"No security definition has been found for {describe(contract)}")
        # Found before, perhaps, and removed from Redis since.
        self.contracts.store.put_all(hits)
        # Who hears of the keys finds them.
        written: Deferred[None] = Deferred()
        self.contracts.store.when_written(lambda: written.callback(None))
        await written
        self.followups.result(command, keys=await self._keys(hits))

    async def _keys(self, hits: list[KnownContract]) -> list[str]:
        """One key for each hit; the conId's where two contracts share a name. In slices: a chain has thousands."""
        found: dict[str, int] = {}
        for count, hit in enumerate(hits, 1):
            if not count % SLICE:
                await self.followups.pause()
            # One whose name may not stand in a key is stored by its conId alone, where its best row speaks for it.
            key = next(iter(self.contracts.store.keys(hit)), keys.contract_id(hit.contract.conId))
            if found.setdefault(key, hit.contract.conId) != hit.contract.conId:
                found[keys.contract_id(hit.contract.conId)] = hit.contract.conId
        return list(found)

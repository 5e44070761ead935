"""EXERCISE (section 8): an option position exercised, or left to lapse.

TWS takes it under an order id and shows it as an order of this client, a BUY at 0, which can be cancelled until IB has carried it
out. It goes the way of a new order: HALT, the lease, the snapshot, the command's age and our limits are looked at when it comes
and again in the turn in which its bytes leave. It has no name of its own that TWS would keep, so nobody can tell after a crash
whether it was sent: it is never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.shell.named import NAMING, check_named, named_contract
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.figures import Quantity
from ibgw_tx.orders.entry.checks import account_for
from ibgw_tx.orders.entry.exercise import MEMBERS, Instruction, check_instruction, exercised_at, parse_instruction
from ibgw_tx.orders.shell.attempts import Attempt, Attempts
from ibgw_tx.orders.shell.departure import not_kept
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.gate import Gate
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.place import place_of
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.shell.session import IBSession


class Exercise:
    """`held(account, con_id)` is what an account holds; None while its positions are not known."""

    log = Logger()

    def __init__(
        self,
        gate: Gate,
        attempts: Attempts,
        contracts: Contracts,
        counter: IdCounter,
        followups: OrderFollowups,
        held: Callable[[str, int], Quantity | None],
        default_account: str,
    ) -> None:
        self._gate = gate
        self._attempts = attempts
        self._contracts = contracts
        self._counter = counter
        self._followups = followups
        self._held = held
        self._default_account = default_account

    async def exercise(self, command: Command) -> dict[str, Any]:
        """Acknowledged when it has left; what TWS says of it comes with the command's id."""
        received = self._gate.now_ms()
        expect_members(command.params, *NAMING, *MEMBERS)
        asked = parse_instruction(command.params)
        check_named(command.params)
        self._gate.check_open()
        attempt = Attempt(command, received)
        return await self._attempts.carry_out(attempt, self._exercise(attempt, asked))

    async def _exercise(self, attempt: Attempt, asked: Instruction) -> dict[str, Any]:
        known = await named_contract(self._contracts, attempt.command.params)
        attempt.check()
        contract = exercised_at(known.contract, str(known.details.get("validExchanges") or ""))
        account = account_for(asked.account, self._gate.session().accounts, self._default_account)
        self._check(asked, known, account)
        try:
            await self._counter.cover(1)
            order_id = self._counter.ids.take(1).start
            # The one write that everything with an order id has: ids leave in their sequence.
            await self._counter.keep(0)
        except CommandError:
            raise
        except Exception as error:
            raise not_kept(error) from error

        def messages(session: IBSession) -> Sequence[bytes]:
            self._check(asked, known, account)
            told = asked.lapse, asked.quantity, account, asked.override
            frame = session.client.encode_exercise(order_id, contract, *told)
            self._gate.note()
            self._followups.owns(order_id, attempt.command)
            self._followups.expect(order_id, attempt.command)
            return [frame]

        await self._attempts.leave(attempt, 1, messages)
        self.log.info(
            "order {order_id}: {what} of {quantity} {contract} sent for {account} (command {command!r})",
            order_id=order_id,
            what="lapse" if asked.lapse else "exercise",
            quantity=asked.quantity,
            contract=contract.localSymbol or contract.conId,
            account=account,
            command=attempt.command.id,
        )
        market, pair = place_of(contract)
        return {"apiOrderId": order_id, "account": account, "market": market, "pair": pair}

    def _check(self, asked: Instruction, known: KnownContract, account: str) -> None:
        """Positions may have changed meanwhile. Raises CommandError."""
        contract = known.home
        held = self._held(account, contract.conId)
        if held is None:
            raise CommandError(errors.UNAVAILABLE, f"the positions of account {account} are not known yet")
        check_instruction(asked, contract, account, held)
        self._gate.check_exercise(asked.members(contract), contract)

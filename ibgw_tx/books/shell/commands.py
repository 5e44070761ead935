"""The commands about books: SUB_ODBK and UNSUB_ODBK for depth, SUB_TOP and UNSUB_TOP for level 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books.shell.depth import DepthDesk
from ibgw_tx.books.subscription import Subscription
from ibgw_tx.books.top_shelf import TopBook
from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import ContractDesk
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model import errors
from ibgw_tx.model.contract import exchange_of, pair_of
from ibgw_tx.model.errors import CommandError, bad_params

_MEMBERS = ("exchange", "showName", "shownName", "contract")


class BookCommands:
    """One pair of commands, for the desk they are about.

    `check_session` raises CommandError (not_connected) while TWS or its link to IB is down.
    """

    def __init__(self, contracts: ContractDesk, desk: DepthDesk, check_session: Callable[[], object]) -> None:
        self._contracts = contracts
        self._desk = desk
        self._check_session = check_session

    async def subscribe(self, command: Command) -> dict[str, Any]:
        """SUB_…: resolve the contract and subscribe its book; the ack carries the channel (SUB_TOP: that of trades too)."""
        _check(command.params)
        self._check_session()
        known = await self._resolve(command.params)
        # The link may have gone while TWS was asked for the contract.
        self._check_session()
        book = self._desk.subscribe(known, command).book
        return {"channel": book.channel, **({"tick_channel": book.tick_channel} if isinstance(book, TopBook) else {})}

    async def unsubscribe(self, command: Command) -> dict[str, Any]:
        """UNSUB_…: works without TWS too, for a book named as it was subscribed; bad_params for one that is not."""
        _check(command.params)
        subscription = self._wanted(command.params)
        if subscription is None:
            self._check_session()
            known = await self._resolve(command.params)
            subscription = self._by_contract(known)
        if subscription is None:
            raise CommandError(errors.BAD_PARAMS, "this book is not subscribed")
        self._desk.unsubscribe(subscription)
        return {"channel": subscription.book.channel}

    async def _resolve(self, params: dict[str, Any]) -> KnownContract:
        if "contract" in params:
            return await self._contracts.find_one(contract_from_json(params["contract"]))
        return await self._contracts.find_show_name(text_param(params, "exchange"), _show_name(params))

    def _wanted(self, params: dict[str, Any]) -> Subscription | None:
        """The subscribed book that the params name exactly, without asking TWS."""
        if "contract" in params:
            con_id = contract_from_json(params["contract"]).conId
            return next((s for s in self._desk.wanted.values() if con_id and s.contract.conId == con_id), None)
        readings = contracts_of_show_name(text_param(params, "exchange"), _show_name(params))
        pair = _show_name(params).rpartition("/")[2]
        for subscription in self._desk.wanted.values():
            book = subscription.book
            if book.pair == pair and readings[0].exchange in (book.exchange, subscription.contract.exchange):
                return subscription
        return None

    def _by_contract(self, known: KnownContract) -> Subscription | None:
        names = exchange_of(known.contract), pair_of(known.contract)
        return next((s for s in self._desk.wanted.values() if (s.book.exchange, s.book.pair) == names), None)


def _show_name(params: dict[str, Any]) -> str:
    return text_param(params, "showName") or text_param(params, "shownName")


def _check(params: dict[str, Any]) -> None:
    expect_members(params, *_MEMBERS)
    if "contract" in params:
        if len(params) > 1:
            raise bad_params("give either contract, or exchange and showName")
        contract_from_json(params["contract"])
    elif not _show_name(params):
        raise bad_params("showName is missing")
    elif "showName" in params and "shownName" in params:
        raise bad_params("showName and shownName are the same param; give one")
    else:
        contracts_of_show_name(text_param(params, "exchange"), _show_name(params))

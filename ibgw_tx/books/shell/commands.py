"""The commands about books: SUB_ODBK and UNSUB_ODBK for depth, SUB_TOP and UNSUB_TOP for level 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ibgw_tx.books.naming import meant_by_contract, meant_by_name
from ibgw_tx.books.odd_lots import check_odd_lots
from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.books.subscription import TOP, Subscription
from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError, bad_params

_MEMBERS = ("exchange", "showName", "shownName", "contract")


class BookCommands:
    """One pair of commands, for the kind of books they are about.

    `check_session` raises CommandError (not_connected) while TWS or its link to IB is down.
    """

    def __init__(
        self,
        contracts: Contracts,
        books: Subscriptions,
        check_session: Callable[[], object],
        now_ms: Callable[[], int],
        extras: Mapping[str, Subscriptions] | None = None,
        server_version: Callable[[], int] = lambda: 0,
    ) -> None:
        """`extras`: what may be asked for beside the books, by the param that asks. `now_ms` gives epoch ms."""
        self._extras = extras or {}
        self._server_version = server_version
        self._now_ms = now_ms
        self._contracts = contracts
        self._books = books
        self._check_session = check_session

    async def subscribe(self, command: Command) -> dict[str, Any]:
        """SUB_…: resolve the contract and subscribe its book; the ack carries the channel (SUB_TOP: that of trades too)."""
        _check(command.params, self._extras)
        self._check_session()
        known = await self._resolve(command.params)
        # The link may have gone while TWS was asked for the contract.
        self._check_session()
        if command.params.get("oddLots"):
            check_odd_lots(known.contract, self._server_version())
        subscription = self._books.subscribe(known, command)
        feed = subscription.feed
        begun = [(self._books, subscription)]
        for param, kind in self._extras.items():
            if command.params.get(param):
                begun.append((kind, kind.subscribe(known, command)))
            elif param in command.params:
                await self._end(kind, subscription.name)
        for kind, each in begun:
            await kind.departures.begun(each, self._age_left(command))
        channels = {"channel": feed.channel.name}
        return {**channels, "tick_channel": feed.rows.trades.channel} if self._books.kind == TOP else channels

    async def unsubscribe(self, command: Command) -> dict[str, Any]:
        """UNSUB_…: works without TWS too, for a book named as it was subscribed; bad_params for one that is not."""
        _check(command.params, self._extras)
        subscription = self._named(command.params)
        if subscription is None:
            self._check_session()
            known = await self._resolve(command.params)
            subscription = meant_by_contract(self._books.wanted.values(), known.contract)
        if subscription is None:
            raise CommandError(errors.BAD_PARAMS, "this book is not subscribed")
        ended = subscription.req_id
        for kind in self._extras.values():
            await self._end(kind, subscription.name)
        self._books.unsubscribe(subscription)
        await self._books.departures.ended(ended)
        return {"channel": subscription.feed.channel.name}

    async def _end(self, kind: Subscriptions, name: str) -> None:
        there = kind.wanted.get(name)
        if there is not None:
            ended = there.req_id
            kind.unsubscribe(there)
            await kind.departures.ended(ended)

    def _age_left(self, command: Command) -> float | None:
        """ms until the command is too old to be carried out."""
        return None if command.expires is None else command.expires - self._now_ms()

    async def _resolve(self, params: dict[str, Any]) -> KnownContract:
        if "contract" in params:
            return await self._contracts.find_one(contract_from_json(params["contract"]))
        return await self._contracts.find_show_name(text_param(params, "exchange"), _show_name(params))

    def _named(self, params: dict[str, Any]) -> Subscription | None:
        """The subscribed book that the params name, without asking TWS."""
        wanted = self._books.wanted.values()
        if "contract" in params:
            contract = contract_from_json(params["contract"])
            return meant_by_contract(wanted, contract) if contract.conId else None
        readings = contracts_of_show_name(text_param(params, "exchange"), _show_name(params))
        return meant_by_name(wanted, readings, _show_name(params).rpartition("/")[2])


def _show_name(params: dict[str, Any]) -> str:
    return text_param(params, "showName") or text_param(params, "shownName")


def _check(params: dict[str, Any], extras: Iterable[str]) -> None:
    expect_members(params, *_MEMBERS, *extras)
    for param in extras:
        if not isinstance(params.get(param, False), bool):
            raise bad_params(f"{param} is true or false")
    if "contract" in params:
        if any(name in params for name in _MEMBERS[:3]):
            raise bad_params("give either contract, or exchange and showName")
        contract_from_json(params["contract"])
    elif not _show_name(params):
        raise bad_params("showName is missing")
    elif "showName" in params and "shownName" in params:
        raise bad_params("showName and shownName are the same param; give one")
    else:
        contracts_of_show_name(text_param(params, "exchange"), _show_name(params))

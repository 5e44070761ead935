"""PLACE_ORDER, CANCEL_ORDER, CANCEL_ALL, HALT, RESUME (section 8).

A new order goes through: halt, parse, contract, checks, limits, reservation of its client_oid, id, cache, bytes, ack. Up to the
bytes everything can be refused without effect; whatever had to be waited for, the link and the cache are looked at again before
ids are taken, and ids are taken, encoded and sent in one turn. No order is ever sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx import errors, limits
from ibgw_tx.commands import Command, expect_members, text_param
from ibgw_tx.contract import Contract
from ibgw_tx.errors import CommandError
from ibgw_tx.limits import Limits, RateWindow
from ibgw_tx.log import Logger
from ibgw_tx.ordercontracts import OrderContracts
from ibgw_tx.orderdesk import OrderDesk
from ibgw_tx.orderentry import parse_place_order
from ibgw_tx.ordergroup import numbered, plan_group
from ibgw_tx.orderkeeping import OrderKeeping
from ibgw_tx.ordermodify import modified
from ibgw_tx.orderterms import OrderTerms
from ibgw_tx.ordertranslate import terms_of_members, without_details
from ibgw_tx.orderwords import OrderWords
from ibgw_tx.session import IBSession


@attrs.define
class OrderCommands:
    """`session()` gives the linked session or raises CommandError; `words` tells later what TWS says of an order."""

    log = Logger()

    desk: OrderDesk
    keeping: OrderKeeping
    contracts: OrderContracts
    words: OrderWords
    session: Callable[[], IBSession]
    limits: Limits
    rate: RateWindow
    default_account: str
    now_ms: Callable[[], int]
    #: Members and contract of every order sent in this session, by API order id: what a modification is built from.
    _sent: dict[int, tuple[Mapping[str, Any], Contract]] = attrs.Factory(dict)

    # PLACE_ORDER.

    async def place(self, command: Command) -> dict[str, Any]:
        """New orders, or a change of a live one."""
        self._check_open()
        asked = parse_place_order(command.params)
        if asked.orders[0].is_modify:
            return await self._modify(command, asked.orders[0])
        pairs = [await self._prepare(terms) for terms in asked.orders]
        plan = plan_group([terms for terms, _ in pairs])
        contracts = [contract for _, contract in pairs]
        self._refuse_known([terms.client_oid for terms, _ in pairs])
        self._check_limits(pairs, new=len(plan))
        if asked.orders[0].is_what_if:
            return await self._preview(command, *pairs[0])
        names = [terms.client_oid for terms, _ in pairs if terms.client_oid]
        await self.keeping.cover(len(plan))
        await self._reserve(names, command)
        try:
            self._check_open()
            self._check_limits(pairs, new=len(plan))
            ids = self._send(command, plan, contracts)
        except Exception:
            await self.keeping.release(names)
            raise
        return {"apiOrderIds": ids} if asked.grouped else {"apiOrderId": ids[0]}

    async def _prepare(self, terms: OrderTerms) -> tuple[OrderTerms, Contract]:
        """The contract resolved, everything checked."""
        contract, facts = await self.contracts.resolve(terms.contract)
        return self.contracts.check(terms, facts, self.session().accounts, self.default_account), contract

    def _check_open(self) -> None:
        halted = limits.halted(self.keeping.halt)
        if halted is not None:
            raise halted.error()
        self.session()
        self.keeping.check()
        if not self.desk.is_running:
            text = "the snapshot of orders is being taken: the order cache is not to be trusted yet"
            raise CommandError(errors.UNAVAILABLE, text)

    def _check_limits(self, pairs: Sequence[tuple[OrderTerms, Contract]], new: int) -> None:
        now = self.now_ms() / 1000
        refusals = [
            self.contracts.refusal(self.limits, terms.members, contract) for terms, contract in pairs if not terms.is_what_if
        ]
        refusals.append(self.limits.open_orders(self.desk.cache.open_count, new))
        refusals.append(self.rate.refusal(now, len(pairs)))
        for refusal in refusals:
            if refusal is not None:
                raise refusal.error()

    def _refuse_known(self, client_oids: Sequence[str]) -> None:
        for client_oid in client_oids:
            known = self.desk.cache.by_client_oid(client_oid) if client_oid else None
            if known is not None:
                raise CommandError(errors.DUPLICATE, f"client_oid {client_oid!r} has been used already", order=known)

    async def _reserve(self, client_oids: Sequence[str], command: Command) -> None:
        if not client_oids:
            return
        taken = await self.keeping.reserve(client_oids, command, self.now_ms())
        for client_oid, kept in taken.items():
            known = self.desk.cache.by_client_oid(client_oid)
            text = f"client_oid {client_oid!r} has been used already"
            raise CommandError(errors.DUPLICATE, text, order=known, reserved=kept)

    def _send(self, command: Command, plan: Sequence[Any], contracts: Sequence[Contract]) -> list[int]:
        """Take ids, encode, tell the cache, send: one turn, all or none."""
        session = self.session()
        now = self.now_ms()
        orders = [
            (order_id, _named(members, order_id, now))
            for order_id, members in numbered(plan, self.keeping.ids.take(len(plan)).start)
        ]
        sent_as = [without_details(contract) for contract in contracts]
        frames = [
            session.client.encode_order(order_id, contract, members)
            for (order_id, members), contract in zip(orders, sent_as, strict=True)
        ]
        for (order_id, members), contract in zip(orders, contracts, strict=True):
            client_oid = str(members.get("orderRef", ""))
            self.desk.perform(self.desk.cache.placed(order_id, terms_of_members(members), client_oid, contract, now))
        try:
            session.send_orders(frames)
        except Exception:
            for order_id, _ in orders:
                self.desk.cache.forget(order_id)
            raise
        self.rate.note(now / 1000, len(orders))
        for (order_id, members), contract in zip(orders, sent_as, strict=True):
            self._sent[order_id] = dict(members), contract
            self.words.owns(order_id, command)
            self._log(order_id, members, contract, "sent")
        return [order_id for order_id, _ in orders]

    def _log(self, order_id: int, members: Mapping[str, Any], contract: Contract, what: str) -> None:
        self.log.info(
            "order {order_id} {what}: account {account}, {action} {quantity} {symbol} {type} {price}, client_oid {client_oid!r}",
            order_id=order_id,
            what=what,
            account=members.get("account", ""),
            action=members.get("action"),
            quantity=members.get("totalQuantity"),
            symbol=f"{contract.symbol} ({contract.conId})",
            type=members.get("orderType"),
            price=members.get("lmtPrice", ""),
            client_oid=members.get("orderRef", ""),
        )

    async def _preview(self, command: Command, terms: OrderTerms, contract: Contract) -> dict[str, Any]:
        """whatIf: margin figures in a `result`; no order, no reservation."""
        await self.keeping.cover(1)
        session = self.session()
        order_id = self.keeping.ids.take(1).start
        frame = session.client.encode_order(order_id, without_details(contract), terms.members)
        self.desk.cache.ignore(order_id)
        self.words.preview(order_id, command)
        session.send_orders([frame])
        return {"apiOrderId": order_id}

    # Modify.

    async def _modify(self, command: Command, change: OrderTerms) -> dict[str, Any]:
        order = self._live(change.permId, change.apiOrderId, "")
        order_id = int(order["apiOrderId"])
        members, contract = self._base(order_id)
        if change.contract is not None:
            named, _ = await self.contracts.resolve(change.contract)
            if named.conId != contract.conId:
                raise CommandError(errors.BAD_PARAMS, f"order {order_id} is for conId {contract.conId}, not {named.conId}")
        facts = await self.contracts.facts_of(contract)
        whole = modified(members, change, order["executed"] or 0)
        whole = self.contracts.check(whole, facts, self.session().accounts, self.default_account)
        self._check_open()
        self._check_limits([(whole, contract)], new=0)
        session = self.session()
        self._live(change.permId, change.apiOrderId, "")
        frame = session.client.encode_order(order_id, contract, whole.members)
        self.desk.cache.modifying(order_id, terms_of_members(whole.members), self.now_ms())
        session.send_orders([frame])
        self.rate.note(self.now_ms() / 1000)
        self._sent[order_id] = dict(whole.members), contract
        self.words.owns(order_id, command)
        self._log(order_id, whole.members, contract, "change sent")
        return {"apiOrderId": order_id}

    def _base(self, order_id: int) -> tuple[Mapping[str, Any], Contract]:
        """What the live order is made of: as we sent it, else as TWS shows it."""
        if order_id in self._sent:
            return self._sent[order_id]
        echo = self.desk.echoes.get(order_id)
        if echo is None:
            raise CommandError(errors.UNAVAILABLE, f"TWS has not shown order {order_id} in this session")
        return echo.members, echo.contract

    def _live(self, perm_id: str, api_id: int, client_oid: str) -> dict[str, Any]:
        """The living order of this client that is meant. Raises CommandError (unknown_order, bad_params)."""
        cache = self.desk.cache
        found = [
            (f"i {perm_id}", cache.by_perm_id(perm_id)) if perm_id else None,
            (f"apiOrderId {api_id}", cache.by_api_id(api_id)) if api_id else None,
            (f"client_oid {client_oid!r}", cache.by_client_oid(client_oid)) if client_oid else None,
        ]
        named = [pair for pair in found if pair is not None]
        for name, order in named:
            if order is None:
                raise CommandError(errors.UNKNOWN_ORDER, f"there is no order with {name}")
        name, order = named[0]
        assert order is not None
        if any(other != order for _, other in named):
            raise CommandError(errors.BAD_PARAMS, f"{' and '.join(name for name, _ in named)} are different orders")
        if not order["alive"]:
            text = f"the order with {name} is not alive: {order['status']}"
            raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
        if order["clientId"] != cache.client_id or not order["apiOrderId"]:
            whose = f"of client id {order['clientId']}" if order["apiOrderId"] else "placed by hand and not bound to this client"
            text = f"the order with {name} is {whose}: this client cannot change it"
            raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
        return order

    # Cancel.

    async def cancel(self, command: Command) -> dict[str, Any]:
        """By apiOrderId, i or client_oid; goes through while HALT is in force."""
        expect_members(command.params, "apiOrderId", "i", "client_oid")
        session = self.session()
        api_id = command.params.get("apiOrderId", 0)
        if isinstance(api_id, bool) or not isinstance(api_id, int):
            raise CommandError(errors.BAD_PARAMS, f"apiOrderId must be an integer, not {api_id!r}")
        perm_id = command.params.get("i", "")
        client_oid = text_param(command.params, "client_oid")
        if isinstance(perm_id, bool) or not isinstance(perm_id, str | int):
            raise CommandError(errors.BAD_PARAMS, "i must be the permId as text")
        if not (api_id or perm_id or client_oid):
            raise CommandError(errors.BAD_PARAMS, "give apiOrderId, i or client_oid")
        order = self._live(str(perm_id or ""), api_id, client_oid)
        order_id = int(order["apiOrderId"])
        session.client.cancel_order(order_id)
        self.desk.cache.cancelling(order_id, self.now_ms())
        self.words.owns(order_id, command)
        self.log.info("order {order_id} (permId {perm_id}): cancel sent", order_id=order_id, perm_id=order["i"])
        return {"apiOrderId": order_id}

    async def cancel_all(self, command: Command) -> dict[str, Any]:
        """Global cancel: every open order of the login, those of other clients and by hand too."""
        expect_members(command.params)
        session = self.session()
        session.client.cancel_all()
        self.desk.cache.cancelling_all(self.now_ms())
        self.log.warn("CANCEL_ALL sent by command {id!r}", id=command.id)
        return {}

    # HALT.

    async def halt(self, command: Command) -> dict[str, Any]:
        """Refuse new orders and changes until RESUME, after a restart too."""
        expect_members(command.params, "reason")
        reason = text_param(command.params, "reason")[:200]
        self.log.warn("HALT by command {id!r}: {reason}", id=command.id, reason=reason or "no reason given")
        await self.keeping.set_halt(reason, self.now_ms())
        return {}

    async def resume(self, command: Command) -> dict[str, Any]:
        """End HALT; ok when none is in force."""
        expect_members(command.params)
        self.keeping.check()
        await self.keeping.end_halt()
        self.log.warn("RESUME by command {id!r}", id=command.id)
        return {}

    # The session.

    def session_lost(self, unsent: Sequence[bytes]) -> None:
        """API ids end with the session. New orders that never left are told so and forgotten; their names are free again."""
        for order_id in filter(None, map(placed_id, unsent)):
            members, _ = self._sent.get(order_id, ({}, None))
            self.words.not_sent(order_id)
            self.desk.cache.forget(order_id)
            client_oid = str(members.get("orderRef", ""))
            known = self.desk.cache.by_client_oid(client_oid) if client_oid else None
            if client_oid and known is None:
                released = Deferred.fromCoroutine(self.keeping.release([client_oid]))
                released.addErrback(lambda failure: self.log.warn("{error}", error=failure.getErrorMessage()))
        self._sent.clear()
        self.words.session_lost()
        self.keeping.ids.session_lost()


def _named(members: Mapping[str, Any], order_id: int, now: int) -> Mapping[str, Any]:
    """Every order gets an orderRef: without one it could not be told apart after a lost session, when ids are void."""
    return members if members.get("orderRef") else {**members, "orderRef": f"gw-{order_id}-{now}"}


def placed_id(frame: bytes) -> int | None:
    """The order id of a framed placeOrder of server version 145 on (before, a version stood in front of it); else None."""
    fields = frame[4:].split(b"\0", 2)
    return int(fields[1]) if fields[0] == b"3" and fields[1].isdigit() else None

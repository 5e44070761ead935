"""PLACE_ORDER, CANCEL_ORDER, CANCEL_ALL, HALT, RESUME (section 8).

A new order goes through: halt, parse, contract, checks, limits, reservation of its client_oid, id, cache, bytes, ack. Up to the
bytes everything can be refused without effect; whatever had to be waited for, the link, the cache, HALT and the command's age are
looked at again before ids are taken, and ids are taken, encoded and sent in one turn. No order is ever sent twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ibgw_tx.commands.message import Command, expect_members, text_param
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.orders.cache.states import UNKNOWN_WORD
from ibgw_tx.orders.entry import limits
from ibgw_tx.orders.entry.echo import usable
from ibgw_tx.orders.entry.group import numbered, plan_group
from ibgw_tx.orders.entry.limits import Limits, RateWindow
from ibgw_tx.orders.entry.modify import modified
from ibgw_tx.orders.entry.parse import parse_place_order
from ibgw_tx.orders.entry.sent import terms_of_members, without_details
from ibgw_tx.orders.entry.terms import OrderTerms
from ibgw_tx.orders.shell.contract_facts import OrderContracts
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.orders import OrderDesk
from ibgw_tx.orders.shell.reservations import OrderKeeping
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.messages import order_id_of
from ibgw_tx.tws.shell.session import IBSession

#: ms in which an order has to be ready to be sent: its author may have given it up after that, and the market has moved.
READY_WITHIN = 10_000
#: Versions of one order that are remembered, and orders of one session before those that are over are forgotten.
_VERSIONS, _ORDERS = 20, 2000
#: Order types whose prices TWS leaves as they were sent.
_PLAIN_TYPES = frozenset({"LMT", "MKT", "STP", "STP LMT", "MIT", "LIT", "LOC", "LOO", "MOC", "MOO"})
#: The members that bots see, and their names in order_json.
_SHOWN = {"totalQuantity": "s", "lmtPrice": "p", "auxPrice": "aux"}


@attrs.define
class _Sent:
    """What went out under one API order id in this session: each version's members and command, oldest first."""

    contract: Contract
    versions: list[Mapping[str, Any]]
    commands: list[Command]
    frames: int = 1

    def add(self, members: Mapping[str, Any], command: Command) -> None:
        self.frames += 1
        self.versions = [*self.versions, members][-_VERSIONS:]
        self.commands = [*self.commands, command][-_VERSIONS:]

    def standing(self, order: Mapping[str, Any], changing: bool) -> Mapping[str, Any]:
        """The version that TWS works with: the last one, unless TWS has refused it or somebody at TWS has changed the order."""
        if changing:
            return self.versions[-1]
        members: Mapping[str, Any]
        for members in reversed(self.versions):
            if all(order[shown] in (None, members[name]) for name, shown in _SHOWN.items() if name in members):
                return members
        members = self.versions[-1]
        if members.get("orderType") not in _PLAIN_TYPES:
            return members
        now = {name: order[shown] for name, shown in _SHOWN.items() if name in members and order[shown] is not None}
        return {**members, **now}


@attrs.define
class OrderCommands:
    """`session()` gives the linked session or raises CommandError; `followups` tells later what TWS says of an order."""

    log = Logger()

    desk: OrderDesk
    keeping: OrderKeeping
    contracts: OrderContracts
    followups: OrderFollowups
    session: Callable[[], IBSession]
    limits: Limits
    rate: RateWindow
    default_account: str
    now_ms: Callable[[], int]
    #: Members and contract of every order sent in this session, by API order id: what a modification is built from.
    _sent: dict[int, _Sent] = attrs.Factory(dict)
    _sent_at_most: int = _ORDERS
    _cancel_all: Command | None = None

    # PLACE_ORDER.

    async def place(self, command: Command) -> dict[str, Any]:
        """New orders, or a change of a live one."""
        received = self.now_ms()
        self._check_open()
        asked = parse_place_order(command.params)
        if asked.orders[0].is_modify:
            return await self._modify(command, asked.orders[0], received)
        pairs = [await self._prepare(terms) for terms in asked.orders]
        plan = plan_group([terms for terms, _ in pairs])
        contracts = [contract for _, contract in pairs]
        oids = [terms.client_oid for terms, _ in pairs if terms.client_oid]
        self._refuse_known(oids)
        self._check_limits(pairs, new=len(plan))
        if asked.orders[0].is_what_if:
            return await self._preview(command, *pairs[0], received)
        self._check_age(command, received)
        await self._reserve(oids, command)
        try:
            await self.keeping.cover(len(plan))
            # Others may have come first while Redis was waited for.
            self._check_age(command, received)
            self._check_open()
            self._refuse_known(oids)
            self._check_limits(pairs, new=len(plan))
            ids = self._send(command, plan, contracts)
        except Exception:
            await self.keeping.release(oids)
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
        session = self.session()
        if not session.is_alive:
            # A half-open line swallows orders, or brings them all at once much later.
            raise CommandError(errors.NOT_CONNECTED, f"TWS has been silent for {session.silence:.0f} s")
        self.keeping.check()
        if not self.desk.is_running:
            text = "the snapshot of orders is being taken: the order cache is not to be trusted yet"
            raise CommandError(errors.UNAVAILABLE, text)

    def _check_age(self, command: Command, received: int) -> None:
        """Nothing is kept for later: what could not be made ready in time is not sent."""
        now = self.now_ms()
        if command.expires is not None and now > command.expires:
            text = f"the command expired {int(now - command.expires)} ms ago, while it was being checked; nothing was sent"
            raise CommandError(errors.EXPIRED, text)
        if now - received > READY_WITHIN:
            raise CommandError(errors.UNAVAILABLE, f"the order was not ready within {READY_WITHIN} ms; nothing was sent")

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
        self._tell_cache(orders, contracts, now)
        try:
            session.send_orders(frames)
        except PacingFull:
            self._forget(orders)
            raise
        except Exception:
            # Some of it may have left: from here on the orders count as sent.
            self.log.failure("sending orders {ids}", ids=[order_id for order_id, _ in orders])
        self.rate.note(now / 1000, len(orders))
        for (order_id, members), contract in zip(orders, sent_as, strict=True):
            self._sent[order_id] = _Sent(contract, [dict(members)], [command])
            self.followups.owns(order_id, command)
            self._log(order_id, members, contract, "sent")
        self._forget_old()
        return [order_id for order_id, _ in orders]

    def _tell_cache(
        self, orders: Sequence[tuple[int, Mapping[str, Any]]], contracts: Sequence[Contract], now: int
    ) -> None:
        """Before the bytes leave; none of them when one cannot be."""
        told = []
        try:
            for (order_id, members), contract in zip(orders, contracts, strict=True):
                client_oid = str(members.get("orderRef", ""))
                changes = self.desk.cache.placed(order_id, terms_of_members(members), client_oid, contract, now)
                told.append((order_id, members))
                self.desk.perform(changes)
        except Exception:
            self._forget(told)
            raise

    def _forget(self, orders: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        for order_id, _ in orders:
            self.desk.cache.forget(order_id)

    def _forget_old(self) -> None:
        """What orders that are over were made of: nobody can change them."""
        if len(self._sent) > self._sent_at_most:
            self._sent = {order_id: sent for order_id, sent in self._sent.items() if self.desk.cache.is_open(order_id)}
            self._sent_at_most = max(_ORDERS, 2 * len(self._sent))

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

    async def _preview(self, command: Command, terms: OrderTerms, contract: Contract, received: int) -> dict[str, Any]:
        """whatIf: margin figures in a `result`; no order, no reservation."""
        await self.keeping.cover(1)
        self._check_age(command, received)
        self._check_open()
        session = self.session()
        order_id = self.keeping.ids.take(1).start
        frame = session.client.encode_order(order_id, without_details(contract), terms.members)
        self.desk.cache.ignore(order_id)
        session.send_orders([frame])
        self.followups.preview(order_id, command)
        return {"apiOrderId": order_id}

    # Modify.

    async def _modify(self, command: Command, change: OrderTerms, received: int) -> dict[str, Any]:
        order_id = int(self._live(change.permId, change.apiOrderId, change.live_oid)["apiOrderId"])
        _, contract = self._base(order_id)
        if change.contract is not None:
            named, _ = await self.contracts.resolve(change.contract)
            if named.conId != contract.conId:
                raise CommandError(errors.BAD_PARAMS, f"order {order_id} is for conId {contract.conId}, not {named.conId}")
        facts = await self.contracts.facts_of(contract)
        # From here on in one turn: while TWS was asked the order may have been changed, filled, or told again in a new session.
        self._check_age(command, received)
        self._check_open()
        order = self._live(change.permId, change.apiOrderId, change.live_oid)
        order_id = int(order["apiOrderId"])
        members, contract = self._base(order_id)
        whole = modified(members, change, order["executed"] or 0)
        whole = self.contracts.check(whole, facts, self.session().accounts, self.default_account)
        self._check_limits([(whole, contract)], new=0)
        session = self.session()
        frame = session.client.encode_order(order_id, contract, whole.members)
        session.send_orders([frame])
        self.desk.cache.modifying(order_id, terms_of_members(whole.members), self.now_ms())
        self.rate.note(self.now_ms() / 1000)
        if order_id in self._sent:
            self._sent[order_id].add(dict(whole.members), command)
        else:
            self._sent[order_id] = _Sent(contract, [members, dict(whole.members)], [command], frames=2)
        self.followups.owns(order_id, command)
        self._log(order_id, whole.members, contract, "change sent")
        return {"apiOrderId": order_id}

    def _base(self, order_id: int) -> tuple[Mapping[str, Any], Contract]:
        """What the live order is made of: as we sent it and TWS took it, else as TWS shows it."""
        sent, order = self._sent.get(order_id), self.desk.cache.by_api_id(order_id)
        if sent is not None and order is not None:
            return sent.standing(order, self.desk.cache.is_changing(order_id)), sent.contract
        echo = self.desk.echoes.get(order_id)
        if echo is None:
            raise CommandError(errors.UNAVAILABLE, f"TWS has not shown order {order_id} in this session")
        return usable(echo.members), echo.contract

    def _live(self, perm_id: str, api_id: int, client_oid: str, unknown_too: bool = False) -> dict[str, Any]:
        """The living order of this client that is meant. Raises CommandError (unknown_order, bad_params, unavailable).

        `unknown_too`: an order that got no answer may live at TWS, and may be cancelled.
        """
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
        if not order["alive"] and not (unknown_too and order["status"] == UNKNOWN_WORD):
            text = f"the order with {name} is not alive: {order['status']}"
            raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
        if order["clientId"] != cache.client_id or not order["apiOrderId"]:
            whose = f"of client id {order['clientId']}" if order["apiOrderId"] else "placed by hand and not bound to this client"
            text = f"the order with {name} is {whose}: this client cannot change it"
            raise CommandError(errors.UNKNOWN_ORDER, text, order=order)
        if cache.by_api_id(int(order["apiOrderId"])) != order:
            # Its id is of an earlier session, and may be another order's by now.
            raise CommandError(errors.UNAVAILABLE, f"TWS has not shown the order with {name} in this session yet")
        return order

    # Cancel.

    async def cancel(self, command: Command) -> dict[str, Any]:
        """By apiOrderId, i or client_oid; goes through while HALT is in force."""
        expect_members(command.params, "apiOrderId", "i", "client_oid")
        session = self.session()
        api_id = command.params.get("apiOrderId") or 0
        if isinstance(api_id, bool) or not isinstance(api_id, int):
            raise CommandError(errors.BAD_PARAMS, f"apiOrderId must be an integer, not {api_id!r}")
        perm_id = command.params.get("i") or ""
        client_oid = text_param(command.params, "client_oid")
        if isinstance(perm_id, bool) or not isinstance(perm_id, str | int):
            raise CommandError(errors.BAD_PARAMS, "i must be the permId as text")
        if not (api_id or perm_id or client_oid):
            raise CommandError(errors.BAD_PARAMS, "give apiOrderId, i or client_oid")
        order = self._live(str(perm_id or ""), api_id, client_oid, unknown_too=True)
        order_id = int(order["apiOrderId"])
        session.client.cancel_order(order_id)
        self.desk.cache.cancelling(order_id, self.now_ms())
        self.followups.owns(order_id, command)
        self.log.info("order {order_id} (permId {perm_id}): cancel sent", order_id=order_id, perm_id=order["i"])
        return {"apiOrderId": order_id}

    async def cancel_all(self, command: Command) -> dict[str, Any]:
        """Global cancel: every open order of the login, those of other clients and by hand too."""
        expect_members(command.params)
        session = self.session()
        session.client.cancel_all()
        self._cancel_all = command
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

    def session_lost(self, unsent: Sequence[bytes], server_version: int) -> None:
        """API ids end with the session. What never left is told so; new orders of it are forgotten, their names free again."""
        waiting = Counter(order_id_of(each, server_version) for each in unsent if each[4:6] == b"3\0")
        never_sent = [oid for order_id, count in waiting.items() for oid in self._not_sent(order_id, count)]
        if never_sent:
            released = Deferred.fromCoroutine(self.keeping.release(never_sent))
            released.addErrback(lambda failure: self.log.failure("names are not given back", failure))
        self._cancels_not_sent(unsent, server_version)
        self._sent.clear()
        self._cancel_all = None
        self.followups.session_lost()
        self.keeping.ids.session_lost()

    def _not_sent(self, order_id: int | None, count: int) -> list[str]:
        """The last `count` messages about an order did not leave; gives its client_oid when none has left."""
        sent = self._sent.get(order_id) if order_id is not None else None
        if sent is None or order_id is None:
            return []
        never = count >= sent.frames
        for place, command in enumerate(sent.commands[-count:]):
            self.followups.not_sent(command, f"order {order_id}" if never and not place else f"the change of order {order_id}")
        if not never:
            return []
        self.desk.cache.forget(order_id)
        client_oid = str(sent.versions[0].get("orderRef", ""))
        return [client_oid] if client_oid and self.desk.cache.by_client_oid(client_oid) is None else []

    def _cancels_not_sent(self, unsent: Sequence[bytes], server_version: int) -> None:
        for message in unsent:
            order_id = order_id_of(message, server_version) if message[4:6] == b"4\0" else None
            owner = self.followups.owner(order_id) if order_id is not None else None
            if owner is not None:
                self.followups.not_sent(owner, f"the cancel of order {order_id}")
        if self._cancel_all is not None and any(message[4:7] == b"58\0" for message in unsent):
            self.followups.not_sent(self._cancel_all, "the global cancel")


def _named(members: Mapping[str, Any], order_id: int, now: int) -> Mapping[str, Any]:
    """Every order gets an orderRef: without one it could not be told apart after a lost session, when ids are void."""
    return members if members.get("orderRef") else {**members, "orderRef": f"gw-{order_id}-{now}"}

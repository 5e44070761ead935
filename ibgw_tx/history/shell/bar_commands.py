"""SUB_BARS and UNSUB_BARS (section 8), and what is kept of them in Redis over a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.shell.named import NAMING, check_named, named_contract
from ibgw_tx.history.bar_feed import BarFeed
from ibgw_tx.history.bar_request import BarRequest, bar_request
from ibgw_tx.history.shell.bars import BarFeeds, Subscribed
from ibgw_tx.model import errors, keys
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError, RedisDown, bad_params
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger

#: Feeds of bars; IB keeps 50 questions about history open.
MOST = 50
_MEMBERS = (*NAMING, "barSize", "whatToShow", "useRTH")


class BarCommands:
    """`session()` raises CommandError (not_connected) while TWS or its link to IB is down."""

    log = Logger()

    def __init__(
        self, name: str, contracts: Contracts, feeds: BarFeeds, redis: RedisLink, session: Callable[[], object],
        now_ms: Callable[[], int],
    ) -> None:
        self._now_ms = now_ms
        self._key = keys.bar_subscriptions(name)
        self._contracts = contracts
        self._feeds = feeds
        self._redis = redis
        self._session = session
        #: Redis has said whose bars were subscribed in a former life.
        self.is_read = False

    async def subscribe(self, command: Command) -> dict[str, Any]:
        """SUB_BARS: the ack carries `channel`, which is also the key of the newest bar. Asking again sends nothing to TWS."""
        known, request = await self._asked(command)
        channel = _channel(known.contract, request)
        same = self._feeds.wanted.get(channel)
        if same is not None:
            if same.request != request:
                words = f"whatToShow {same.request.what}, useRTH {jsontext.text(same.request.use_rth)}"
                raise bad_params(f"{channel} is subscribed with {words}: end that first")
            same.owner = command
            await self._feeds.departures.begun(same, self._age_left(command))
            return {"channel": channel}
        if len(self._feeds.wanted) >= MOST:
            raise CommandError(errors.LIMIT, f"{MOST} feeds of bars are subscribed")
        one = Subscribed(channel, known.contract, request, command)
        self._feeds.add(one)
        await self._feeds.departures.begun(one, self._age_left(command))
        self._redis.tell("HSET", self._key, channel, _entry(one))
        return {"channel": channel}

    async def unsubscribe(self, command: Command) -> dict[str, Any]:
        """UNSUB_BARS: bad_params for what is not subscribed."""
        known, request = await self._asked(command)
        channel = _channel(known.contract, request)
        one = self._feeds.wanted.get(channel)
        if one is None:
            raise bad_params(f"{channel} is not subscribed")
        given = ("whatToShow", request.what, one.request.what), ("useRTH", request.use_rth, one.request.use_rth)
        for member, asked, is_so in given:
            # What is said has to fit; what is not said does not matter.
            if command.params.get(member) is not None and asked != is_so:
                raise bad_params(f"{channel} is subscribed with {member} {jsontext.text(is_so)}, not {jsontext.text(asked)}")
        ended = one.req_id
        self._feeds.remove(one)
        self._redis.tell("HDEL", self._key, channel)
        await self._feeds.departures.ended(ended)
        return {"channel": channel}

    def _age_left(self, command: Command) -> float | None:
        """ms until the command is too old to be carried out."""
        return None if command.expires is None else command.expires - self._now_ms()

    async def _asked(self, command: Command) -> tuple[KnownContract, BarRequest]:
        expect_members(command.params, *_MEMBERS)
        check_named(command.params)
        request = bar_request(command.params)
        self._session()
        known = await named_contract(self._contracts, command.params)
        self._session()
        return known, request

    # Redis.

    def redis_up(self) -> Deferred[Any]:
        """First time: restore what is kept. Later: write it again. Fails with RedisDown."""
        return Deferred.fromCoroutine(self._redis_up()).addErrback(self._unread)

    def _unread(self, failure: Failure) -> None:
        if failure.check(RedisDown):
            failure.raiseException()
        self.log.warn("bars are not read or kept, trying again when Redis is back: {error}", error=failure.getErrorMessage())

    async def _redis_up(self) -> None:
        if not self.is_read:
            reply = await self._redis.call("HGETALL", self._key)
            for field, value in zip(reply[::2], reply[1::2], strict=True):
                await self._restore(field.decode(errors="replace"), value)
            self.is_read = True
            self._feeds.tick()
        writes: list[tuple[str | bytes, ...]] = [("DEL", self._key)]
        writes += [("HSET", self._key, one.channel, _entry(one)) for one in self._feeds.wanted.values()]
        await self._redis.transaction(writes)

    async def _restore(self, channel: str, value: bytes) -> None:
        if channel in self._feeds.wanted:
            return
        try:
            kept = jsontext.loads(value)
            request = BarRequest(kept["barSize"], kept["whatToShow"], kept["useRTH"])
            one = Subscribed(channel, Contract(**kept["contract"]), request)
            if _channel(one.contract, one.request) != channel:
                raise ValueError("another channel's")
        except (ValueError, KeyError, TypeError, CommandError) as error:
            self.log.warn("bars {channel} are not restored: {error}", channel=channel, error=repr(error))
            return
        one.feed = BarFeed(_last(await self._redis.call("GET", channel)))
        self._feeds.wanted[channel] = one


def _channel(contract: Contract, request: BarRequest) -> str:
    try:
        return keys.bars(exchange_of(contract), contract.secType, pair_of(contract), request.bar_size)
    except BadName as error:
        raise bad_params(str(error)) from None


def _entry(one: Subscribed) -> bytes:
    contract = attrs.asdict(one.contract, filter=lambda member, value: member.name != "comboLegs" and value != member.default)
    request = one.request
    words = {"barSize": request.bar_size, "whatToShow": request.what, "useRTH": request.use_rth}
    return jsontext.dumps({"contract": contract, **words})


def _last(newest: bytes | None) -> int | None:
    """The newest final bar that was told: the one kept; the one before, where that was still forming."""
    try:
        bar = jsontext.loads(newest or b"")
        return int(bar[0]) if bar[8] else int(bar[0]) - 1
    except (ValueError, TypeError, LookupError):
        return None

"""SNAPSHOT (section 8): every key that the gateway keeps for its name, and how old each is: a bot starts without scanning."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.redis.shell.scan import scan

_TIMES = ("t", "_timestamp")


class Inventory:
    """`subscribed()` gives the keys of books and bars, whose names do not hold the gateway's."""

    def __init__(
        self,
        name: str,
        redis: RedisLink,
        followups: Followups,
        subscribed: Callable[[], Iterable[str]],
        now_ms: Callable[[], int],
    ) -> None:
        self._name = name
        self._redis = redis
        self._followups = followups
        self._subscribed = subscribed
        self._now_ms = now_ms

    async def snapshot(self, command: Command) -> dict[str, Any]:
        """No params, and no TWS needed; a `result` with `keys` follows."""
        expect_members(command.params)
        self._followups.later(command, self._tell(command))
        return {}

    async def _tell(self, command: Command) -> None:
        own = [keys.own(self._name), keys.order_hashes(self._name), keys.oms_flags(self._name)]
        found = [key for pattern in own for key in await scan(self._redis.call, pattern)]
        named = keys.reservation(self._name, "")
        names = sorted({*(key for key in found if not key.startswith(named)), *self._subscribed()})
        times = await gatherResults([Deferred.fromCoroutine(self._time(key)) for key in names], consumeErrors=True)
        now = self._now_ms()
        ages = {key: None if t is None else max(0, now - t) / 1000 for key, t in zip(names, times, strict=True) if t != _GONE}
        self._followups.result(command, keys=ages, client_oids=sum(key.startswith(named) for key in found))

    async def _time(self, key: str) -> int | None:
        """When it was written last (ms), as it says itself; None where it does not say, _GONE where it is not there any more."""
        if key == keys.lease(self._name):
            return None  # its `t` is since when it is held
        kind = await self._redis.call("TYPE", key)
        if kind in (b"none", "none"):
            return _GONE
        if kind in (b"hash", "hash"):
            return _whole(await self._redis.call("HGET", key, "t"))
        if kind not in (b"string", "string"):
            return None
        balance = keys.balance(self._name)
        if key == balance or key.startswith(f"{balance}:"):
            return await self._balance_time(key[len(balance) + 1 :])
        return _time_in(await self._redis.call("GET", key) or b"")

    async def _balance_time(self, account: str) -> int | None:
        """A balance is written together with its account's values, which say when."""
        values = [keys.account(self._name, account)] if account else await scan(self._redis.call, keys.account(self._name, "*"))
        times = [_whole(await self._redis.call("HGET", key, "t")) for key in values]
        return max((t for t in times if t is not None), default=None)


_GONE = -1


def _whole(value: Any) -> int | None:
    return int(value) if value is not None and bytes(value).isdigit() else None


def _time_in(value: bytes) -> int | None:
    try:
        told = jsontext.loads(value)
    except ValueError:
        return None
    if isinstance(told, dict):
        told = [told.get(name) for name in _TIMES]
    times = [each for each in told if isinstance(each, int) and each > 10**12] if isinstance(told, list) else []
    return times[-1] if times else None

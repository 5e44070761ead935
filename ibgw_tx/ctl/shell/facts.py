"""What a doctor, `status` and `top` look at, gathered from Redis and from the gateway's own answer."""

from __future__ import annotations

from typing import Any

import redis

from ibgw_tx.ctl import doctor as well
from ibgw_tx.ctl.shell.link import Link, Trouble
from ibgw_tx.model import keys
from ibgw_tx.model.redis_access import at
from ibgw_tx.runtime.version import version


def asked(link: Link, limit: float) -> dict[str, Any] | None:
    """The gateway's result of STATUS; None when it does not answer, or this Redis user may not ask."""
    try:
        return link.command("STATUS", {}, limit, result=True)
    except (Trouble, redis.ResponseError):
        return None


def _settings(link: Link) -> dict[str, str] | None:
    """Redis' own; None for a user who may not look."""
    try:
        found: dict[str, str] = link.client.config_get("maxmemory*")
        return found
    except redis.ResponseError:
        return None


def _redis_version(link: Link) -> str:
    try:
        return str(link.client.info("server").get("redis_version"))
    except redis.ResponseError:
        return "not seen: this Redis user may not INFO"


def _moment(book: Any) -> int | None:
    """When the newest message of a book with rows went out."""
    return book[2] if isinstance(book, list) and len(book) == 3 and (book[0] or book[1]) else None


def _sentinels(link: Link) -> dict[str, bool | None]:
    found = link.found
    words = {} if found is None else found.words
    return {at(who): None if place is None or found is None else place == found.place for who, place in words.items()}


def _object(found: Any) -> dict[str, Any] | None:
    return found if isinstance(found, dict) else None


def facts(link: Link, now: int, told: dict[str, Any] | None) -> well.Facts:
    """Everything a doctor looks at, at `now` (ms); `told` is what `asked` gave."""
    seconds, micros = link.client.time()
    books = {channel: link.json(channel.removesuffix("full_odbk_channel") + "orderbook") for channel in link.subscribed("odbk")}
    flags = link.client.scan_iter(keys.oms_flags(link.name), count=1000)
    exchanges = {*link.exchanges(), *(key.split(":")[1] for key in flags)}
    return well.Facts(
        name=link.name,
        now=now,
        redis_now=seconds * 1000 + micros // 1000,
        redis_version=_redis_version(link),
        settings=_settings(link),
        status=link.json(keys.status(link.name)),
        listeners=link.client.pubsub_numsub(keys.commands(link.name))[0][1],
        told=told,
        flags={exchange: link.client.get(keys.oms_flag(exchange, link.name)) == "1" for exchange in exchanges},
        books={channel: _moment(book) for channel, book in books.items()},
        version=version(),
        halt=_object(link.json(keys.halt(link.name))),
        holder=_object(link.json(keys.lease(link.name))),
        standby=_object(link.json(keys.standby(link.name))),
        encrypted=link.encrypted,
        sentinels=_sentinels(link),
    )

"""The consumer group of a stream of commands: made where there is none, and made anew where it had been read to.

A group that somebody destroys takes what it knew with it. Begun at the beginning of the stream, it would give out again whatever
was acknowledged within the last hour, and each of those would be refused for its age, or carried out a second time.
"""

from __future__ import annotations

from typing import Any

from ibgw_tx.redis.shell.connections import RedisProtocol, ResponseError
from ibgw_tx.runtime.log import Logger
from ibgw_tx.streams.entries import GROUP

#: Before the first entry.
START = "0-0"

_log = Logger()


async def make_group(protocol: RedisProtocol, key: str, read_to: str) -> str:
    """See that there is the group; `read_to` is the last id that this life has read. Gives the last one that the group has.

    Raises what Redis refuses with.
    """
    if read_to != START and not await _told(protocol, "XRANGE", key, read_to, read_to):
        # Another stream, of the same name: its ids may be lower ones.
        read_to = START
    try:
        await protocol.execute_command("XGROUP", "CREATE", key, GROUP, read_to, "MKSTREAM")
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
        return await _last_delivered(protocol, key)
    return read_to


async def _last_delivered(protocol: RedisProtocol, key: str) -> str:
    for group in await _told(protocol, "XINFO", "GROUPS", key):
        facts = dict(zip(group[::2], group[1::2], strict=False))
        if facts.get(b"name") == GROUP.encode():
            last: bytes = facts[b"last-delivered-id"]
            return last.decode()
    return START


async def _told(protocol: RedisProtocol, *words: str) -> list[Any]:
    """What Redis has of the stream; nothing where its ACL forbids the question."""
    try:
        reply: list[Any] = await protocol.execute_command(*words)
    except ResponseError as error:
        _log.debug("the stream of commands: Redis {text}", text=str(error))
        return []
    return reply

"""What keeps a gateway out whose name is another's now, as the link to Redis sees it."""

from __future__ import annotations

from typing import Protocol

from ibgw_tx.redis.shell.connections import RedisProtocol


class Fence(Protocol):
    """A lease: whether it is held for sure, and what a new connection asks of it (see RedisFactory's `admit`)."""

    @property
    def is_held(self) -> bool: ...

    async def admit(self, protocol: RedisProtocol) -> None: ...

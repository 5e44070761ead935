"""Keys by pattern, in portions: Redis serves others between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

#: Keys that Redis looks at in one portion.
COUNT = 1000


async def scan(call: Callable[..., Deferred[Any]], pattern: str) -> list[str]:
    """Every key that matches, each once; `call` sends one command. Raises what it fails with."""
    found: dict[str, None] = {}
    cursor: Any = b"0"
    while True:
        cursor, keys = await call("SCAN", cursor, "MATCH", pattern, "COUNT", COUNT)
        found.update((key.decode(errors="replace"), None) for key in keys)
        if cursor in (b"0", "0", 0):
            return list(found)

"""The hash of an account's values (section 4): every one that TWS tells, as it writes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

#: The field that says when it was written.
WRITTEN = "t"


def hash_of(key: str, values: Mapping[str, str], now: int) -> list[tuple[str, ...]]:
    """The Redis commands that replace the hash as a whole."""
    fields = [part for field, text in sorted(values.items()) for part in (field, text)]
    return [("DEL", key), ("HSET", key, WRITTEN, str(int(now)), *fields)]

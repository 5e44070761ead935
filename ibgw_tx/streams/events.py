"""The stream of events (section 9): what was published, in the same order, for bots that were away. Pure."""

from __future__ import annotations

import attrs

from ibgw_tx.model import keys as names

Words = tuple[str | bytes, ...]


@attrs.frozen
class EventStream:
    """`cap`: about how many entries stay; 0: there is no stream."""

    name: str
    cap: int

    def entry(self, kind: str, now: int, json: bytes) -> list[Words]:
        """The Redis commands (one, or none) that add what has just been published: `{type, t, json}`."""
        if not self.cap:
            return []
        key = names.events(self.name)
        return [("XADD", key, "MAXLEN", "~", str(self.cap), "*", "type", kind, "t", str(int(now)), "json", json)]

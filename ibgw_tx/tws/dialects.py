"""What each server version brought, as far as bots notice it; and how messages are framed from which one on. Pure."""

from __future__ import annotations

#: From this server version on a message begins with four bytes that are its id, and most bodies are protobuf.
RAW_IDS = 201
#: A protobuf message has the id of its text plus this.
PROTOBUF = 200

#: (server version, what is not available below it).
_BROUGHT = (
    (150, "completed orders"),
    (159, "US stock sizes in shares (lots are counted with)"),
    (163, "fractional sizes (FX, crypto, parts of shares)"),
    (166, "the reasons of a reject as JSON"),
    (194, "times of errors"),
    (200, "executions of the last days"),
    (218, "the newest order members"),
    (219, "TWS's own settings"),
)


def missing(version: int) -> tuple[str, ...]:
    """What is not available in a session of this server version, in words."""
    return tuple(what for since, what in _BROUGHT if version < since)

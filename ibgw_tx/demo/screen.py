"""What the demo shows: texts from the messages on Redis. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

LEVELS = 5
WIDTH = 46


@attrs.define
class View:
    """The newest of everything the demo has seen."""

    status: list[Any] | None = None
    balance: Mapping[str, Any] = attrs.Factory(dict)
    books: dict[str, list[Any]] = attrs.Factory(dict)
    messages: dict[str, int] = attrs.Factory(dict)
    note: str = ""


def screen(view: View, name: str, redis_port: int, seconds: float) -> str:
    """The whole screen, one line after the other."""
    lines = [f"ibgateway demo, gateway {name!r}, redis-cli -p {redis_port}, {seconds:4.0f} s     Ctrl-C ends it", ""]
    lines += [status_line(view.status), *balance_lines(view.balance), ""]
    columns = [book_lines(channel, view.books.get(channel), count) for channel, count in view.messages.items()]
    for row in zip(*columns, strict=True):
        lines.append("   ".join(cell.ljust(WIDTH) for cell in row).rstrip())
    if view.note:
        lines += ["", view.note]
    return "\n".join(lines)


def status_line(status: list[Any] | None) -> str:
    """`status   true`."""
    word = "not written yet" if status is None else "true: data can be trusted" if status[0] else "false"
    return f"status   {word}"


def balance_lines(balance: Mapping[str, Any]) -> list[str]:
    """Cash on one line, positions on the next."""
    cash = [f"{key} {entry['balance']:,.2f}" for key, entry in balance.items() if entry["type"] == "cash"]
    positions = [f"{key} {entry['pos']:g}" for key, entry in balance.items() if entry["type"] == "position"]
    return [f"cash     {'   '.join(cash) or '-'}", f"holding  {'   '.join(positions) or '-'}"]


def book_lines(channel: str, book: list[Any] | None, count: int) -> list[str]:
    """One book: its channel, its best levels side by side, how many messages came."""
    bids, asks = (book[0], book[1]) if book else ([], [])
    head = [channel.removesuffix(":full_odbk_channel"), f"{'bid size':>10} {'bid':>10} | {'ask':<10} {'ask size':<10}"]
    rows = []
    for level in range(LEVELS):
        bid = bids[level] if level < len(bids) else {"p": "", "s": ""}
        ask = asks[level] if level < len(asks) else {"p": "", "s": ""}
        rows.append(f"{bid['s']!s:>10} {bid['p']!s:>10} | {ask['p']!s:<10} {ask['s']!s:<10}")
    return [*head, *rows, f"{count} messages"]

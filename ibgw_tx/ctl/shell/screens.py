"""The two commands that look at everything: top, watch."""

from __future__ import annotations

import time
from typing import Any

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ibgw_tx.ctl import book as books
from ibgw_tx.ctl import doctor as well
from ibgw_tx.ctl import messages
from ibgw_tx.ctl import orders as listed
from ibgw_tx.ctl.shell.facts import asked, facts
from ibgw_tx.ctl.shell.link import Link
from ibgw_tx.ctl.shell.live import FOR, ONCE, follow, moving
from ibgw_tx.ctl.shell.money import kind
from ibgw_tx.ctl.shell.options import command, table, tell
from ibgw_tx.ctl.shell.reading import now_ms, order_table
from ibgw_tx.ctl.words import age, moment, money, safe
from ibgw_tx.model import keys
from ibgw_tx.model.json_text import loads

ASK_EVERY, ASK_LIMIT = 5.0, 1.0  # seconds between two questions of `top` to the gateway, and for an answer
FILLS = 3  # newest ones shown
BOOK_HEADINGS = ("book", "size", "bid", "ask", "size", "spread", "age")


class Top:
    """The screen; it remembers the gateway's last answer to STATUS."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._told: dict[str, Any] | None = None
        self._ask_at = 0.0

    def picture(self, screen: Console) -> Group:
        """Everything as it is now, in as many lines as the screen has."""
        if time.monotonic() >= self._ask_at:
            self._told = asked(self._link, ASK_LIMIT)
            self._ask_at = time.monotonic() + ASK_EVERY
        found = facts(self._link, now_ms(), self._told)
        market, money_, orders = self._books(), self._money(), self._link.orders()
        filled = listed.executed(orders)[:FILLS]
        above = [*self._head(found), market, Text(), money_, Text()]
        # Head, books with their heading, cash, fills with theirs, blank lines and titles.
        used = len(above) + market.row_count + (len(filled) + 3 if filled else 0) + 2
        room = max(3, screen.height - used - 2)
        parts = [*above, *self._alive(orders, screen, room)]
        if filled:
            rows = [listed.fill_row(order, narrow=True) for order in filled]
            parts += [Text(), Text("last fills", style="bold")]
            parts.append(table(listed.FILLED_NARROW, rows, ("done/of", "average"), ("i", "pair", "side", "when")))
        return Group(*parts)

    def _head(self, found: well.Facts) -> list[Text]:
        """Name, status and clock on the first line; then what else has to be well, each bad thing in red."""
        state = well.status(found)
        word, colour = ("TRUE", "dark_green") if state.well else ("FALSE", "red")
        badge = Text(f" {word} ", style=f"bold white on {colour}")
        when = (f" {moment(found.redis_now, date=False)} UTC", "dim")
        lines = [Text.assemble((f"{self._link.name} ", "bold"), badge, when, f"  {state.text.partition(', ')[2] or state.text}")]
        tws, budget = well.tws(found), well.budget(found)
        if tws.well and budget.well:
            server = (found.told or {}).get("versions", {}).get("server")
            lines.append(Text(f"TWS {tws.text}, server {safe(server)}; messages {budget.text}", style="dim"))
        rest = (well.flags(found), well.one_gateway(found), well.halt(found), well.books(found), well.clock(found))
        lines += [Text(f"BAD  {each.subject}: {each.text}", "bold red") for each in (tws, budget, *rest) if not each.well]
        return [*lines, Text()]

    def _books(self) -> Table:
        rows = []
        for channel in sorted({*self._link.subscribed("odbk"), *self._link.subscribed("top")}):
            _, exchange, pair, _ = channel.split(":")
            newest = books.read(self._link.book(exchange, pair))
            old = age(now_ms(), newest[2]) if newest else "none"
            rows.append((f"{safe(exchange)} {safe(pair)}", *books.best(newest), old))
        made = table(BOOK_HEADINGS, rows, BOOK_HEADINGS[1:])
        made.columns[0].no_wrap = True
        made.columns[2].style, made.columns[3].style = "green", "red"
        return made

    def _money(self) -> Text:
        found = self._link.json(keys.balance(self._link.name, ""))
        cash = kind(found, "cash") if isinstance(found, dict) else {}
        held = len(kind(found, "position")) if cash else 0
        told = "  ".join(f"{safe(key)} {money(each.get('balance')).partition('.')[0]}" for key, each in cash.items())
        return Text.assemble(("cash  ", "bold"), told or "no balance", f"  {held} positions{self._daily()}")

    def _daily(self) -> str:
        """The day's profit and loss of each account, where IB tells it."""
        accounts = (self._told or {}).get("accounts") or []
        told = [self._link.json(keys.pnl(self._link.name, str(account))) for account in accounts]
        known = [each.get("daily") for each in told if isinstance(each, dict)]
        return "".join(f"  today {daily:+,.0f}" for daily in known if isinstance(daily, int | float))

    def _alive(self, orders: list[listed.Order], screen: Console, room: int) -> list[Any]:
        alive = listed.newest_first(order for order in orders if order.get("alive") or order.get("status") == "Unknown")
        shown = alive if len(alive) <= room else alive[: room - 1]
        parts: list[Any] = [Text(f"{len(alive)} orders alive or unknown", style="bold")]
        parts += [order_table(shown, screen)] if shown else []
        return parts + ([Text(f"and {len(alive) - len(shown)} more", style="dim")] if len(shown) < len(alive) else [])


@command("top")
@ONCE
def top(link: Link, as_json: bool, once: bool) -> None:
    """A live screen of everything: status, books, cash, living orders, last fills."""
    if as_json:
        found = facts(link, now_ms(), asked(link, ASK_LIMIT))
        alive = [order for order in link.orders() if order.get("alive")]
        told = {"status": found.status, "listeners": found.listeners, "flags": found.flags, "books": found.books}
        tell(told | {"halt": found.halt, "orders": alive, "gateway": found.told})
        return
    moving(Top(link).picture, once)


@command("watch")
@click.option("--heartbeats", is_flag=True, help="Heartbeats too.")
@FOR
def watch(link: Link, as_json: bool, heartbeats: bool, seconds: float | None) -> None:
    """Acks, results, errors, notices of TWS, order changes and fills, as they happen; times are UTC."""

    def heard(channel: str, text: str) -> bool:
        try:
            found = loads(text)
        except ValueError:
            return False
        if not isinstance(found, dict) or (found.get("type") == "heartbeat" and not heartbeats):
            return False
        if as_json:
            tell({"channel": channel, "message": found})
        else:
            is_fill, is_ack = channel == keys.fills(link.name), channel == keys.acks(link.name)
            click.echo(messages.fill(found) if is_fill else messages.line(found, order=not is_ack))
        return False

    follow(link, [keys.acks(link.name), keys.fills(link.name), keys.order_channel("*", link.name)], heard, seconds)

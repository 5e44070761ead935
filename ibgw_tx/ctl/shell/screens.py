"""The commands that go on until Ctrl-C: top, book, trades, watch."""

from __future__ import annotations

import time
from typing import Any

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ibgw_tx.ctl import book as books
from ibgw_tx.ctl import doctor as well
from ibgw_tx.ctl import orders as listed
from ibgw_tx.ctl.shell.link import Link, Trouble
from ibgw_tx.ctl.shell.options import command, console, table, tell
from ibgw_tx.ctl.shell.reading import facts, now_ms
from ibgw_tx.ctl.words import safe
from ibgw_tx.model import keys
from ibgw_tx.model.json_text import loads

PERIOD = 0.5  # seconds between two pictures
FOR = click.option("--for", "seconds", type=float, help="End after so many seconds; else Ctrl-C ends it.")
ONCE = click.option("--once", is_flag=True, help="One picture, then end.")


def moving(picture: Any, once: bool) -> None:
    """Draw `picture()` again and again."""
    screen = console()
    if once or not screen.is_terminal:
        screen.print(picture())
        return
    try:
        with Live(picture(), console=screen, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(PERIOD)
                live.update(picture(), refresh=True)
    except KeyboardInterrupt:
        return


def ladder(link: Link, exchange: str, pair: str) -> Group:
    """A book as it is now. Raises Trouble when there is none."""
    found = books.read(link.book(exchange, pair))
    if found is None:
        raise Trouble(f"no book {pair} on {exchange}: nobody has subscribed it")
    made = Table(box=None, pad_edge=False, show_header=False)
    for justify, style in (("right", "green"), ("right", "green"), ("center", "bold"), ("right", "red"), ("left", "red")):
        made.add_column(justify=justify, style=style)  # type: ignore[arg-type]
    for rung in books.ladder(found):
        made.add_row(*map(Text, rung))
    return Group(Text(books.title(safe(exchange), safe(pair), found, now_ms()), style="bold"), made)


@command("book")
@click.argument("exchange")
@click.argument("pair")
@ONCE
def book(link: Link, as_json: bool, exchange: str, pair: str, once: bool) -> None:
    """A moving ladder of a subscribed book."""
    if as_json:
        found = books.read(link.book(exchange, pair))
        if found is None:
            raise Trouble(f"no book {pair} on {exchange}: nobody has subscribed it")
        tell(found)
        return
    moving(lambda: ladder(link, exchange, pair), once)


def everything(link: Link) -> Group:
    """The verdicts that need no answer of the gateway, the books, the living orders."""
    found = facts(link, now_ms(), None)
    lines = [well.status(found), well.one_gateway(found), well.flags(found), well.books(found), well.clock(found)]
    rows = [("well" if each.well else "BAD", each.subject, each.text) for each in lines]
    parts: list[Any] = [Text(f"ibgateway {link.name}", style="bold"), table(("", "", ""), rows)]
    for channel in link.subscribed_books():
        _, exchange, pair, _ = channel.split(":")
        newest = books.read(link.book(exchange, pair))
        if newest and newest[0] and newest[1]:
            best = f"{books.figure(newest[0][0]['p'])} / {books.figure(newest[1][0]['p'])}"
            parts.append(Text(f"{best:<24} {books.title(safe(exchange), safe(pair), newest, now_ms())}"))
    alive = listed.newest_first(order for order in link.orders() if order.get("alive"))
    parts += [Text(f"{len(alive)} orders alive", style="bold")]
    parts.append(table(listed.HEADINGS, [listed.row(order, now_ms()) for order in alive[:20]]))
    return Group(*parts)


@command("top")
@ONCE
def top(link: Link, as_json: bool, once: bool) -> None:
    """A live screen of everything."""
    if as_json:
        found = facts(link, now_ms(), None)
        tell({"status": found.status, "listeners": found.listeners, "flags": found.flags, "books": found.books})
        return
    moving(lambda: everything(link), once)


def follow(link: Link, channels: list[str], heard: Any, seconds: float | None) -> None:
    """Hear until Ctrl-C or the time is over."""
    try:
        link.listen(channels, heard, seconds)
    except KeyboardInterrupt:
        return


@command("trades")
@click.argument("exchange")
@click.argument("pair")
@FOR
def trades(link: Link, as_json: bool, exchange: str, pair: str, seconds: float | None) -> None:
    """Trades of a contract subscribed with SUB_TOP, as they happen."""

    def heard(_channel: str, text: str) -> bool:
        lines = books.trades(text, now_ms())
        if as_json and lines:
            tell(loads(text))
        for line in [] if as_json else lines:
            click.echo(line)
        return False

    follow(link, [keys.tick_channel(exchange, pair)], heard, seconds)


@command("watch")
@click.option("--heartbeats", is_flag=True, help="Heartbeats too.")
@FOR
def watch(link: Link, as_json: bool, heartbeats: bool, seconds: float | None) -> None:
    """Acks, results, errors, messages and order changes, as they happen."""

    def heard(channel: str, text: str) -> bool:
        try:
            found = loads(text)
        except ValueError:
            return False
        if not isinstance(found, dict) or (found.get("type") == "heartbeat" and not heartbeats):
            return False
        if as_json:
            tell({"channel": channel, "message": found})
        elif channel == keys.acks(link.name):
            click.echo(safe(text, 500))
        else:
            click.echo(f"order {safe(found.get('i') or found.get('client_oid'))}: {listed.sentence(found)}")
        return False

    follow(link, [keys.acks(link.name), keys.order_channel("*", link.name)], heard, seconds)

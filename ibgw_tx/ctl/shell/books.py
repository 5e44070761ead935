"""The commands around one contract's market: subscribe, unsubscribe, book, trades."""

from __future__ import annotations

import time
from typing import Any

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ibgw_tx.ctl import book as books
from ibgw_tx.ctl.messages import rest
from ibgw_tx.ctl.shell.link import Link, Trouble
from ibgw_tx.ctl.shell.live import FOR, ONCE, follow, moving
from ibgw_tx.ctl.shell.options import EXCHANGE, command, tell
from ibgw_tx.ctl.shell.reading import TIMEOUT, now_ms
from ibgw_tx.ctl.words import safe
from ibgw_tx.model import keys
from ibgw_tx.model.json_text import loads

TOP = click.option("--top", is_flag=True, help="Level 1 and trades, which take no depth place; else the book of ten levels.")
FIRST_ROWS = 3.0  # seconds that the first rows of a book are waited for


def _subscribing(link: Link, as_json: bool, cmd: str, exchange: str, pair: str, timeout: float) -> dict[str, Any]:
    answer = link.command(cmd, {"exchange": exchange, "showName": pair}, timeout)
    if as_json:
        tell(answer)
    else:
        click.echo(f"done, {rest(answer)}")
    return answer


@command("subscribe")
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@TOP
@TIMEOUT
def subscribe(link: Link, as_json: bool, exchange: str, pair: str, top: bool, timeout: float) -> None:
    """Have the gateway tell a book (of which a usual account has three), or level 1 and trades."""
    answer = _subscribing(link, as_json, "SUB_TOP" if top else "SUB_ODBK", exchange, pair, timeout)
    channel = str(answer.get("channel", ""))
    _, where, name, _ = channel.split(":") if channel.count(":") == 3 else ("", exchange, pair, "")
    ends = time.monotonic() + FIRST_ROWS
    while not as_json and time.monotonic() < ends:
        found = books.read(link.book(where, name))
        if found and (found[0] or found[1]):
            click.echo(f"look at it with: ibgwctl book {safe(where)} {safe(name)}")
            return
        time.sleep(0.1)
    if not as_json:
        click.echo("no rows yet; what TWS says of it: ibgwctl watch")


@command("unsubscribe")
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@TOP
@TIMEOUT
def unsubscribe(link: Link, as_json: bool, exchange: str, pair: str, top: bool, timeout: float) -> None:
    """End it, for every bot that reads it too."""
    _subscribing(link, as_json, "UNSUB_TOP" if top else "UNSUB_ODBK", exchange, pair, timeout)


def no_book(exchange: str, pair: str) -> Trouble:
    """What to do where there is none."""
    return Trouble(f"no book {pair} on {exchange}: nobody has subscribed it; ibgwctl subscribe {exchange} {pair} does")


def ladder(link: Link, exchange: str, pair: str) -> Group:
    """A book as it is now. Raises Trouble when there is none."""
    found = books.read(link.book(exchange, pair))
    if found is None:
        raise no_book(exchange, pair)
    made = Table(box=None, pad_edge=False, header_style="dim")
    columns = (("", "right", "green"), ("bid size", "right", "green"), ("price", "right", "bold"), ("ask size", "right", "red"))
    for heading, justify, style in (*columns, ("", "left", "red")):
        made.add_column(heading, justify=justify, style=style, no_wrap=True)  # type: ignore[arg-type]
    made.columns[0].min_width = made.columns[4].min_width = books.WIDTH
    for rung in books.ladder(found):
        made.add_row(*map(Text, rung))
    return Group(Text(books.title(exchange, safe(pair), found, now_ms()), style="bold"), made)


@command("book")
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@ONCE
def book(link: Link, as_json: bool, exchange: str, pair: str, once: bool) -> None:
    """A moving ladder of a subscribed book."""
    if as_json:
        found = books.read(link.book(exchange, pair))
        if found is None:
            raise no_book(exchange, pair)
        tell(found)
        return
    moving(lambda _: ladder(link, exchange, pair), once)


@command("trades")
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@FOR
def trades(link: Link, as_json: bool, exchange: str, pair: str, seconds: float | None) -> None:
    """Trades of a contract subscribed with --top, as they happen; times are UTC."""
    if keys.book_channel(exchange, pair) not in {*link.subscribed("top"), *link.subscribed("ticks")}:
        click.echo(f"ibgwctl: nobody has subscribed its trades; ibgwctl subscribe {exchange} {safe(pair)} --top does", err=True)

    def heard(_channel: str, text: str) -> bool:
        lines = books.trades(text)
        if as_json and lines:
            tell(loads(text))
        for line in [] if as_json else lines:
            click.echo(line)
        return False

    follow(link, [keys.tick_channel(exchange, pair)], heard, seconds)

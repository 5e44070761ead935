"""The commands that ask IB through the gateway: find, history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import click
from rich.console import Group
from rich.text import Text

from ibgw_tx.ctl.chart import Bar, Chart, chart, summary
from ibgw_tx.ctl.shell.link import Link, Trouble
from ibgw_tx.ctl.shell.options import EXCHANGE, command, console, table, tell
from ibgw_tx.ctl.words import safe
from ibgw_tx.model import keys
from ibgw_tx.model.contract import BadName, Contract, pair_of

MEMBERS = {each.name for each in attrs.fields(Contract)}
LIMIT = click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for the gateway.")
ROWS = 16  # of a chart


def pair_in(told: dict[str, Any]) -> str | None:
    """The pair of a stored `contract` object; None when no key may have its name."""
    try:
        return pair_of(Contract(**{member: value for member, value in told.items() if member in MEMBERS}))
    except BadName:
        return None


def place_in(key: str) -> list[str]:
    """The two segments of a contract's key that are exchange and secType, in either order."""
    return key.split(":")[2:4]


@command("find")
@click.argument("sec_type", metavar="SECTYPE")
@click.argument("symbol")
@click.option("--exchange", type=EXCHANGE, default="SMART", show_default=True, help="Where to look.")
@click.option("--currency", default=None, help="Only those in it.")
@LIMIT
def find(link: Link, as_json: bool, sec_type: str, symbol: str, exchange: str, currency: str | None, timeout: float) -> None:
    """Contracts that TWS knows, named as the other commands take them: ibgwctl find FUT ES --exchange CME."""
    asked = {"secType": sec_type.upper(), "symbol": symbol, "exchange": exchange} | ({"currency": currency} if currency else {})
    answer = link.command("FIND_CONTRACTS", asked, timeout, result=True)
    if as_json:
        tell(answer)
        return
    rows = []
    for key in answer.get("keys", []):
        found = link.json(key) or {}
        contract = found.get("contract", {})
        where = next((part for part in place_in(key) if part != contract.get("secType")), exchange)
        pair = pair_in(contract) or "-"
        rows.append(tuple(map(safe, (where, pair, contract.get("secType"), contract.get("conId"), found.get("longName")))))
    console().print(table(("exchange", "pair", "type", "conId", "name"), rows, keep=("exchange", "pair", "conId")))


def contract_named(link: Link, exchange: str, pair: str) -> dict[str, Any]:
    """A contract that Redis knows under this exchange and pair. Raises Trouble."""
    for key in link.client.scan_iter(f"{keys.CONTRACT}*", count=1000):
        if exchange in place_in(key):
            told = (link.json(key) or {}).get("contract", {})
            if pair_in(told) == pair:
                return {"conId": told["conId"], "exchange": told.get("exchange") or exchange}
    raise Trouble(f"Redis knows no contract {pair} on {exchange}: ask for it first, with ibgwctl find SECTYPE SYMBOL")


def drawn(title: str, bars: Sequence[Bar], made: Chart) -> Group:
    """A chart in colours, between its title and its axis."""
    lines = []
    for label, line in zip(made.labels, made.lines, strict=True):
        text = Text(f"{label} {'┤' if label.strip() else '│'}")
        for character, rises in zip(line, made.rising, strict=True):
            text.append(character, "" if character == " " else "green" if rises else "red")
        lines.append(text)
    margin = " " * (len(made.labels[0]) + 1)
    axis = Text(f"{margin}└{'─' * len(made.rising)}\n{margin} {made.axis}", style="dim")
    return Group(Text(title, style="bold"), Text(summary(bars)), *lines, axis)


@command("history")
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@click.option("--duration", default="1 D", show_default=True, help="How far back: 3600 S, 1 D, 2 W, 6 M, 1 Y.")
@click.option("--bar-size", default="5 mins", show_default=True, help="1 min, 5 mins, 1 hour, 1 day, ...")
@click.option("--show", default="TRADES", show_default=True, help="TRADES, MIDPOINT, BID, ASK, ...")
@LIMIT
def history(
    link: Link, as_json: bool, exchange: str, pair: str, duration: str, bar_size: str, show: str, timeout: float
) -> None:
    """A chart of the past: green candles rise, red ones fall; times are UTC."""
    asked = {"contract": contract_named(link, exchange, pair), "duration": duration, "barSize": bar_size, "whatToShow": show}
    bars = link.command("FIND_HISTORY", asked, timeout, result=True)["bars"]
    if as_json:
        tell(bars)
        return
    screen = console()
    made = chart(bars, max(20, min(screen.width, 160) - 16), ROWS)
    if made is None:
        raise Trouble(f"no bars of {pair} on {exchange} in that time")
    screen.print(drawn(f"{exchange} {safe(pair)}, {len(bars)} bars of {bar_size}, {show}", bars, made), no_wrap=True)

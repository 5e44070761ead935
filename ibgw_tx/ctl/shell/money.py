"""The commands about money: balance, pnl."""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from ibgw_tx.ctl.shell.link import Link, Trouble
from ibgw_tx.ctl.shell.options import command, console, table, tell
from ibgw_tx.ctl.shell.reading import now_ms
from ibgw_tx.ctl.words import age, figure, money, safe
from ibgw_tx.model import keys

PNL = ("daily", "unrealized", "realized")
HELD = ("held", *PNL, "value")


def balances(link: Link, account: str) -> dict[str, Any]:
    """The balance document. Raises Trouble without one."""
    found = link.json(keys.balance(link.name, account))
    if not isinstance(found, dict):
        raise Trouble("no balance: the gateway has not written one" + (f" for {account}" if account else ""))
    return found


def kind(found: dict[str, Any], wanted: str) -> dict[str, dict[str, Any]]:
    """The entries of one type."""
    return {key: each for key, each in found.items() if isinstance(each, dict) and each.get("type") == wanted}


@command("balance")
@click.option("--account", default="", help="One of several accounts; else the gateway's main one.")
def balance(link: Link, as_json: bool, account: str) -> None:
    """Cash and positions."""
    found = balances(link, account)
    if as_json:
        tell(found)
        return
    screen = console()
    cash = [(safe(key), money(each.get("balance"))) for key, each in kind(found, "cash").items()]
    screen.print(table(("cash", "balance"), cash, ("balance",)))
    held = [
        (safe(key), figure(each.get("pos")), *(money(each.get(member)) for member in ("avgCost", "marketPrice", "marketValue")))
        for key, each in kind(found, "position").items()
    ]
    figures = ("held", "average cost", "price", "value")
    screen.print()
    screen.print(table(("position", *figures), held, figures) if held else "no positions")


def live(link: Link, account: str) -> list[tuple[str, dict[str, Any]]]:
    """What IB counts, for each account that has it: (account, document)."""
    found = sorted(link.client.scan_iter(keys.pnl(link.name, account or "*"), count=1000))
    documents = [(key.rpartition(":")[2], link.json(key)) for key in found]
    return [(name, document) for name, document in documents if isinstance(document, dict)]


@command("pnl")
@click.option("--account", default="", help="One of several accounts; else all.")
def pnl(link: Link, as_json: bool, account: str) -> None:
    """Live profit and loss of each account and its positions, as IB counts it; daily is since the close before."""
    found = live(link, account)
    if not found:
        raise Trouble("no profit and loss: IB has not told any" + (f" of {account}" if account else ""))
    screen = console()
    for name, document in found:
        if as_json:
            tell({"account": name, **document})
            continue
        held = {key: each for key, each in (document.get("positions") or {}).items() if isinstance(each, dict)}
        rows = [
            (safe(key), figure(each.get("pos")), *(money(each.get(member)) for member in (*PNL, "value")))
            for key, each in held.items()
        ]
        rows.append(("all", "", *(money(document.get(member)) for member in PNL), ""))
        screen.print(Text(f"{safe(name)}, {age(now_ms(), document.get('t'))} old", style="bold"))
        screen.print(table(("position", *HELD), rows, HELD))

"""The commands that only read: status, orders, order, fills, doctor."""

from __future__ import annotations

import time

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ibgw_tx.ctl import doctor as well
from ibgw_tx.ctl import orders as listed
from ibgw_tx.ctl.shell.facts import asked, facts
from ibgw_tx.ctl.shell.link import REFUSED, Link, Trouble
from ibgw_tx.ctl.shell.options import STYLES, WIDE, command, console, table, tell

TIMEOUT = click.option("--timeout", default=10.0, show_default=True, help="Seconds to wait for the gateway.")
#: Headings of figures, and those that are never cut.
FIGURES = ("price", "done", "of", "done/of", "average", "commission", "since", "held", "value")
WHOLE = ("i", "pair", "side", "status", "when", "currency")
WHY_LIMIT = 2.0  # seconds that a question for the reasons of a false status may take


def now_ms() -> int:
    """Wall clock."""
    return int(time.time() * 1000)


@command("status")
def status(link: Link, as_json: bool) -> None:
    """Whether the gateway's data can be trusted, else why not; exit status 1 when not."""
    found = facts(link, now_ms(), None)
    verdict = well.status(found)
    if not verdict.well and found.listeners:
        found = facts(link, now_ms(), asked(link, WHY_LIMIT))
        verdict = well.status(found)
    halt = well.halt(found)
    if as_json:
        tell({"name": link.name, "status": found.status, "well": verdict.well, "text": verdict.text, "halt": found.halt})
    else:
        click.echo(f"{link.name}: {verdict.text}" + ("" if halt.well else f"; HALT {halt.text}"))
    raise SystemExit(0 if verdict.well else REFUSED)


def order_table(orders: list[listed.Order], screen: Console) -> Table:
    """As wide as the screen lets it be."""
    narrow = screen.width < WIDE
    rows = [listed.row(order, now_ms(), narrow) for order in orders]
    if not narrow:
        return table(listed.HEADINGS, rows, FIGURES, WHOLE)
    # Room for a name and a price goes first: a long client_oid is folded, never cut.
    made = table(listed.NARROW, rows, FIGURES, WHOLE[1:])
    made.columns[0].min_width = made.columns[3].min_width = 10
    return made


@command("orders")
@click.option("--alive", is_flag=True, help="Those that can still be executed.")
def orders(link: Link, as_json: bool, alive: bool) -> None:
    """The orders that Redis has, those without an answer of TWS too, the newest change first."""
    found = listed.newest_first(order for order in link.orders() if order.get("alive") or not alive)
    if as_json:
        for order in found:
            tell(order)
    elif found:
        screen = console()
        screen.print(order_table(found, screen))
    else:
        click.echo("none")


@command("order")
@click.argument("order")
def one_order(link: Link, as_json: bool, order: str) -> None:
    """One order, by its permId, client_oid, or (a living one) API order id."""
    found = listed.named(link.orders(), order)
    if found is None:
        raise Trouble(f"no order {order}")
    if as_json:
        tell(found)
        return
    click.echo(f"{listed.sentence(found)}\n")
    console().print(table(("", ""), listed.details(found)))


@command("fills")
def fills(link: Link, as_json: bool) -> None:
    """The orders of which something was executed, the newest first, with average price and commission."""
    found = listed.executed(link.orders())
    if as_json:
        for order in found:
            tell(order)
        return
    if not found:
        click.echo("none")
        return
    screen = console()
    narrow = screen.width < WIDE
    rows = [listed.fill_row(order, narrow) for order in found]
    screen.print(table(listed.FILLED_NARROW if narrow else listed.FILLED, rows, FIGURES, WHOLE))


@command("doctor")
@TIMEOUT
def doctor(link: Link, as_json: bool, timeout: float) -> None:
    """One line for each thing that must be well; exit status 1 when one is not."""
    found = well.verdicts(facts(link, now_ms(), asked(link, timeout)))
    screen = console()
    for verdict in found:
        if as_json:
            tell(attrs.asdict(verdict))
        else:
            word = "well" if verdict.well else "BAD"
            screen.print(Text(f"{word:<4}", STYLES[word]), Text(f" {verdict.subject:<15} {verdict.text}"), sep="", soft_wrap=True)
    raise SystemExit(0 if all(verdict.well for verdict in found) else REFUSED)

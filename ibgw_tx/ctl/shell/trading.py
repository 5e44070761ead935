"""The commands that change something: each shows what will happen and asks first, unless told `--yes`."""

from __future__ import annotations

import time
import uuid
from typing import Any

import click

from ibgw_tx.ctl import orders as listed
from ibgw_tx.ctl.shell.link import NO_ANSWER, Link, Trouble
from ibgw_tx.ctl.shell.options import EXCHANGE, command, console, table, tell
from ibgw_tx.ctl.shell.reading import TIMEOUT
from ibgw_tx.ctl.words import figure, money, safe

#: Members of an order that can be changed here, in words.
NEW = {"s": "size", "p": "limit", "auxPrice": "stop"}
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
SIZE = click.option("--size", type=float, help="The new total, what is executed included.")
FIRST_WORD = 3.0  # seconds that TWS's first word about a new order is waited for
IDS = listed.IDS
FRAME = frozenset("type id cmd ok t".split())


def agreed(words: str, yes: bool) -> None:
    """Show what will happen; goes on only with a yes. A script without a terminal says --yes."""
    click.echo(words, err=True)
    if not yes:
        click.confirm("Do it?", abort=True, err=True)


def carry_out(link: Link, as_json: bool, cmd: str, params: dict[str, Any], timeout: float, result: bool = False) -> None:
    """Send it and tell the answer."""
    answer = link.command(cmd, params, timeout, result)
    if as_json:
        tell(answer)
        return
    members = {key: value for key, value in answer.items() if key not in FRAME and value is not None}
    if result:
        rows = [(safe(key), money(value) if isinstance(value, int | float) else safe(value)) for key, value in members.items()]
        console().print(table(("preview", "value"), rows, ("value",)))
        return
    told = (f", {safe(key)} {safe(value) if key in IDS else figure(value)}" for key, value in members.items())
    click.echo("done" + "".join(told))


def first_word(link: Link, client_oid: str) -> None:
    """What TWS has made of a new order; the ack alone says only that it has left."""
    ends = time.monotonic() + FIRST_WORD
    while time.monotonic() < ends:
        found = listed.named(link.orders(), client_oid)
        if found is not None and found.get("status") != listed.ON_ITS_WAY:
            click.echo(f"{safe(found.get('i') or client_oid)}  {listed.sentence(found)}")
            return
        time.sleep(0.1)
    click.echo(f"TWS has not said anything of it yet: ibgwctl order {safe(client_oid)}")


@command("place")
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.argument("size", type=float)
@click.argument("exchange", type=EXCHANGE)
@click.argument("pair")
@click.option("--limit", "-p", type=float, help="The limit price; without one it is a market order (or a stop).")
@click.option("--stop", type=float, help="The stop price.")
@click.option("--tif", default="DAY", show_default=True, help="How long it stands: DAY, GTC, IOC, ...")
@click.option("--account", default=None, help="One of several accounts.")
@click.option("--client-oid", default=None, help="The order's own name; one is made when none is given.")
@click.option("--what-if", is_flag=True, help="Ask for margin and commission; nothing is placed.")
@YES
@TIMEOUT
def place(
    link: Link, as_json: bool, side: str, size: float, exchange: str, pair: str, limit: float | None, stop: float | None,
    tif: str, account: str | None, client_oid: str | None, what_if: bool, yes: bool, timeout: float,
) -> None:  # fmt: skip
    """Place an order: ibgwctl place buy 100 SEHK HKD-1137 --limit 11.02."""
    kind = {(False, False): "MKT", (True, False): "LMT", (False, True): "STP", (True, True): "STP LMT"}[
        limit is not None, stop is not None
    ]
    # A name in every case: an order without an answer can be looked for, and sent again without becoming two.
    named = client_oid or f"ctl-{uuid.uuid4().hex[:12]}"
    order: dict[str, Any] = {"T": side, "s": size, "orderType": kind, "tif": tif}
    order |= {} if what_if else {"client_oid": named}
    extra = {"p": limit, "auxPrice": stop, "account": account, "whatIf": what_if or None}
    order |= {key: value for key, value in extra.items() if value is not None}
    prices = "".join(f" {word} {figure(price)}" for word, price in (("limit", limit), ("stop", stop)) if price is not None)
    what = f"{side} {figure(size)} {safe(pair)} on {safe(exchange)}, {kind}{prices}, {safe(tif)}"
    deed = f"preview of {what}" if what_if else f"place {what}, as {safe(named)}"
    agreed(f"{link.name}: {deed}", yes or what_if)
    try:
        asked = {"exchange": exchange, "showName": pair, "order": order}
        carry_out(link, as_json, "PLACE_ORDER", asked, timeout, result=what_if)
        if not what_if and not as_json:
            first_word(link, named)
    except Trouble as trouble:
        if trouble.status == NO_ANSWER and not what_if:
            raise Trouble(f"{trouble}; look for it with: ibgwctl order {named}", NO_ANSWER) from None
        raise


def name_of(order: listed.Order) -> dict[str, Any]:
    """What the gateway knows the order by."""
    return {"i": order["i"]} if order.get("i") else {"client_oid": order.get("client_oid")}


@command("change")
@click.argument("order")
@SIZE
@click.option("--limit", "-p", type=float, help="The new limit price.")
@click.option("--stop", type=float, help="The new stop price.")
@YES
@TIMEOUT
def change(
    link: Link, as_json: bool, order: str, size: float | None, limit: float | None, stop: float | None, yes: bool, timeout: float
) -> None:
    """Change a living order; only what is named changes."""
    found = listed.named(link.orders(), order)
    if found is None:
        raise Trouble(f"no order {order}")
    new = {key: value for key, value in (("s", size), ("p", limit), ("auxPrice", stop)) if value is not None}
    if not new:
        raise click.UsageError("what is to change? give --size, --limit or --stop")
    words = ", ".join(f"{NEW[key]} {figure(value)}" for key, value in new.items())
    agreed(f"{link.name}: change {listed.sentence(found)}\n  to {words}", yes)
    carry_out(link, as_json, "PLACE_ORDER", {"order": {**name_of(found), **new}}, timeout)


@command("cancel")
@click.argument("order")
@YES
@TIMEOUT
def cancel(link: Link, as_json: bool, order: str, yes: bool, timeout: float) -> None:
    """Cancel an order, by its permId, client_oid or API order id."""
    found = listed.named(link.orders(), order)
    words = listed.sentence(found) if found else f"client_oid {safe(order)}, which Redis does not show (it may be on its way)"
    agreed(f"{link.name}: cancel {words}", yes)
    carry_out(link, as_json, "CANCEL_ORDER", name_of(found) if found else {"client_oid": order}, timeout)


@command("cancel-all")
@YES
@TIMEOUT
def cancel_all(link: Link, as_json: bool, yes: bool, timeout: float) -> None:
    """Cancel every open order of the login, of other clients and by hand too."""
    alive = [order for order in link.orders() if order.get("alive")]
    shown = "".join(f"\n  {listed.sentence(order)}" for order in alive)
    agreed(f"{link.name}: cancel EVERY open order of the login, placed elsewhere too; Redis shows {len(alive)}{shown}", yes)
    carry_out(link, as_json, "CANCEL_ALL", {}, timeout)


@command("halt")
@click.argument("reason", default="by ibgwctl")
@YES
@TIMEOUT
def halt(link: Link, as_json: bool, reason: str, yes: bool, timeout: float) -> None:
    """Refuse new orders and changes until resume; cancels go through."""
    agreed(f"{link.name}: refuse new orders and changes until resume ({safe(reason)})", yes)
    carry_out(link, as_json, "HALT", {"reason": reason}, timeout)


@command("resume")
@YES
@TIMEOUT
def resume(link: Link, as_json: bool, yes: bool, timeout: float) -> None:
    """Let orders through again."""
    agreed(f"{link.name}: let new orders and changes through again", yes)
    carry_out(link, as_json, "RESUME", {}, timeout)

"""The commands that only read: status, orders, order, fills, balance, pnl, find, history, doctor."""

from __future__ import annotations

import time
from typing import Any

import attrs
import click
import redis

from ibgw_tx.ctl import doctor as well
from ibgw_tx.ctl import orders as listed
from ibgw_tx.ctl.chart import chart
from ibgw_tx.ctl.shell.link import REFUSED, Link, Trouble
from ibgw_tx.ctl.shell.options import command, console, table, tell
from ibgw_tx.ctl.words import figure, money, safe
from ibgw_tx.model import keys
from ibgw_tx.model.contract import BadName, Contract, pair_of
from ibgw_tx.runtime.version import version

TIMEOUT = click.option("--timeout", default=10.0, show_default=True, help="Seconds to wait for the gateway.")


def now_ms() -> int:
    """Wall clock."""
    return int(time.time() * 1000)


@command("status")
def status(link: Link, as_json: bool) -> None:
    """Whether the gateway's data can be trusted; exit status 1 when not."""
    found, now = link.json(keys.status(link.name)), now_ms()
    verdict = well.status(facts(link, now, None))
    tell({"name": link.name, "status": found, "well": verdict.well, "text": verdict.text}) if as_json else click.echo(
        f"{link.name}: {verdict.text}"
    )
    raise SystemExit(0 if verdict.well else REFUSED)


def show_orders(orders: list[listed.Order], as_json: bool) -> None:
    """As a table, or a document for each."""
    if as_json:
        for order in orders:
            tell(order)
    elif orders:
        console().print(table(listed.HEADINGS, [listed.row(order, now_ms()) for order in orders]))
    else:
        click.echo("none")


@command("orders")
@click.option("--alive", is_flag=True, help="Those that can still be executed.")
def orders(link: Link, as_json: bool, alive: bool) -> None:
    """The orders that Redis has, the newest change first."""
    show_orders(listed.newest_first(order for order in link.orders() if order.get("alive") or not alive), as_json)


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
    click.echo(listed.sentence(found))
    console().print(table(("member", "value"), [(safe(key), figure(value)) for key, value in found.items()]))


@command("fills")
def fills(link: Link, as_json: bool) -> None:
    """The orders of which something was executed, the newest first."""
    show_orders(listed.executed(link.orders()), as_json)


def balances(link: Link, account: str) -> dict[str, Any]:
    """The balance document. Raises Trouble without one."""
    found = link.json(keys.balance(link.name, account))
    if not isinstance(found, dict):
        raise Trouble("no balance: the gateway has not written one" + (f" for {account}" if account else ""))
    return found


@command("balance")
@click.option("--account", default="", help="One of several accounts.")
def balance(link: Link, as_json: bool, account: str) -> None:
    """Cash and positions."""
    found = balances(link, account)
    if as_json:
        tell(found)
        return
    cash = [(safe(key), money(each["balance"])) for key, each in found.items() if each.get("type") == "cash"]
    console().print(table(("currency", "balance"), cash))
    held = [
        (safe(key), figure(each.get("pos")), money(each.get("avgCost")), money(each.get("marketValue")))
        for key, each in found.items()
        if each.get("type") == "position"
    ]
    console().print(table(("position", "held", "average cost", "value"), held))


@command("pnl")
@click.option("--account", default="", help="One of several accounts.")
def pnl(link: Link, as_json: bool, account: str) -> None:
    """Profit and loss of each position, as the balance has it."""
    held = {key: each for key, each in balances(link, account).items() if each.get("type") == "position"}
    if as_json:
        tell({key: {"unrealPnl": each.get("unrealPnl"), "realPnl": each.get("realPnl")} for key, each in held.items()})
        return
    rows = [(safe(key), money(each.get("unrealPnl")), money(each.get("realPnl"))) for key, each in held.items()]
    console().print(table(("position", "unrealized", "realized"), rows))


@command("find")
@click.argument("sec_type")
@click.argument("symbol")
@click.option("--exchange", default="SMART", show_default=True)
@click.option("--currency", default=None)
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for the gateway.")
def find(link: Link, as_json: bool, sec_type: str, symbol: str, exchange: str, currency: str | None, timeout: float) -> None:
    """Contracts that TWS knows: ibgwctl find FUT ES --exchange CME."""
    asked = {"secType": sec_type, "symbol": symbol, "exchange": exchange} | ({"currency": currency} if currency else {})
    answer = link.command("FIND_CONTRACTS", asked, timeout, result=True)
    if as_json:
        tell(answer)
        return
    for key in answer.get("keys", []):
        found = link.json(key) or {}
        con_id = found.get("contract", {}).get("conId", "-")
        click.echo(f"{safe(key.removeprefix(keys.CONTRACT))}  conId {safe(con_id)}  {safe(found.get('longName'))}")


def contract_named(link: Link, exchange: str, pair: str) -> dict[str, Any]:
    """A contract that Redis knows under this exchange and pair. Raises Trouble."""
    members = {each.name for each in attrs.fields(Contract)}
    for key in link.client.scan_iter(f"{keys.CONTRACT}*", count=1000):
        if exchange not in key.split(":")[2:4]:
            continue
        told = (link.json(key) or {}).get("contract", {})
        try:
            if pair_of(Contract(**{member: value for member, value in told.items() if member in members})) == pair:
                return {"conId": told["conId"], "exchange": told.get("exchange") or exchange}
        except BadName:
            continue
    raise Trouble(f"Redis knows no contract {pair} on {exchange}: ask for it with ibgwctl find")


@command("history")
@click.argument("exchange")
@click.argument("pair")
@click.option("--duration", default="1 D", show_default=True)
@click.option("--bar-size", default="5 mins", show_default=True)
@click.option("--show", default="TRADES", show_default=True)
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for the gateway.")
def history(
    link: Link, as_json: bool, exchange: str, pair: str, duration: str, bar_size: str, show: str, timeout: float
) -> None:
    """A chart of the past."""
    asked = {"contract": contract_named(link, exchange, pair), "duration": duration, "barSize": bar_size, "whatToShow": show}
    bars = link.command("FIND_HISTORY", asked, timeout, result=True)["bars"]
    if as_json:
        tell(bars)
        return
    screen = console()
    lines = chart(bars, max(20, min(screen.width, 120) - 14), 16)
    click.echo("\n".join([f"{safe(exchange)} {safe(pair)}, {len(bars)} bars of {safe(bar_size)}", *lines]))


def redis_settings(link: Link) -> dict[str, str] | None:
    """Those that matter; None for a user who may not look."""
    try:
        found: dict[str, str] = link.client.config_get("maxmemory*")
        return found
    except redis.ResponseError:
        return None


def facts(link: Link, now: int, told: dict[str, Any] | None) -> well.Facts:
    """Everything a doctor looks at."""
    seconds, micros = link.client.time()
    books = {channel: link.json(channel.removesuffix("full_odbk_channel") + "orderbook") for channel in link.subscribed_books()}
    flags = link.client.scan_iter(keys.oms_flags(link.name), count=1000)
    exchanges = {*link.exchanges(), *(key.split(":")[1] for key in flags)}
    return well.Facts(
        name=link.name,
        now=now,
        redis_now=seconds * 1000 + micros // 1000,
        redis_version=str(link.client.info("server").get("redis_version")),
        settings=redis_settings(link),
        status=link.json(keys.status(link.name)),
        listeners=link.client.pubsub_numsub(keys.commands(link.name))[0][1],
        told=told,
        flags={exchange: link.client.get(keys.oms_flag(exchange, link.name)) == "1" for exchange in exchanges},
        books={channel: book[2] if book and (book[0] or book[1]) else None for channel, book in books.items()},
        version=version(),
    )


@command("doctor")
@TIMEOUT
def doctor(link: Link, as_json: bool, timeout: float) -> None:
    """One line for each thing that must be well; exit status 1 when one is not."""
    try:
        told: dict[str, Any] | None = link.command("STATUS", {}, timeout, result=True)
    except Trouble:
        told = None
    found = well.verdicts(facts(link, now_ms(), told))
    for verdict in found:
        if as_json:
            tell(attrs.asdict(verdict))
        else:
            click.echo(f"{'well' if verdict.well else 'BAD '}  {verdict.subject:<15} {verdict.text}")
    raise SystemExit(0 if all(verdict.well for verdict in found) else REFUSED)

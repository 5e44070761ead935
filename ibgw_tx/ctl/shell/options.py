"""What every command of ibgwctl has in common: the group with its options, `--json`, tables, and how trouble ends."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import redis
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ibgw_tx.ctl.shell.link import NO_REDIS, Link, Trouble, connect
from ibgw_tx.ctl.words import safe
from ibgw_tx.model.json_text import text
from ibgw_tx.model.keys import NAME_PATTERN
from ibgw_tx.model.redis_access import Access, Address, Tls, addresses

EPILOG = (
    "Exit status: 0 done or well; 1 refused, not found or not well; 2 wrong usage; 3 Redis cannot be reached or refuses; "
    "4 no gateway listens, or no answer in time."
)


class Way:
    """Where the commands look; Redis is connected to when the first one needs it (`--help` needs none)."""

    def __init__(self, access: Access, name: str | None) -> None:
        self._access = access
        self._name = name

    def link(self, name: str | None = None) -> Link:
        """The link; `name` beats the group's. Raises UsageError without a name."""
        name = name or self._name
        if not name:
            raise click.UsageError("which gateway? give --name=NAME, or set TWS_GATEWAY_NAME")
        if not re.fullmatch(NAME_PATTERN, name):
            raise click.UsageError(f"--name={safe(name)}: a name is {NAME_PATTERN}")
        return connect(self._access, name)


class Exchange(click.ParamType):
    """An exchange as its keys have it: upper case."""

    name = "exchange"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """No exchange has a lower-case letter or a ':'."""
        if ":" in value or not value.isprintable():
            self.fail("no exchange has such a character", param, ctx)
        return value.upper()


EXCHANGE = Exchange()


class Sentinels(click.ParamType):
    """Their addresses."""

    name = "sentinels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As the gateway's setting has it."""
        try:
            return addresses(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Password(click.ParamType):
    """A file's first words."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What stands in it, without the end of the line."""
        try:
            return Path(value).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            self.fail(f"{value!r} cannot be read", param, ctx)


SENTINELS, PASSWORD, PEM = Sentinels(), Password(), click.Path(exists=True, dir_okay=False)
#: Words that stand out in a table.
STYLES = {
    "buy": "green", "sell": "red", "Filled": "green", "Unknown": "bold red", "no answer yet": "yellow", "Inactive": "yellow",
    "PendingCancel": "yellow",
    "BAD": "bold red", "well": "green",
}  # fmt: skip
#: Below so many columns a table leaves something out.
WIDE = 110


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--redis-host", envvar="REDIS_HOST", default="127.0.0.1", show_default=True, show_envvar=True)
@click.option(
    "--redis-port", envvar="REDIS_PORT", default=6379, show_default=True, show_envvar=True, type=click.IntRange(1, 65535)
)
@click.option("--redis-user", default=None, help="For a Redis with an ACL file.")
@click.option("--redis-sentinel", envvar="IBGW_REDIS_SENTINEL", type=SENTINELS, help="HOST:PORT,... in place of host and port.")
@click.option("--redis-master", envvar="IBGW_REDIS_MASTER", default="", help="How the sentinels call the master.")
@click.option("--redis-sentinel-user", envvar="IBGW_REDIS_SENTINEL_USER", help="Their ACL user.")
@click.option("--redis-sentinel-password-file", envvar="IBGW_REDIS_SENTINEL_PASSWORD_FILE", type=PASSWORD, help="Their password.")
@click.option("--redis-tls", envvar="IBGW_REDIS_TLS", is_flag=True, help="Speak TLS, never without.")
@click.option("--redis-tls-ca", envvar="IBGW_REDIS_TLS_CA", type=PEM, help="The CA of Redis' certificate; default the system's.")
@click.option("--redis-tls-cert", envvar="IBGW_REDIS_TLS_CERT", type=PEM, help="Our own certificate.")
@click.option("--redis-tls-key", envvar="IBGW_REDIS_TLS_KEY", type=PEM, help="Its key.")
@click.option("--redis-tls-name", envvar="IBGW_REDIS_TLS_NAME", help="The name in Redis' certificate; default the host.")
@click.option("--name", "-n", envvar="TWS_GATEWAY_NAME", show_envvar=True, help="The gateway's name.")
@click.pass_context
def group(context: click.Context, name: str | None, **where: Any) -> None:
    """Look at a gateway, and trade through it, from anywhere that reaches its Redis.

    The password of Redis is taken from the variable REDIS_PSWD; it is no option, so that it stands in no list of processes.
    """
    context.obj = Way(_access(**where), name)


def _access(
    redis_host: str,
    redis_port: int,
    redis_user: str | None,
    redis_sentinel: tuple[Address, ...] | None,
    redis_master: str,
    redis_sentinel_user: str | None,
    redis_sentinel_password_file: str | None,
    redis_tls: bool,
    **tls: str | None,
) -> Access:
    """Raises UsageError for what makes no sense alone."""
    if bool(redis_sentinel) != bool(redis_master):
        raise click.UsageError("--redis-sentinel and --redis-master go together")
    if any(tls.values()) and not redis_tls:
        raise click.UsageError("what is said about TLS needs --redis-tls: without it nothing is encrypted")
    files = Tls(**{key.removeprefix("redis_tls_"): value for key, value in tls.items()}) if redis_tls else None
    password, sentinel = os.environ.get("REDIS_PSWD") or None, (redis_sentinel_user, redis_sentinel_password_file)
    return Access(redis_host, redis_port, redis_user, password, files, redis_sentinel or (), redis_master, *sentinel)


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command of the group: called with the link and `as_json` first; its trouble is one line and an exit status."""

    def made(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        @click.pass_obj
        def run(way: Way, /, as_json: bool, own_name: str | None, **options: Any) -> None:
            try:
                function(way.link(own_name), as_json, **options)
            except Trouble as trouble:
                end(str(trouble), trouble.status, as_json)
            except redis.RedisError as error:
                end(f"Redis: {error}", NO_REDIS, as_json)

        with_json = click.option("--json", "as_json", is_flag=True, help="JSON, one document a line.")(run)
        # People write it behind the command too.
        with_name = click.option("--name", "-n", "own_name", hidden=True)(with_json)
        return group.command(name, epilog=EPILOG)(with_name)

    return made


def end(words: str, status: int, as_json: bool) -> None:
    """One line, on the error output for people, and the exit status."""
    if as_json:
        tell({"error": words, "status": status})
    else:
        click.echo(f"ibgwctl: {safe(words, 1000)}", err=True)
    raise SystemExit(status)


def tell(document: Any) -> None:
    """One document of JSON on one line."""
    click.echo(text(document))


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = (), keep: Collection[str] = ()
) -> Table:
    """A table; its cells have been made safe and are no markup. `right`: headings of figures; `keep`: those never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for heading in headings:
        justify: Any = "right" if heading in right else "left"
        made.add_column(heading, justify=justify, no_wrap=heading in keep or heading in right, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    return made


def console() -> Console:
    """The terminal; a pipe gets wide lines without colours."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=200)

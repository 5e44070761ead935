"""The settings: one table, from flags and environment to a frozen Config. No I/O but the password file.

A flag beats the environment; an empty variable counts as not set. A bad value is a ConfigError, one line that names the flag
or the variable and the value. The password is never a flag (every user of the host can read a command line).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import attrs

from ibgw_tx.model.keys import NAME_PATTERN
from ibgw_tx.model.nearest import did_you_mean


class ConfigError(ValueError):
    """A setting that cannot be used, in one line."""


def _text(value: str) -> str:
    if not value.isprintable() or value != value.strip() or not value:
        raise ValueError("must be printable text")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 _ . -")
    return value


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"\d{1,12}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _seconds(value: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        raise ValueError("must be a number of seconds")
    return float(value)


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return value == "1"


def _positive(value: str) -> float:
    if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", value) or float(value) <= 0:
        raise ValueError("must be a number above 0")
    return float(value)


def _listen(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if bool(colon) != bool(bare) or (":" in bare) != (bare != host) or not re.fullmatch(r"[A-Za-z0-9_.:%-]*", bare):
        raise ValueError("must be PORT or HOST:PORT (an IPv6 host in [ ])")
    return bare or "127.0.0.1", _port(port)


def _words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    if not words or not value.isprintable():
        raise ValueError("must be names with commas between them")
    return words


def _exchanges(value: str) -> tuple[str, ...]:
    if ":" in value:
        raise ValueError("no exchange has a ':'")
    return tuple(word.upper() for word in _words(value))


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return value

    return parse


@attrs.frozen
class Setting:
    """One setting: its flag (without --), its variable, its default as text (None: none), how it is read, what it does.

    `bare`: the flag takes no value, it stands for 1.
    """

    flag: str
    env: str
    default: str | None
    parse: Callable[[str], Any]
    doc: str
    bare: bool = False

    @property
    def member(self) -> str:
        """The name of the Config member."""
        return self.flag.replace("-", "_")


_port = _integer(1, 65535)

SETTINGS = (
    Setting("name", "TWS_GATEWAY_NAME", None, _name, "name of this gateway in Redis; required"),
    Setting("tws-host", "TWS_API_ADDR", "127.0.0.1", _text, "host of TWS or IB Gateway"),
    Setting("tws-port", "TWS_API_PORT", "4002", _port, "its API port"),
    Setting("client-id", "TWS_API_CLIENTID", "0", _integer(0, 2**31 - 1), "API client id; only 0 sees manual orders"),
    Setting("redis-host", "REDIS_HOST", "127.0.0.1", _text, "host of Redis"),
    Setting("redis-port", "REDIS_PORT", "6379", _port, "its port"),
    Setting("redis-user", "IBGW_REDIS_USER", None, _text, "its ACL user; without it the password is the default user's"),
    Setting("redis-password-file", "REDIS_PSWD_FILE", None, _text, "file with the Redis password (or REDIS_PSWD)"),
    Setting("account", "IBGW_ACCOUNT", None, _text, "account of the plain balance key; default the first one"),
    Setting("max-command-age", "IBGW_MAX_COMMAND_AGE", "5", _seconds, "seconds; older commands are refused (0: never)"),
    Setting(
        "message-rate",
        "IBGW_MESSAGE_RATE",
        "45",
        _integer(5, 500),
        "messages a second to TWS; IB allows half the account's market-data lines",
    ),
    Setting(
        "max-server-version",
        "IBGW_MAX_SERVER_VERSION",
        None,
        _integer(145, 999),
        "highest server version to offer TWS; default the newest that the installed ibapi and this gateway speak",
    ),
    Setting(
        "market-data-type",
        "IBGW_MARKET_DATA_TYPE",
        "1",
        _integer(1, 4),
        "level 1: 1 live only, 3 delayed where live is not subscribed",
    ),
    Setting("exchanges", "IBGW_EXCHANGES", None, _exchanges, "exchanges whose OMS flag stands even without an order"),
    Setting("history-days", "IBGW_HISTORY_DAYS", "7", _positive, "days a dead order stays in the hashes"),
    Setting(
        "execution-days",
        "IBGW_EXECUTION_DAYS",
        "1",
        _integer(1, 7),
        "days of executions that a snapshot asks for, from server version 200 on (1: today's)",
    ),
    Setting("max-quantity", "IBGW_MAX_QUANTITY", None, _positive, "limit: quantity of one order"),
    Setting("max-notional", "IBGW_MAX_NOTIONAL", None, _positive, "limit: value of one order in its contract's currency"),
    Setting("max-orders-per-second", "IBGW_MAX_ORDERS_PER_SECOND", None, _integer(1, 1000), "limit: orders and changes"),
    Setting("max-open-orders", "IBGW_MAX_OPEN_ORDERS", None, _integer(1, 100000), "limit: living orders of the login"),
    Setting("price-collar", "IBGW_PRICE_COLLAR", None, _positive, "limit: percent a price may cross the last known book"),
    Setting("allowed-symbols", "IBGW_ALLOWED_SYMBOLS", None, _words, "limit: SYMBOL, pair or EXCHANGE:pair, with commas"),
    Setting("metrics", "IBGW_METRICS", None, _listen, "[HOST:]PORT of metrics and status page, read-only; loopback unless told"),
    Setting("record", "IBGW_RECORD", None, _text, "file that gets every frame of TWS, both ways"),
    Setting("record-accounts", "IBGW_RECORD_ACCOUNTS", "0", _switch, "1: leave account numbers unmasked in it"),
    Setting("events", "IBGW_EVENTS", "10000", _integer(0, 10_000_000), "entries that the stream of events keeps; 0: no stream"),
    Setting("standby", "IBGW_STANDBY", "0", _switch, "wait while another gateway has this name, then take over", bare=True),
    Setting(
        "summary-interval", "IBGW_SUMMARY_INTERVAL", "60", _integer(0, 86400), "seconds between two lines that sum up (0: none)"
    ),
    Setting("log-format", "IBGW_LOG_FORMAT", "text", _one_of("text", "json"), "text, or json: one object a line"),
    Setting("debug", "IBGW_DEBUG", "0", _switch, "1: write debug lines to the log"),
)


@attrs.frozen
class Config:
    """What a gateway runs with. `max_command_age` is in seconds."""

    name: str
    tws_host: str
    tws_port: int
    client_id: int
    redis_host: str
    redis_port: int
    redis_user: str | None
    redis_password: str | None = attrs.field(repr=False)
    account: str | None
    max_command_age: float
    message_rate: int
    max_server_version: int | None
    market_data_type: int
    exchanges: tuple[str, ...] | None
    history_days: float
    execution_days: int
    max_quantity: float | None
    max_notional: float | None
    max_orders_per_second: int | None
    max_open_orders: int | None
    price_collar: float | None
    allowed_symbols: tuple[str, ...] | None
    metrics: tuple[str, int] | None
    record: str | None
    record_accounts: bool
    events: int
    standby: bool
    summary_interval: int
    log_format: str
    debug: bool

    @property
    def tws_address(self) -> str:
        """host:port."""
        return f"{self.tws_host}:{self.tws_port}"

    @property
    def redis_address(self) -> str:
        """host:port."""
        return f"{self.redis_host}:{self.redis_port}"


def configure(flags: Mapping[str, str | None], env: Mapping[str, str]) -> Config:
    """Read every setting. `flags` maps flag names to their text ("1" for a bare one). Raises ConfigError."""
    _refuse_unknown(env)
    values = {setting.member: _value(setting, flags, env) for setting in SETTINGS}
    if values["name"] is None:
        raise ConfigError(
            "--name (or TWS_GATEWAY_NAME) is missing: the gateway's name in Redis, such as --name=demo; --help has every setting"
        )
    values["redis_password"] = _password(values.pop("redis_password_file"), env)
    if values["redis_user"] is not None and values["redis_password"] is None:
        raise ConfigError("--redis-user (IBGW_REDIS_USER) needs a password: REDIS_PSWD or --redis-password-file")
    return Config(**values)


def _refuse_unknown(env: Mapping[str, str]) -> None:
    """A limit that is not there must not look like one that is."""
    known = {setting.env for setting in SETTINGS}
    for variable in sorted(env):
        if variable.startswith("IBGW_") and variable not in known:
            raise ConfigError(f"{variable} is no setting{did_you_mean(variable, sorted(known))}")


def near_misses(env: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each `TWS_…` or `REDIS_…` variable that is a letter or two from one of ours, with that; others may use such names too."""
    known = {setting.env for setting in SETTINGS} | {"REDIS_PSWD"}
    found = []
    for variable in sorted(env):
        if variable.startswith(("TWS_", "REDIS_")) and variable not in known:
            near = get_close_matches(variable, sorted(known), n=1, cutoff=0.85)
            if near:
                found.append((variable, near[0]))
    return found


def _value(setting: Setting, flags: Mapping[str, str | None], env: Mapping[str, str]) -> Any:
    text, source = flags.get(setting.flag), f"--{setting.flag}"
    if text is None and env.get(setting.env):
        text, source = env[setting.env], setting.env
    if text is None:
        text = setting.default
    if text is None:
        return None
    try:
        return setting.parse(text)
    except ValueError as error:
        raise ConfigError(f"{source} {text!r}: {error}") from None


def _password(path: str | None, env: Mapping[str, str]) -> str | None:
    if path is None:
        return env.get("REDIS_PSWD") or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"--redis-password-file (REDIS_PSWD_FILE) {path!r}: {reason}") from None

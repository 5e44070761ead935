"""The settings: one table, from flags and environment to a frozen Config. No I/O but the password file.

A flag beats the environment; an empty variable counts as not set. A bad value is a ConfigError, one line that names the flag
or the variable and the value. The password is never a flag (every user of the host can read a command line).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import attrs

from ibgw_tx import setting_values as values
from ibgw_tx.model.nearest import did_you_mean
from ibgw_tx.model.redis_access import Access, Tls, addresses


class ConfigError(ValueError):
    """A setting that cannot be used, in one line."""


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


SETTINGS = (
    Setting("name", "TWS_GATEWAY_NAME", None, values.name, "name of this gateway in Redis; required"),
    Setting("tws-host", "TWS_API_ADDR", "127.0.0.1", values.host, "host of TWS or IB Gateway"),
    Setting("tws-port", "TWS_API_PORT", "4002", values.port, "its API port"),
    Setting("allow-remote", "IBGW_ALLOW_REMOTE", "0", values.switch, "TWS may be on another host: no warning", bare=True),
    Setting("client-id", "TWS_API_CLIENTID", "0", values.integer(0, 2**31 - 1), "API client id; only 0 sees manual orders"),
    Setting("redis-host", "REDIS_HOST", "127.0.0.1", values.host, "host of Redis"),
    Setting("redis-port", "REDIS_PORT", "6379", values.port, "its port"),
    Setting("redis-user", "IBGW_REDIS_USER", None, values.text, "its ACL user; without it the password is the default user's"),
    Setting("redis-password-file", "REDIS_PSWD_FILE", None, values.text, "file with the Redis password (or REDIS_PSWD)"),
    Setting(
        "redis-sentinel",
        "IBGW_REDIS_SENTINEL",
        None,
        addresses,
        "HOST:PORT,... of the sentinels that know where Redis is; with --redis-master, in place of host and port",
    ),
    Setting("redis-master", "IBGW_REDIS_MASTER", None, values.master, "how the sentinels call the master"),
    Setting("redis-sentinel-user", "IBGW_REDIS_SENTINEL_USER", None, values.text, "ACL user of the sentinels"),
    Setting(
        "redis-sentinel-password-file",
        "IBGW_REDIS_SENTINEL_PASSWORD_FILE",
        None,
        values.text,
        "file with the sentinels' password",
    ),
    Setting(
        "redis-tls", "IBGW_REDIS_TLS", "0", values.switch, "speak TLS with Redis, and its sentinels; never without", bare=True
    ),
    Setting(
        "redis-tls-ca", "IBGW_REDIS_TLS_CA", None, values.text, "file with the CA of Redis' certificate; default the system's"
    ),
    Setting(
        "redis-tls-cert", "IBGW_REDIS_TLS_CERT", None, values.text, "file with our own certificate, where Redis asks for one"
    ),
    Setting("redis-tls-key", "IBGW_REDIS_TLS_KEY", None, values.text, "file with its key; default the same file"),
    Setting("redis-tls-name", "IBGW_REDIS_TLS_NAME", None, values.host, "the name in Redis' certificate; default the host"),
    Setting("account", "IBGW_ACCOUNT", None, values.account, "account of the plain balance key; default the first one"),
    Setting("max-command-age", "IBGW_MAX_COMMAND_AGE", "5", values.seconds, "seconds; older commands are refused (0: never)"),
    Setting(
        "message-rate",
        "IBGW_MESSAGE_RATE",
        "45",
        values.integer(5, 500),
        "messages a second to TWS; IB allows half the account's market-data lines",
    ),
    Setting(
        "max-server-version",
        "IBGW_MAX_SERVER_VERSION",
        None,
        values.integer(145, 999),
        "highest server version to offer TWS; default the newest that the installed ibapi and this gateway speak",
    ),
    Setting(
        "market-data-type",
        "IBGW_MARKET_DATA_TYPE",
        "1",
        values.integer(1, 4),
        "level 1: 1 live only, 3 delayed where live is not subscribed",
    ),
    Setting("exchanges", "IBGW_EXCHANGES", None, values.exchanges, "exchanges whose OMS flag stands even without an order"),
    Setting("history-days", "IBGW_HISTORY_DAYS", "7", values.days, "days a dead order stays in the hashes"),
    Setting(
        "execution-days",
        "IBGW_EXECUTION_DAYS",
        "1",
        values.integer(1, 7),
        "days of executions that a snapshot asks for, from server version 200 on (1: today's)",
    ),
    Setting("max-quantity", "IBGW_MAX_QUANTITY", None, values.positive, "limit: quantity of one order"),
    Setting("max-notional", "IBGW_MAX_NOTIONAL", None, values.positive, "limit: value of one order in its contract's currency"),
    Setting("max-orders-per-second", "IBGW_MAX_ORDERS_PER_SECOND", None, values.integer(1, 1000), "limit: orders and changes"),
    Setting("max-open-orders", "IBGW_MAX_OPEN_ORDERS", None, values.integer(1, 100000), "limit: living orders of the login"),
    Setting("price-collar", "IBGW_PRICE_COLLAR", None, values.positive, "limit: percent a price may cross the last known book"),
    Setting("allowed-symbols", "IBGW_ALLOWED_SYMBOLS", None, values.symbols, "limit: SYMBOL, pair or EXCHANGE:pair, with commas"),
    Setting(
        "metrics", "IBGW_METRICS", None, values.listen, "[HOST:]PORT of metrics and status page, read-only; loopback unless told"
    ),
    Setting("metrics-hosts", "IBGW_METRICS_HOSTS", None, values.hosts, "further names under which browsers reach it; *: any"),
    Setting("record", "IBGW_RECORD", None, values.text, "file that gets every frame of TWS, both ways"),
    Setting("record-accounts", "IBGW_RECORD_ACCOUNTS", "0", values.switch, "1: leave account numbers unmasked in it"),
    Setting(
        "events", "IBGW_EVENTS", "100000", values.integer(0, 10_000_000), "entries that the stream of events keeps; 0: no stream"
    ),
    Setting("standby", "IBGW_STANDBY", "0", values.switch, "wait while another gateway has this name, then take over", bare=True),
    Setting(
        "summary-interval",
        "IBGW_SUMMARY_INTERVAL",
        "60",
        values.integer(0, 86400),
        "seconds between two lines that sum up (0: none)",
    ),
    Setting("log-format", "IBGW_LOG_FORMAT", "text", values.one_of("text", "json"), "text, or json: one object a line"),
    Setting("debug", "IBGW_DEBUG", "0", values.switch, "1: write debug lines to the log"),
)

_BY_FLAG = {setting.flag: setting for setting in SETTINGS}
#: A setting, another one that it makes no sense without, and the words for what is missing.
_TOGETHER = (
    ("redis-user", "redis-password", "a password: REDIS_PSWD or --redis-password-file"),
    ("redis-sentinel", "redis-master", "--redis-master: how the sentinels call it"),
    ("redis-master", "redis-sentinel", "--redis-sentinel: whom to ask for it"),
    ("redis-sentinel-user", "redis-sentinel-password", "--redis-sentinel-password-file"),
    *(
        (f"redis-tls-{each}", "redis-tls", "--redis-tls: without it nothing is encrypted")
        for each in ("ca", "cert", "key", "name")
    ),
    ("redis-tls-key", "redis-tls-cert", "--redis-tls-cert: the certificate whose key it is"),
)


@attrs.frozen
class Config:
    """What a gateway runs with. `max_command_age` is in seconds."""

    name: str
    tws_host: str
    tws_port: int
    allow_remote: bool
    client_id: int
    redis_host: str
    redis_port: int
    redis_user: str | None
    redis_password: str | None = attrs.field(repr=False)
    redis_sentinel: tuple[tuple[str, int], ...] | None
    redis_master: str | None
    redis_sentinel_user: str | None
    redis_sentinel_password: str | None = attrs.field(repr=False)
    redis_tls: bool
    redis_tls_ca: str | None
    redis_tls_cert: str | None
    redis_tls_key: str | None
    redis_tls_name: str | None
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
    metrics_hosts: tuple[str, ...] | None
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
    def redis_access(self) -> Access:
        """How Redis is reached."""
        files = self.redis_tls_ca, self.redis_tls_cert, self.redis_tls_key, self.redis_tls_name
        return Access(
            self.redis_host,
            self.redis_port,
            self.redis_user,
            self.redis_password,
            Tls(*files) if self.redis_tls else None,
            self.redis_sentinel or (),
            self.redis_master or "",
            self.redis_sentinel_user,
            self.redis_sentinel_password,
        )

    @property
    def redis_address(self) -> str:
        """host:port, or what the sentinels are asked for."""
        return self.redis_access.address


def configure(flags: Mapping[str, str | None], env: Mapping[str, str]) -> Config:
    """Read every setting. `flags` maps flag names to their text ("1" for a bare one). Raises ConfigError."""
    _refuse_unknown(env)
    found = {setting.member: _value(setting, flags, env) for setting in SETTINGS}
    if found["name"] is None:
        raise ConfigError(
            "--name (or TWS_GATEWAY_NAME) is missing: the gateway's name in Redis, such as --name=demo; --help has every setting"
        )
    path = found.pop("redis_password_file")
    found["redis_password"] = env.get("REDIS_PSWD") or None if path is None else _password("redis-password-file", path)
    path = found.pop("redis_sentinel_password_file")
    found["redis_sentinel_password"] = None if path is None else _password("redis-sentinel-password-file", path)
    for flag, needed, words in _TOGETHER:
        if found[_member(flag)] is not None and not found[_member(needed)]:
            raise ConfigError(f"--{flag} ({_BY_FLAG[flag].env}) needs {words}")
    return Config(**found)


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


def _password(flag: str, path: str) -> str:
    try:
        password = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"--{flag} ({_BY_FLAG[flag].env}) {path!r}: {reason}") from None
    if not password:
        raise ConfigError(f"--{flag} ({_BY_FLAG[flag].env}) {path!r}: there is no password in it")
    return password


def _member(flag: str) -> str:
    return flag.replace("-", "_")

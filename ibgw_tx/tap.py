"""The twistd plugin's options and its assembly, and the plain command `ibgateway`. It decides nothing."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.python import usage

import ibgw_tx.runtime.without_openssl  # noqa: F401 (before all that knows connections)
from ibgw_tx.config import SETTINGS, Config, ConfigError, configure, near_misses
from ibgw_tx.redis.shell.tls import NotTrusted, context
from ibgw_tx.runtime.clean_exit import CleanExit
from ibgw_tx.runtime.garbage import spare_the_lasting
from ibgw_tx.runtime.log import Logger, show_debug
from ibgw_tx.runtime.log_output import Logged, observer
from ibgw_tx.runtime.quick_reads import quicken
from ibgw_tx.runtime.supervisor import Supervisor
from ibgw_tx.runtime.version import version
from ibgw_tx.runtime.wall_clock import make_steady
from ibgw_tx.tws.api import installed
from ibgw_tx.tws.shell.recorder import open_private

log = Logger()


class Options(usage.Options):
    """The flags of `twistd ibgateway`; each has an environment variable too (the password only that, or a file)."""

    synopsis = "--name=NAME [options]"
    longdesc = "Holds one API connection to TWS or IB Gateway and puts everything on Redis."
    optParameters = [
        [setting.flag, None, None, f"{setting.doc} [{setting.env}{f', default {setting.default}' if setting.default else ''}]"]
        for setting in SETTINGS
        if not setting.bare
    ]
    optFlags = [[setting.flag, None, f"{setting.doc} [{setting.env}=1]"] for setting in SETTINGS if setting.bare]
    config: Config

    def getSynopsis(self) -> str:
        """As it was called: by its own name, or through twistd."""
        return f"Usage: ibgateway {self.synopsis}" if Path(sys.argv[0]).name == "ibgateway" else super().getSynopsis()

    def opt_version(self) -> None:
        """Show the version of ibgateway, not Twisted's, and exit"""
        print(f"ibgateway {version()}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """One line for what is wrong and exit status 1; twistd itself would print its whole help above it."""
        try:
            self._refuse_abbreviations(options or ())
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"ibgateway: {error}") from None

    def _refuse_abbreviations(self, options: Sequence[str]) -> None:
        # getopt would take --redis-password=SECRET for --redis-password-file and the complaint would show the secret.
        known = {option.rstrip("=") for option in self.longOpt}
        for option in options:
            flag = option.partition("=")[0]
            if flag.startswith("--") and flag[2:] and flag[2:] not in known:
                raise usage.UsageError(f"option {flag} not recognized")

    def postOptions(self) -> None:
        try:
            bare = {setting.flag: "1" if self[setting.flag] else None for setting in SETTINGS if setting.bare}
            self.config = configure({**self, **bare}, os.environ)
        except ConfigError as error:
            raise usage.UsageError(str(error)) from None


def _check_ibapi() -> None:
    """Before anything imports it: an ibapi that cannot be used is one line, no traceback."""
    trouble = installed.trouble()
    if trouble is not None:
        raise SystemExit(f"ibgateway: {trouble}")


def _check_record(config: Config) -> None:
    """A recording that is not possible ends the start, not the gateway when its lease is taken."""
    if config.record is not None:
        try:
            open_private(config.record).close()
        except OSError as error:
            raise SystemExit(f"ibgateway: --record {config.record!r}: {error.strerror}") from None


def _check_tls(config: Config) -> None:
    """Files that cannot be used end the start; later ones are read anew for each connection."""
    tls = config.redis_access.tls
    if tls is not None:
        try:
            context(tls)
        except NotTrusted as error:
            raise SystemExit(f"ibgateway: {error}") from None


def makeService(options: Options, reactor: Any = None) -> IService:
    """The service tree of one process: a gateway while the lease of its name is held."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: PLC0415 (the only place that chooses a reactor)

        make_steady(reactor)
        quicken(reactor)
    show_debug(options.config.debug)
    for variable, near in near_misses(os.environ):
        log.warn("{variable} in the environment is no setting; did you mean {near}?", variable=variable, near=near)
    _check_ibapi()
    _check_record(options.config)
    _check_tls(options.config)
    from ibgw_tx.tenure import make_tenure  # noqa: PLC0415 (it imports ibapi, which has been looked at only now)

    exit = CleanExit(reactor)
    tenure = make_tenure(options.config, reactor, exit.fail, Supervisor(os.environ.get("NOTIFY_SOCKET")))
    if options.config.metrics is not None:
        _sight(tenure, *options.config.metrics, options.config.metrics_hosts or (), reactor).setServiceParent(tenure)
    exit.setServiceParent(tenure)
    if options.parent is not None:
        # Under twistd; a test's process is not the gateway's.
        spare_the_lasting()
    return _logged(tenure, options)  # type: ignore[return-value]


def _sight(tenure: Any, host: str, port: int, names: Sequence[str], reactor: Any) -> MultiService:
    from ibgw_tx.facts import Facts  # noqa: PLC0415 (as tenure)
    from ibgw_tx.sight.hosts import Hosts  # noqa: PLC0415
    from ibgw_tx.sight.shell.service import SightService, bind  # noqa: PLC0415

    try:
        bound = bind(host, port)
    except OSError as error:
        raise SystemExit(f"ibgateway: --metrics (IBGW_METRICS) {host}:{port}: {error.strerror}") from None
    facts = lambda: None if tenure.gateway is None else Facts.of(tenure.gateway)  # noqa: E731
    return SightService(bound, facts, Hosts(host, platform.node(), names), reactor)


def _logged(service: MultiService, options: Options) -> MultiService:
    """Under twistd: with the lines of its log as the settings want them."""
    if options.parent is None:
        return service
    config = options.config
    top = Logged(observer(options.parent, config.log_format, config.name, os.environ))
    service.setServiceParent(top)
    return top


def main() -> None:
    """The command `ibgateway`: what `twistd -n --pidfile= ibgateway` is, with the same flags and exit statuses."""
    from twisted.scripts.twistd import run  # noqa: PLC0415 (nobody else needs it)

    sys.argv[1:] = ["--nodaemon", "--pidfile=", "ibgateway", *sys.argv[1:]]
    run()

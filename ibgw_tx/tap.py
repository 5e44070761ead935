"""The twistd plugin's options and its assembly. It decides nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from twisted.application.service import IService
from twisted.python import usage

from ibgw_tx.config import SETTINGS, Config, ConfigError, configure, near_misses
from ibgw_tx.gateway import Gateway
from ibgw_tx.runtime.clean_exit import CleanExit
from ibgw_tx.runtime.log import Logger, show_debug
from ibgw_tx.runtime.version import version
from ibgw_tx.runtime.wall_clock import make_steady

log = Logger()


class Options(usage.Options):
    """The flags of `twistd ibgateway`; each has an environment variable too (the password only that, or a file)."""

    synopsis = "--name=NAME [options]"
    longdesc = "Holds one API connection to TWS or IB Gateway and puts everything on Redis."
    optParameters = [
        [setting.flag, None, None, f"{setting.doc} [{setting.env}{f', default {setting.default}' if setting.default else ''}]"]
        for setting in SETTINGS
    ]
    config: Config

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
            self.config = configure(self, os.environ)
        except ConfigError as error:
            raise usage.UsageError(str(error)) from None


def makeService(options: Options, reactor: Any = None) -> IService:
    """The service tree of one gateway."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: PLC0415 (the only place that chooses a reactor)

        make_steady(reactor)
    show_debug(options.config.debug)
    for line in near_misses(os.environ):
        log.warn("{line}", line=line)
    try:
        gateway = Gateway(options.config, reactor, time.time)
    except OSError as error:
        raise SystemExit(f"ibgateway: --record {options.config.record!r}: {error.strerror}") from None
    CleanExit(reactor).setServiceParent(gateway)
    return gateway  # type: ignore[return-value]

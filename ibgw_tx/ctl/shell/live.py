"""Pictures that are drawn again and again, and listening, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from ibgw_tx.ctl.shell.link import Link
from ibgw_tx.ctl.shell.options import console

PERIOD = 1.0  # seconds between two pictures
FOR = click.option("--for", "seconds", type=float, help="End after so many seconds; else Ctrl-C ends it.")
ONCE = click.option("--once", is_flag=True, help="One picture, then end.")


def moving(picture: Callable[[Console], Any], once: bool) -> None:
    """Draw `picture(screen)` again and again; where the output is no terminal, once."""
    screen = console()
    if once or not screen.is_terminal:
        screen.print(picture(screen))
        return
    try:
        with Live(picture(screen), console=screen, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(PERIOD)
                live.update(picture(screen), refresh=True)
    except KeyboardInterrupt:
        return


def follow(link: Link, channels: list[str], heard: Callable[[str, str], bool], seconds: float | None) -> None:
    """Hear until Ctrl-C or the time is over."""
    try:
        link.listen(channels, heard, seconds)
    except KeyboardInterrupt:
        return

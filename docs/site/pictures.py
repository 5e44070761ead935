"""The pictures of docs/ibgwctl.md, drawn anew: `python docs/site/pictures.py` beside a gateway (TWS_GATEWAY_NAME, REDIS_PORT)
that has the book of SEHK HKD-1137 subscribed. Rich's own SVG fetches a font from elsewhere; that is taken out."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI

from ibgw_tx.ctl.chart import chart
from ibgw_tx.ctl.shell.asking import ROWS, contract_named, drawn
from ibgw_tx.ctl.shell.books import ladder
from ibgw_tx.ctl.shell.link import connect
from ibgw_tx.ctl.shell.screens import Top

IMAGES = Path(__file__).resolve().parents[1] / "images"
BOOK = "SEHK", "HKD-1137"


def keep(name: str, width: int, height: int, title: str, made: Any) -> None:
    """Draw what `made(screen)` gives on a screen of that size and keep it as SVG."""
    screen = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True, highlight=False)
    screen.print(made(screen), no_wrap=True if name.startswith("history") else None)
    theme = MONOKAI if width < 100 else DEFAULT_TERMINAL_THEME
    text = screen.export_svg(title=title, theme=theme, unique_id=name)
    (IMAGES / f"{name}.svg").write_text(re.sub(r"@font-face \{.*?\}\s*", "", text, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    """Each screen at 80 and at 120 columns."""
    link = connect("127.0.0.1", int(os.environ["REDIS_PORT"]), None, None, os.environ["TWS_GATEWAY_NAME"])
    asked = {"contract": contract_named(link, *BOOK), "duration": "1 W", "barSize": "1 hour", "whatToShow": "TRADES"}
    bars = link.command("FIND_HISTORY", asked, 60.0, result=True)["bars"]
    for width in (80, 120):
        keep(f"ibgwctl-top-{width}", width, 40, "ibgwctl top", Top(link).picture)
        keep(f"ibgwctl-book-{width}", width, 30, "ibgwctl book SEHK HKD-1137", lambda _: ladder(link, *BOOK))
        made = chart(bars, width - 16, ROWS)
        assert made is not None
        title = f"SEHK HKD-1137, {len(bars)} bars of 1 hour, TRADES"
        told = drawn(title, bars, made)
        typed = "ibgwctl history SEHK HKD-1137 --duration '1 W' --bar-size '1 hour'"
        keep(f"ibgwctl-history-{width}", width, 24, typed, lambda _, told=told: told)


if __name__ == "__main__":
    main()

"""docs/ibgwctl.md: it names every command and option, and what it types is typed here; the words of its samples come again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from ibgw_tx.ctl.shell.program import group
from tests.kit.operator import NAME, Operator

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ibgwctl.md").read_text(encoding="utf-8")
#: What chance decides: sides of trades, states that an order passes through.
CHANCE = {"buy", "sell", "submitted", "presubmitted", "pendingsubmit", "filled", "done", "min"}
#: Samples that end otherwise than with 0.
ENDS = {"ibgwctl order no-such --json": 1}


def samples() -> list[tuple[str, list[str]]]:
    """(what is typed, the lines that came), in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, *came = part.splitlines()
            found.append((typed, came))
    return found


def words(line: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Za-z]{3,}", line)} - CHANCE


def test_every_command_and_its_options_are_on_the_page_or_in_its_help() -> None:
    for name, each in group.commands.items():
        assert re.search(rf"`{name}`|ibgwctl {name}\b", PAGE), name
        assert each.help, name
        for option in each.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, f"{name} {option.opts}"
    for status in range(5):
        assert f"| {status} | " in PAGE


def test_what_the_page_types_does_what_it_shows(operator: Operator) -> None:
    typed_here = 0
    for typed, came in samples():
        if came[-1:] == ["Do it? [y/N]:"] or typed.startswith("ibgwctl watch"):
            continue
        typed_here += 1
        status, said = operator.run(*shlex.split(typed)[1:])
        assert status == ENDS.get(typed, 0), f"{typed}\n{said}"
        shown = words((came or [""])[0].replace("demo", NAME))
        assert shown <= words(said), f"{typed}: {sorted(shown - words(said))} did not come\n{said}"
    assert typed_here > 20


def test_what_the_page_shows_of_watch_is_what_it_shows(operator: Operator) -> None:
    (lines,) = [came for typed, came in samples() if typed.startswith("ibgwctl watch")]
    assert {line.split()[1] for line in lines} == {"done", "refused", "order", "error"}
    assert all(re.match(r"\d\d:\d\d:\d\d  \w+ +\S", line) for line in lines)
    refusal = next(line for line in lines if " refused " in line)
    assert operator.run("halt", "checking a fill", "--yes")[0] == 0
    said = operator.run("place", "buy", "1", "SEHK", "HKD-1137", "--limit", "9", "--yes")[1]
    assert operator.run("resume", "--yes")[0] == 0
    assert refusal.split("limit: ")[1] in said


def test_the_pictures_fetch_nothing() -> None:
    shown = re.findall(r"\]\((images/[\w-]+\.svg)\)", PAGE)
    assert len(shown) == 4
    for image in shown:
        text = (ROOT / "docs" / image).read_text(encoding="utf-8")
        assert "@font-face" not in text and "url(http" not in text and "href" not in text

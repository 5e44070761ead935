"""The pages of docs/ hang together: the nav has them all, links and anchors resolve, settings, tests and log lines are real.

`make docs` builds the site strictly in CI; what is here needs nothing but the tree, so that a page that drifts is seen at once.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ibgw_tx.config import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINKED = [*PAGES, *sorted(ROOT.glob("*.md")), ROOT / "examples" / "README.md", ROOT / "ibgw_tx" / "sim" / "README.md"]
PACKAGE = ROOT / "ibgw_tx"
#: Flags of other programs that stand alone in a text; ibgwctl's and ibsim's are looked for in their sources.
OTHERS_FLAGS = {"logfile", "syslog", "help", "version"}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def included(page: str) -> str:
    """The page with the files it includes, as the site shows it."""

    def content(found: re.Match[str]) -> str:
        return text(ROOT / found[1].split(":")[0])

    return re.sub(r'^ *--8<-- "([^"]+)"$', content, page, flags=re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor of a heading, as mkdocs makes it."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"`", "", heading)).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def anchors(path: Path) -> set[str]:
    page = re.sub(r"^```.*?^```$", "", included(text(path)), flags=re.MULTILINE | re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}


def nav(part: Any) -> list[str]:
    """The files of mkdocs.yml's nav."""
    if isinstance(part, str):
        return [part]
    return [file for each in (part if isinstance(part, list) else part.values()) for file in nav(each)]


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        if re.match(r"https?:|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        to = path.parent / file if file else path
        assert to.exists(), target
        assert not anchor or anchor in anchors(to), f"{target}: no such heading; there are {sorted(anchors(to))}"


def test_every_page_is_in_the_nav_and_what_is_in_it_is_there() -> None:
    document = yaml.safe_load(text(ROOT / "mkdocs.yml"))
    assert sorted(nav(document["nav"])) == [path.name for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_a_page_includes_is_there(path: Path) -> None:
    for target in re.findall(r'--8<-- "([^":]+)', text(path)):
        assert (ROOT / target).is_file(), target


def test_the_bots_are_shown_as_they_are() -> None:
    shown = set(re.findall(r'--8<-- "(examples/[^":]+)"', text(DOCS / "bots.md")))
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("examples/bot*")} <= shown


def variables(page: str) -> set[str]:
    """The settings that a page names, by their variable."""
    return set(re.findall(r"\b(?:IBGW_[A-Z_]*[A-Z]|TWS_(?:API|GATEWAY)_[A-Z]+|REDIS_(?:HOST|PORT|PSWD|PSWD_FILE))\b", page))


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda path: path.name)
def test_every_setting_that_a_page_names_is_one(path: Path) -> None:
    assert variables(text(path)) <= {setting.env for setting in SETTINGS} | {"REDIS_PSWD"}


def test_every_setting_is_on_the_page_of_settings() -> None:
    page = included(text(DOCS / "settings.md"))
    for setting in SETTINGS:
        assert re.search(rf"^#?{setting.env}=", page, re.MULTILINE), setting.env


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda path: path.name)
def test_every_flag_that_a_page_names_is_one_of_a_program(path: Path) -> None:
    sources = " ".join(text(source) for folder in ("ctl", "sim") for source in (PACKAGE / folder).rglob("*.py"))
    known = {setting.flag for setting in SETTINGS} | OTHERS_FLAGS
    for flag in set(re.findall(r"(?<=`)--([a-z][a-z-]+[a-z])\b", text(path))):
        assert flag in known or re.search(rf'"(--)?{flag}[="]', sources), f"--{flag} is a flag of nothing that is known"


def test_every_fault_names_a_test_that_is_there() -> None:
    files: dict[str, str] = {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        files[file.name] = files.get(file.name, "") + text(file)
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", text(DOCS / "faults.md"))
    assert len(named) > 25
    for file, function in named:
        assert f"def {function}(" in files[file], f"{file}::{function}"


@pytest.mark.parametrize("page", ["troubleshooting.md", "tws-settings.md"])
def test_every_log_line_that_is_quoted_is_one_of_the_log(page: str) -> None:
    """The tables of operations.md are held to the code; these pages are held to them."""
    known = re.findall(r"`([^`\n]+)`", text(DOCS / "operations.md"))
    quoted = [line for line in re.findall(r"`([^`\n]+)`", text(DOCS / page)) if "…" in line and " … " in f" {line} "]
    own = [line for line in quoted if not line.startswith(("ibgateway: ", "status of ", "URANUS"))]
    assert len(own) > 3
    for line in own:
        shape = re.sub(r"\d+(\.\d+){3}:\d+|no answer", "…", line)
        assert any(shape == other or _fits(other, line) for other in known), line


def _fits(pattern: str, line: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, pattern.split("…"))), line) is not None


def test_a_page_that_would_load_something_from_elsewhere_is_refused() -> None:
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "site" / "hooks.py")
    assert spec and spec.loader
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    for bad in (
        '<script src="https://cdn.example/x.js"></script>',
        "<link rel=stylesheet href=//fonts.example/css>",
        '<img alt="a" src="http://example/a.png">',
    ):
        assert hooks.fetched_from_elsewhere(f"<p>{bad}</p>"), bad
    for good in ('<a href="https://example/">x</a>', '<script src="assets/x.js"></script>', '<link href="site/site.css">'):
        assert not hooks.fetched_from_elsewhere(good), good

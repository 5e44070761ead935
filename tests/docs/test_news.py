"""NEWS.md is a changelog: versions with dates, newest first, and the package's version is the next one or the newest."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEWS = (ROOT / "NEWS.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.*)$", NEWS, re.MULTILINE)


def released() -> list[tuple[tuple[int, ...], datetime.date]]:
    found = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)", each) for each in HEADINGS if each != "Unreleased"]
    assert all(found), HEADINGS
    return [(tuple(int(each[n]) for n in (1, 2, 3)), datetime.date.fromisoformat(each[4])) for each in found if each]


def test_versions_have_dates_and_stand_newest_first() -> None:
    assert len(released()) >= 2
    assert released() == sorted(released(), reverse=True)
    assert "Unreleased" not in HEADINGS[1:]


def test_the_packages_version_is_the_one_that_news_tells_of() -> None:
    (text,) = re.findall(r'version="([\d.]+)"', (ROOT / "setup.py").read_text(encoding="utf-8"))
    version = tuple(map(int, text.split(".")))
    newest = released()[0][0]
    assert version > newest if HEADINGS[0] == "Unreleased" else version == newest
    assert HEADINGS[0] != "Unreleased" or f"will\nbe {text}" in NEWS


def test_every_version_has_its_lines() -> None:
    for part in re.split(r"^## .*$", NEWS, flags=re.MULTILINE)[1:]:
        assert re.search(r"^- .{20}", part, re.MULTILINE)


def test_the_debian_package_has_the_same_version() -> None:
    changelog = (ROOT / "debian" / "changelog").read_text(encoding="utf-8")
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert re.findall(r"^ibgateway \(([\d.]+)", changelog, re.MULTILINE)[0] == re.findall(r'version="([\d.]+)"', text)[0]

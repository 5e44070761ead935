"""The hashes of ibapi's files in docs/hashes are those of the installed package."""

from __future__ import annotations

import hashlib
import re
from importlib import metadata
from pathlib import Path

import ibapi
import pytest

DOCS = Path(__file__).parents[2] / "docs"
KNOWN = {each.stem: each for each in (DOCS / "hashes").glob("*.sha256")}


def _installed() -> str:
    for name in ("ibapi-stable", "ibapi"):
        try:
            return f"{name}-{metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return "another one"


def _hashes() -> dict[str, str]:
    folder = Path(ibapi.__file__).parent
    return {f"./{path.relative_to(folder)}": hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.py")}


def test_each_file_is_as_the_document_says() -> None:
    known = KNOWN.get(_installed())
    if known is None:
        pytest.skip(f"docs/hashes has no {_installed()}")
    told = dict(reversed(line.split("  ")) for line in known.read_text().splitlines())
    assert told == _hashes()


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_the_hash_of_all_is_that_of_the_list(name: str) -> None:
    package, _, version = name.rpartition("-")
    row = re.search(rf"`{package}` {re.escape(version)} \| `(\w{{64}})`", (DOCS / "ibapi.md").read_text())
    assert row is not None and row[1] == hashlib.sha256(KNOWN[name].read_bytes()).hexdigest()

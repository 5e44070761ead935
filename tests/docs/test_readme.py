"""README.md is a stranger's page: what it types works, and what leads on stands on its first screen."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ibgw_tx.config import configure
from tests.docs.test_interface import Terminal, terminal

__all__ = ["terminal"]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = "\n".join(README.splitlines()[:40])
#: What is typed: indented lines, without their comment.
TYPED = [re.split(r"\s{2,}#", line.strip())[0] for line in README.splitlines() if re.match(r" {4,}\S", line)]


def test_the_first_screen_leads_on() -> None:
    assert "make demo" in FIRST_SCREEN and "make test" in FIRST_SCREEN
    for page in ("docs/troubleshooting.md", "docs/tws-settings.md"):
        assert f"({page})" in FIRST_SCREEN, page
    assert re.search(r"!\[[^\]]+\]\(docs/images/[\w-]+\.svg\)", FIRST_SCREEN)


def test_what_make_is_asked_for_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    asked = {word for line in TYPED for word in re.findall(r"\bmake (\w+)", line)}
    assert {"demo", "test"} <= asked
    for target in asked | set(re.findall(r"`make (\w+)`", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_settings_that_are_exported_are_taken() -> None:
    (line,) = [line for line in TYPED if line.startswith("export ")]
    env = dict(word.split("=", 1) for word in line.split()[1:])
    config = configure({"name": "demo"}, env)
    assert (config.tws_address, config.redis_address, config.client_id) == ("127.0.0.1:4002", "127.0.0.1:6379", 0)


def test_what_redis_is_asked_answers(terminal: Terminal) -> None:
    asked = [line.removesuffix(" &") for line in TYPED if line.startswith("redis-cli ")]
    assert len(asked) == 4
    said = {}
    for line in asked:
        # A subscription is heard for some seconds; a book takes a moment to come.
        command = line.replace("redis-cli", 'redis-cli -p "$REDIS_PORT"')
        command = f"timeout 5 {command}" if " SUBSCRIBE " in line else command
        done = subprocess.run(["sh", "-c", command], env=terminal.env, capture_output=True, text=True, timeout=20, check=False)
        said[line.split()[1], line.split()[2].rpartition(":")[2]] = done.stdout
    assert said["GET", "status"].startswith("[true,")
    assert '"type":"heartbeat"' in said["SUBSCRIBE", "ACK"].replace('\\"', '"')
    assert said["PUBLISH", "CMD"].strip() == "1"
    assert "[[" in said["SUBSCRIBE", "full_odbk_channel"]

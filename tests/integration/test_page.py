"""The status page in a browser without a window: what a person sees, on a desk and on a phone, light and dark."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

from .test_process import start, wait_for
from .test_sight import site  # noqa: F401

CHROMIUM = shutil.which("chromium")
#: Width and height of the window, and its colours.
DESK, PHONE = (1280, 900, "light"), (390, 844, "dark")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield found
        finally:
            found.close()


def trade(client: Any) -> None:
    """A book, an order that lives, and a command that is refused."""
    order = {"T": "buy", "s": 100, "p": 100, "client_oid": "page-1"}

    def seen(key: str, member: str | None, cmd: str, **words: Any) -> bool:
        """Asked again until it is there: orders are taken a little after the status is true."""
        if client.hget(key, member) if member else client.get(key):
            return True
        client.publish("IBGateway:sight:CMD", json.dumps({"id": cmd, "cmd": cmd, **words}))
        time.sleep(0.5)
        return False

    wait_for(lambda: seen("URANUS:SEHK:HKD-1137:orderbook", None, "SUB_ODBK", exchange="SEHK", showName="HKD-1137"))
    contract = {"conId": 265598, "exchange": "SMART"}
    wait_for(lambda: seen("URANUS:NASDAQ:sight:O:USD-AAPL", "page-1", "PLACE_ORDER", contract=contract, order=order))
    client.publish("IBGateway:sight:CMD", json.dumps({"id": 1, "cmd": "CANCEL_ORDER", "client_oid": "never-placed"}))


def opened(browser: Browser, url: str, width: int, height: int, colours: Any) -> tuple[Page, list[str], set[str]]:
    """The page, what its console said against it, and the hosts it asked."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=colours)
    errors: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc) if request.url.startswith("http") else None)
    page.goto(url)
    # Selectors, no functions: what the page forbids (eval) is forbidden here too.
    page.wait_for_selector("#verdict.good", timeout=15_000)
    page.wait_for_selector(".ladder td.p-bid:not(:empty)", timeout=15_000)
    page.wait_for_selector("#orders tbody tr", timeout=15_000)
    return page, errors, hosts


def shade(page: Page) -> int:
    """How light the page's ground is, 0 to 765."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])


def test_what_is_seen_on_desk_and_phone(browser: Browser, site: str, client: Any) -> None:  # noqa: F811
    trade(client)
    shades = []
    for width, height, colours in (DESK, PHONE):
        page, errors, hosts = opened(browser, site, width, height, colours)
        assert (page.inner_text("#name"), page.inner_text("#verdict").lower()) == ("sight", "status true")
        assert "HKD-1137" in page.inner_text("#books")
        assert "page-1" in page.inner_text("#orders")
        page.wait_for_selector("#acks td:has-text('CANCEL_ORDER')", timeout=5_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert errors == []
        assert hosts == {urlsplit(site).netloc}
        shades.append(shade(page))
        keep(page, f"status-page-{'desk' if width > 400 else 'phone'}-{colours}.png")
        page.close()
    assert shades[0] > 600 and shades[1] < 200


def keep(page: Page, name: str) -> None:
    """A picture, where IBGW_PICTURES names a directory for them."""
    if "IBGW_PICTURES" in os.environ:
        page.screenshot(path=Path(os.environ["IBGW_PICTURES"]) / name, full_page=True)


@pytest.mark.usefixtures("site")
def test_a_gateway_that_stands_by_says_so(browser: Browser, redis_server: EmbeddedRedis) -> None:
    port = str(free_port())
    second = start("ibgateway", "--name=sight", "--standby", f"--redis-port={redis_server.port}", f"--metrics={port}")
    try:
        page = browser.new_page()
        wait_for(lambda: answers(page, f"http://127.0.0.1:{port}"))
        page.wait_for_selector("#verdict:has-text('stands by')", timeout=15_000)
        assert "the lease of its name is not held" in page.inner_text("#reasons")
    finally:
        second.kill()
        second.communicate()


def answers(page: Page, url: str) -> bool:
    """Whether somebody listens there; the page is open then."""
    try:
        return page.goto(url) is not None
    except Error:
        return False

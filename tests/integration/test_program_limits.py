"""The installed gateway over ibsim: limits look at the market and at the whole order, not only at its own figures."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.kit.program import Program, wait_for

from .test_program_orders import AAPL, COMBO

BOOK = "URANUS:NASDAQ:USD-AAPL:orderbook"
VALUE, COLLAR, ALLOWED = "--max-notional=10000", "--price-collar=5", "--allowed-symbols=AAPL"


def with_a_book(program: Program, *flags: str) -> Program:
    program.run("--exchanges=NASDAQ,SMART", *flags).trading("NASDAQ")
    assert program.send("SUB_ODBK", contract=AAPL)["ok"]
    wait_for(lambda: (program.json(BOOK) or [[]])[0], say="a book")
    return program


@pytest.mark.parametrize(
    ("flag", "contract", "order"),
    [
        (VALUE, AAPL, {"T": "sell", "s": 1_000_000, "p": 0.01}),
        (VALUE, AAPL, {"T": "buy", "s": 20_000, "orderType": "STP", "aux": 0.5}),
        (VALUE, AAPL, {"T": "buy", "s": 20_000, "orderType": "LIT", "p": 0.4, "aux": 0.4}),
        (VALUE, AAPL, {"T": "buy", "orderType": "MKT", "cashQty": 1_000_000}),
        (VALUE, COMBO, {"T": "buy", "s": 1000, "p": 0.01}),
        (COLLAR, AAPL, {"T": "buy", "s": 1, "orderType": "LIT", "p": 1000, "aux": 1000}),
        (ALLOWED, COMBO, {"T": "buy", "s": 1, "p": 0.01}),
    ],
)
def test_an_order_beyond_a_limit_is_refused(
    outside: Program, flag: str, contract: dict[str, Any], order: dict[str, Any]
) -> None:
    ack = with_a_book(outside, flag).send("PLACE_ORDER", contract=contract, order={"client_oid": "far", **order})
    assert (ack["ok"], ack.get("code")) == (False, "limit"), ack
    time.sleep(1)
    assert not [key for key in outside.client.keys("URANUS:*:O:*") if outside.client.hexists(key, "far")]


def test_a_preview_takes_no_place_among_the_open_orders(outside: Program) -> None:
    program = with_a_book(outside, "--max-open-orders=1")
    assert program.send("PLACE_ORDER", contract=AAPL, order={"T": "buy", "s": 1, "p": 100})["ok"]
    order = {"T": "buy", "s": 1, "p": 100}
    assert program.send("PLACE_ORDER", contract=AAPL, order={**order, "whatIf": True})["ok"]
    assert program.send("PLACE_ORDER", contract=AAPL, order=order)["code"] == "limit"

"""The installed gateway and the accounts of a TWS that is slow, interrupts itself, or answers half."""

from __future__ import annotations

import threading
import time
from typing import Any

import attrs
import pytest

from ibgw_tx.model.contract import Contract
from tests.kit.contracts import AAPL, BRR5
from tests.kit.gateway import portfolio_row
from tests.kit.program import Program, wait_for
from tests.kit.tws_server import ACCOUNT, CONTRACT, POSITIONS_MULTI, VALUES_MULTI, TWSServer

APPLE, BRR = "NASDAQ:STK:USD-AAPL", "CMECRYPTO:FUT:USD-BRR@20210625@5"
OPTION = Contract(
    conId=711, symbol="SPX", secType="OPT", exchange="CBOE", currency="USD", lastTradeDateOrContractMonth="20260618",
    strike=5000.0, right="C", multiplier="100", tradingClass="SPX",
)  # fmt: skip
FUTURE = attrs.evolve(BRR5, conId=811, symbol="VX", exchange="CFE", tradingClass="VX")


def subscriptions(tws: TWSServer) -> list[list[str]]:
    return [request for request in tws.asked(ACCOUNT) if request[2] == "1"]


@pytest.mark.parametrize("again", ["RESET", "1102", "the download's limit"])
def test_a_balance_holds_one_download_from_its_beginning_to_its_end(program: Program, tws: TWSServer, again: str) -> None:
    tws.contracts = [AAPL, BRR5]
    rows = [portfolio_row(AAPL), portfolio_row(BRR5)]
    tws.positions = [AAPL, BRR5]
    seen: list[Any] = []

    def interrupted(request: list[str]) -> None:
        """The first download stops in its middle; its tail comes with its end, the next one later and whole."""
        if request[2] == "1" and len(subscriptions(tws)) == 1:
            tws.say(6, 2, "CashBalance", "500", "USD", "DU1")
            tws.say(*rows[0])
            return
        if request[2] == "0" and len(subscriptions(tws)) == 1:
            tws.say(6, 2, "CashBalance", "7", "EUR", "DU1")
            tws.say(*rows[1])
            tws.say(54, 1, "DU1")
        if request[2] == "1":
            threading.Timer(1.5, tws.download).start()

    tws.on[ACCOUNT] = interrupted
    program.start()
    tws.wait(ACCOUNT)
    time.sleep(1)
    if again == "RESET":
        assert program.send("RESET")["ok"]
    elif again == "1102":
        tws.notice(1100)
        tws.notice(1102)

    def both() -> bool:
        if program.status:
            seen.append(set(program.balance))
        return program.status and {"USD", APPLE, BRR} <= set(program.balance or ())

    wait_for(both, 50)
    assert all({"USD", APPLE, BRR} <= told for told in seen), seen


@pytest.mark.parametrize("code", [2100, 2101])
def test_account_data_that_tws_ends_is_asked_for_again_and_not_vouched_for_when_it_ends_again(
    program: Program, tws: TWSServer, code: int
) -> None:
    program.run()
    before = len(subscriptions(tws))
    tws.notice(code, "API client has been unsubscribed from account data.")
    wait_for(lambda: len(subscriptions(tws)) > before, say="asked again")
    wait_for(lambda: program.status)
    tws.notice(code, "API client has been unsubscribed from account data.")
    wait_for(lambda: not program.status, say="status false")
    assert any(str(code) in line and "DU1" in line for line in program.lines())


@pytest.mark.parametrize("twin", [OPTION, FUTURE])
def test_two_positions_of_one_name_are_both_in_the_balance(program: Program, tws: TWSServer, twin: Contract) -> None:
    other = attrs.evolve(twin, conId=twin.conId + 1, tradingClass=twin.tradingClass + "W")
    tws.contracts = tws.positions = [twin, other]
    program.run()
    told = [entry for entry in program.balance.values() if entry["type"] == "position"]
    assert sorted(entry["contract"]["conId"] for entry in told) == [twin.conId, other.conId], program.balance


def test_a_contract_without_an_answer_holds_no_balance_back(program: Program, tws: TWSServer) -> None:
    tws.contracts = tws.positions = [AAPL, BRR5]
    tws.on[CONTRACT] = lambda request: None if request[3] == str(BRR5.conId) else tws.answer(request)
    program.start()
    begun = time.monotonic()
    wait_for(lambda: program.status and APPLE in program.balance, 30)
    assert time.monotonic() - begun < 25
    assert any(entry.get("contract", {}).get("conId") == BRR5.conId for entry in program.balance.values()), "left out"
    tws.say(6, 2, "CashBalance", "501", "USD", "DU1")
    wait_for(lambda: program.balance["USD"]["balance"] == 501, 5, "a change is written at once")


@pytest.mark.parametrize("code", [321, 322])
def test_an_account_that_ib_refuses_does_not_hold_the_others_back(program: Program, tws: TWSServer, code: int) -> None:
    tws.accounts = "DU1,DU2"
    for kind in (VALUES_MULTI, POSITIONS_MULTI):
        tws.on[kind] = lambda request: tws.notice(code, "Error validating request: the account is not yours", int(request[2]))
    program.run()
    assert program.json("IBGateway:outside:balance:DU1")["USD"]["balance"] == 500
    assert program.json("IBGateway:outside:balance:DU2") is None
    assert any("DU2" in line and str(code) in line for line in program.lines())

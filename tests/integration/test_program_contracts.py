"""The installed gateway and contracts that TWS names oddly, twice, late, or in a way that cannot be read."""

from __future__ import annotations

import os
import stat

import attrs
import pytest

from ibgw_tx.model.contract import Contract
from tests.kit.contracts import AAPL, BRR5
from tests.kit.gateway import contract_data
from tests.kit.program import Program, wait_for
from tests.kit.tws_server import CONTRACT, DEPTH, HISTORY, TOP, TWSServer

FUTURE = attrs.evolve(BRR5, exchange="CME", localSymbol="BRRM1")
VENUES = [FUTURE, attrs.evolve(FUTURE, exchange="QBALGO")]
BARS = {"endDateTime": "20240102-10:00:00", "duration": "1 D", "barSize": "1 min", "whatToShow": "TRADES", "useRTH": True}
STOCK = {"secType": "STK", "currency": "USD"}


@pytest.mark.parametrize("exchanges", [("NYSE", "ARCA"), ("NYSE", "ARCA", "SMART")])
def test_a_name_with_a_colon_on_several_exchanges_is_stored_by_its_conid(
    program: Program, tws: TWSServer, exchanges: tuple[str, ...]
) -> None:
    tws.contracts = [attrs.evolve(AAPL, conId=9, symbol="A:B", exchange=each, primaryExchange="") for each in exchanges]
    result = program.run().result("FIND_CONTRACTS", **STOCK, symbol="A:B")
    assert "IBGateway:ContractId:9" in result["keys"]
    assert program.json("IBGateway:ContractId:9")["contract"]["symbol"] == "A:B"


def test_one_odd_name_hides_no_other_hit(program: Program, tws: TWSServer) -> None:
    odd = [attrs.evolve(AAPL, conId=9, exchange=each, primaryExchange="X:Y") for each in ("SMART", "ARCA:B")]
    tws.contracts = [*odd, AAPL]
    result = program.run().result("FIND_CONTRACTS", **STOCK, symbol="AAPL")
    assert "IBGateway:Contract:NASDAQ:STK:USD-AAPL" in result["keys"], result
    assert program.json("IBGateway:ContractId:9") and program.json("IBGateway:ContractId:265598")


@pytest.mark.parametrize("id", ["12345678901234567890123", "-98765432109876543210", '"x-1"'])
def test_an_id_comes_back_as_it_was_sent(program: Program, id: str) -> None:
    program.run()
    ear = program.client.pubsub(ignore_subscribe_messages=True)
    ear.subscribe("IBGateway:outside:ACK")
    wait_for(lambda: ear.get_message() is not None)
    program.client.publish("IBGateway:outside:CMD", f'{{"id":{id},"cmd":"ACCOUNT_LIST"}}')
    told = wait_for(lambda: next((m["data"] for m in iter(ear.get_message, None) if "ACCOUNT_LIST" in m["data"]), None))
    ear.close()
    assert f'"id":{id},' in told, told


def test_history_without_a_zone_is_refused(program: Program, tws: TWSServer) -> None:
    tws.contracts = [AAPL]
    program.run()
    for end in ("20240102 10:00:00", "20240102  10:00:00"):
        ack = program.send("FIND_HISTORY", contract={**STOCK, "symbol": "AAPL"}, **{**BARS, "endDateTime": end})
        assert (ack["ok"], ack.get("code")) == (False, "bad_params"), ack
    assert not tws.asked(HISTORY)
    assert program.send("FIND_HISTORY", contract={**STOCK, "symbol": "AAPL"}, **BARS)["ok"] and tws.wait(HISTORY)


@pytest.mark.parametrize("name", ["ÄPFEL", "苹果"])
def test_a_contract_whose_local_symbol_is_not_ascii_is_asked_for_by_its_conid(
    program: Program, tws: TWSServer, name: str
) -> None:
    tws.contracts = [attrs.evolve(AAPL, localSymbol=name)]
    program.run()
    ack = program.send("SUB_ODBK", contract={"conId": AAPL.conId, "exchange": "SMART"})
    assert ack["ok"], ack
    (asked,) = tws.wait(DEPTH)
    assert asked[3] == str(AAPL.conId) and name not in asked


@pytest.mark.parametrize("cmd", ["FIND_HISTORY", "FIND_CONTRACTS", "SUB_ODBK"])
def test_both_venues_of_one_contract_are_asked_for(program: Program, tws: TWSServer, cmd: str) -> None:
    tws.contracts = [AAPL, attrs.evolve(AAPL, exchange="NASDAQ")]
    program.run()
    more = BARS if cmd == "FIND_HISTORY" else {}
    for venue in ("SMART", "NASDAQ"):
        assert program.send(cmd, contract={"conId": AAPL.conId, "exchange": venue}, **more)["ok"]
    asked = {"FIND_HISTORY": HISTORY, "FIND_CONTRACTS": CONTRACT, "SUB_ODBK": DEPTH}[cmd]
    assert {"SMART", "NASDAQ"} <= {field for request in tws.wait(asked, 2) for field in request}


@pytest.mark.parametrize("account", ["DUM123456", "F987654321Z"])
def test_a_recording_shows_no_account_and_is_for_its_owner(program: Program, tws: TWSServer, account: str) -> None:
    tws.accounts = account
    program.run("--record=frames.jsonl")
    program.stop()
    path = program.folder / "frames.jsonl"
    assert path.stat().st_size > 100 and account not in path.read_text()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize("cmd", ["SUB_ODBK", "SUB_TOP", "FIND_HISTORY"])
@pytest.mark.parametrize("told", ["20240402-17:10:00", "20240402 17:10:00"])
def test_an_expiry_with_a_time_is_a_date_everywhere(program: Program, tws: TWSServer, cmd: str, told: str) -> None:
    tws.contracts = [attrs.evolve(BRR5, lastTradeDateOrContractMonth=told)]
    program.run()
    found = program.result("FIND_CONTRACTS", secType="FUT", symbol="BRR")
    assert "IBGateway:Contract:CMECRYPTO:FUT:USD-BRR:20240402:5" in found["keys"]
    document = program.json("IBGateway:ContractId:5")
    assert document["contract"]["lastTradeDateOrContractMonth"] == "20240402"
    assert "17:10:00" in str({key: value for key, value in document.items() if key != "contract"})
    more = {**BARS} if cmd == "FIND_HISTORY" else {}
    assert program.send(cmd, contract={"conId": 5, "exchange": "CMECRYPTO"}, **more)["ok"]
    (asked, *_) = tws.wait({"SUB_ODBK": DEPTH, "SUB_TOP": TOP, "FIND_HISTORY": HISTORY}[cmd])
    assert "20240402" in asked and told not in asked, asked


@pytest.mark.parametrize("cmd", ["SUB_ODBK", "PLACE_ORDER"])
def test_details_that_cannot_be_read_are_not_told_as_no_contract(program: Program, tws: TWSServer, cmd: str) -> None:
    def garbled(request: list[str]) -> None:
        fields = list(contract_data(request[2], AAPL))
        fields[13] = "no number"
        tws.say(*fields)
        tws.say(52, 1, request[2])

    tws.on[CONTRACT] = garbled
    program.run("--exchanges=NASDAQ")
    order = {"order": {"T": "buy", "s": 1, "p": 100}} if cmd == "PLACE_ORDER" else {}
    if order:
        program.trading("NASDAQ")
    ack = program.send(cmd, contract={"conId": AAPL.conId, "exchange": "SMART"}, **order)
    assert (ack["ok"], ack["code"]) == (False, "unavailable"), ack
    assert "knows no" not in ack["err"]


@pytest.mark.parametrize("rows", [VENUES, VENUES[::-1]])
def test_a_contract_of_several_venues_keeps_one_exchange_over_restarts(
    program: Program, tws: TWSServer, rows: list[Contract]
) -> None:
    tws.contracts, tws.positions = rows, [FUTURE]
    tws.details = {"validExchanges": "CME,QBALGO"}
    name = "CME:FUT:USD-BRR@20210625@5"

    def held() -> list[str]:
        return [key for key, entry in program.balance.items() if entry["type"] == "position"]

    program.run()
    assert held() == [name]
    assert program.send("SUB_ODBK", contract={"conId": FUTURE.conId})["channel"].startswith("URANUS:CME:")
    for empty in (False, True):
        program.stop()
        tws.contracts = tws.contracts[::-1]
        if empty:
            program.client.flushall()
        program.run()
        assert held() == [name]
        ack = program.send("SUB_ODBK", contract={"conId": FUTURE.conId})
        assert ack["ok"] and ack["channel"].startswith("URANUS:CME:"), ack
        assert "CME" in tws.wait(DEPTH)[-1] and "QBALGO" not in tws.asked(DEPTH)[-1]

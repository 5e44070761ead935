"""Every key and channel, letter by letter; and that no other module spells one."""

import ast
import re
from pathlib import Path

import pytest

import ibgw_tx
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import BadName, Contract
from tests.kit.contracts import AAPL, BRR01, HK1137

PACKAGE = Path(ibgw_tx.__file__).parent


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (names.status("demo"), "IBGateway:demo:status"),
        (names.balance("demo"), "IBGateway:demo:balance"),
        (names.balance("demo", "DU1"), "IBGateway:demo:balance:DU1"),
        (names.summary("demo", "DU1"), "IBGateway:demo:summary:DU1"),
        (names.tws("demo"), "IBGateway:demo:tws"),
        (names.commands("demo"), "IBGateway:demo:CMD"),
        (names.acks("demo"), "IBGateway:demo:ACK"),
        (names.contract_id(265598), "IBGateway:ContractId:265598"),
        (names.market_rule(26), "IBGateway:MarketRule:26"),
        (names.greeks("SMART", "OPT", "P"), "IBGateway:Greeks:SMART:OPT:P"),
        (names.odd_lots("NASDAQ", "STK", "P"), "IBGateway:OddLots:NASDAQ:STK:P"),
        (names.book_channel("SEHK", "HKD-1137"), "URANUS:SEHK:HKD-1137:full_odbk_channel"),
        (names.book_key("SEHK", "HKD-1137"), "URANUS:SEHK:HKD-1137:orderbook"),
        (names.tick_channel("SEHK", "HKD-1137"), "URANUS:SEHK:HKD-1137:full_tick_channel"),
        (names.order_hash("SEHK", "demo", "HKD-1137"), "URANUS:SEHK:demo:O:HKD-1137"),
        (names.order_channel("SEHK", "demo"), "URANUS:SEHK:demo:O_channel"),
        (names.oms_flag("SEHK", "demo"), "URANUS:SEHK:demo:OMS"),
        (names.subscriptions("demo"), "IBGateway:demo:subscriptions"),
    ],
)
def test_each_name_is_spelled_as_the_interface_says(name, text):
    assert name == text


@pytest.mark.parametrize(
    ("contract", "tail"),
    [
        (HK1137, ("SEHK:STK", "STK:SEHK", "HKD-1137")),
        (BRR01, ("CMECRYPTO:FUT", "FUT:CMECRYPTO", "USD-BRR:20210625:0.1")),
        (AAPL, ("NASDAQ:STK", "STK:NASDAQ", "USD-AAPL")),
        (
            Contract(
                secType="OPT",
                symbol="AAPL",
                currency="USD",
                exchange="SMART",
                multiplier="100",
                right="C",
                strike=150.0,
                lastTradeDateOrContractMonth="20260116",
            ),
            ("SMART:OPT", "OPT:SMART", "USD-AAPL:20260116:100:C:150"),
        ),
    ],
)
def test_a_contract_stands_under_both_spellings(contract, tail):
    first, second, rest = tail
    assert names.contract_keys(contract) == (f"IBGateway:Contract:{first}:{rest}", f"IBGateway:Contract:{second}:{rest}")


@pytest.mark.parametrize("member", ["symbol", "currency", "exchange", "secType", "multiplier"])
def test_a_colon_in_any_segment_is_refused(member):
    with pytest.raises(BadName):
        names.contract_keys(Contract(**{"symbol": "X", "secType": "STK", "exchange": "NYSE", "currency": "USD", member: "A:B"}))


@pytest.mark.parametrize(
    ("name", "fits"),
    [("demo", True), ("a.b-C_9", True), ("x" * 64, True), ("x" * 65, False), ("", False), ("a:b", False), ("ä", False)],
)
def test_what_a_gateway_may_be_called(name, fits):
    assert bool(re.fullmatch(names.NAME_PATTERN, name)) is fits


def strings_in_code(path):
    """Every text in a module's code: constants and the fixed parts of f-strings; docstrings are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_module_but_names_spells_a_key():
    apart = PACKAGE / "model" / "keys.py", PACKAGE / "demo" / "__main__.py"
    modules = [path for path in PACKAGE.rglob("*.py") if path not in apart]
    assert len(modules) > 150
    spelled = [
        f"{path.name}: {text}" for path in modules for text in strings_in_code(path) if "IBGateway:" in text or "URANUS:" in text
    ]
    assert not spelled

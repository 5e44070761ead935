"""Sessions over real sockets: the official threaded client and ib_async, both unchanged, through one script each."""

import pytest
import pytest_twisted

from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator
from tests.sim.kit.bench import AAPL
from tests.sim.server.test_line import of_981, run

pytestmark = pytest.mark.integration


async def session(program, version, client_id):
    """What a program saw at a simulator of this server version."""
    made = Simulator(Settings(seed=4, server_version=version))
    made.startService()
    made.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    try:
        return await run(program, made.listen(), client_id)
    finally:
        await made.stopService()


@of_981
@pytest.mark.parametrize("version", [151, 157, 178])
@pytest_twisted.ensureDeferred
async def test_the_official_client_goes_through_a_session(version):
    seen = await session("official_session.py", version, 5)
    assert (seen["version"], seen["account"]) == (min(version, 157), "DU1000001")
    assert seen["details"] == [AAPL, 0.01, "APPLE INC", 100, "NASDAQ"]
    assert seen["rows"] == [[[0, 0], [100.0, 0]], [[0, 1], [100.5, 5]], [[1, 0], [99.5, 1]]]
    assert seen["quotes"] == [99.5, 100.0, 1, 0]
    assert seen["types"] == [1]
    assert {"NetLiquidationByCurrency", "BuyingPower", "CashBalance"} <= set(seen["values"])
    assert seen["held"][0] == 210
    assert seen["first"][:3] == [["PreSubmitted", 0, 100], ["Submitted", 60, 40], ["Submitted", 60, 40]]
    assert seen["first"][-1] == ["Filled", 100, 0]
    assert seen["live"] == [[1, 60, 100.0], [1, 40, 100.5], [3, 10, 100.5]]
    assert seen["asked"] == 3
    assert seen["open"] == {"3": [120.0, 10, "Submitted", "AAPL"], "4": [0.0, 10, "PreSubmitted", "AAPL"]}
    assert seen["completed"] == [["Filled", 100.0], ["Cancelled", 0.0], ["Filled", 10.0]]
    assert float(seen["margin"]) == 225.0
    assert seen["codes"] == {"1": [202], "5": [110]}


#: The newest server version that ib_async 2.1 speaks: with a newer TWS it is this one.
ASYNC = 178


@pytest.mark.parametrize("offered", [157, 163, 176, 178, 203, 226])
@pytest_twisted.ensureDeferred
async def test_ib_async_goes_through_a_session_and_logs_no_decode_error(offered):
    seen, version = await session("ib_async_session.py", offered, 6), min(offered, ASYNC)
    lot = 100 if version < 159 else 1
    assert (seen["version"], seen["logged"]) == (version, [])
    # The single size of 163 is the one that ib_async calls suggested.
    sizes = [0.0001, 100] if version >= 164 else [0, 0.0001] if version == 163 else [0, 0]
    assert seen["details"] == ["APPLE INC", 0.01, *sizes, "COMMON"]
    assert seen["market"] == [[99.5, 100 // lot], [100.0, 60 // lot], [100.5, 500 // lot]]
    # In lots 60 shares are none, and ib_async takes a price without a size for none.
    assert seen["quotes"] == ([99.5, -1, 1, 0, 1] if version < 159 else [99.5, 100.0, 100, 60, 1])
    assert {"NetLiquidationByCurrency", "BuyingPower", "CashBalance"} <= set(seen["values"])
    assert seen["time"].endswith("+00:00")
    assert seen["partly"] == ["Submitted", 40]
    assert seen["first"] == ["Filled", 100, 100.2]
    assert seen["far"] == "Cancelled"
    assert seen["bracket"] == ["Filled", "Submitted", "PreSubmitted"]
    assert seen["margin"] > 0
    assert seen["open"] == ["LMT", "STP"]
    assert seen["completed"] == ["Cancelled", "Filled", "Filled"]
    assert seen["fills"] == [[60, 100.0], [40, 100.5], [10, 100.5]]
    assert seen["commissions"] == 2.0
    assert seen["position"] == 210
    assert seen["errors"] == [202]

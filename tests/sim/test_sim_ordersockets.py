"""Orders over real sockets: the official threaded client and ib_async, both unchanged, through one script each."""

import pytest
import pytest_twisted
from simkit import AAPL
from test_sim_sockets import run

from ibgw_tx.sim.server import Simulator
from ibgw_tx.sim.settings import Settings

pytestmark = pytest.mark.integration


@pytest_twisted.async_yield_fixture
async def simulator():
    made = Simulator(Settings(seed=4))
    made.startService()
    made.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    yield made
    await made.stopService()


@pytest_twisted.ensureDeferred
async def test_the_official_client_places_modifies_fills_cancels_and_reads(simulator):
    seen = await run("official_orders.py", simulator.listen(), 5)
    assert seen["first"][:3] == [["PreSubmitted", 0, 100], ["Submitted", 60, 40], ["Submitted", 60, 40]]
    assert seen["first"][-1] == ["Filled", 100, 0]
    assert seen["live"] == [[1, 60, 100.0], [1, 40, 100.5], [3, 10, 100.5]]
    assert seen["asked"] == 3
    assert seen["open"] == {"3": [120.0, 10, "Submitted", "AAPL"], "4": [0.0, 10, "PreSubmitted", "AAPL"]}
    assert seen["completed"] == [["Filled", 100.0], ["Cancelled", 0.0], ["Filled", 10.0]]
    assert float(seen["margin"]) == 225.0
    assert seen["codes"] == {"1": [202], "5": [110]}


@pytest_twisted.ensureDeferred
async def test_ib_async_places_modifies_fills_cancels_and_reads(simulator):
    seen = await run("async_orders.py", simulator.listen(), 6)
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

"""Over real sockets: the official threaded client and ib_async, both unchanged, and a peer that is cut off."""

import json
import os
import sys
from pathlib import Path

import pytest
import pytest_twisted
from ibapi.server_versions import MAX_CLIENT_VER
from twisted.internet import endpoints, protocol, reactor, task
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.utils import getProcessOutputAndValue

from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator
from tests.sim.kit.bench import AAPL, contract, depth, frame, greeting, unframe

CLIENTS = Path(__file__).parents[1] / "clients"
pytestmark = pytest.mark.integration


@pytest_twisted.async_yield_fixture
async def simulator():
    made = Simulator(Settings(seed=4))
    made.startService()
    yield made
    await made.stopService()


async def run(program, *args):
    """A program beside the tests, in this interpreter; what it printed as JSON."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(CLIENTS / program), *map(str, args)]
    out, err, code = await getProcessOutputAndValue(sys.executable, command, env=env)
    assert code == 0, err.decode()
    return json.loads(out)


#: The scripts of the official client are written for 9.81.1's callbacks.
of_981 = pytest.mark.skipif(MAX_CLIENT_VER > 157, reason="for the client of ibapi 9.81.1: make test-981")


@of_981
@pytest_twisted.ensureDeferred
async def test_the_official_client_connects_and_sees_contracts_depth_and_account(simulator):
    seen = await run("official_data.py", simulator.listen(), 0)
    assert seen["version"] == 157
    assert seen["accounts"] == "DU1000001"
    assert seen["details"] == 727
    assert seen["conId"] == AAPL
    assert set(seen["codes"]) == {200, 2104, 2106, 2152, 2158}
    assert [row[:4] for row in seen["depth"][:5]] == [[10, i, 0, 1] for i in range(5)]
    assert set(seen["makers"]) <= {"NASDAQ", "ARCA", "BATS", "IEX"}
    assert seen["bars"] > 3
    assert {"NetLiquidation", "CashBalance", "AccountReady"} <= set(seen["keys"])
    assert seen["portfolio"] == ["AAPL", "700", "ES", "AAPL"]


@pytest_twisted.ensureDeferred
async def test_ib_async_connects_without_a_timeout_and_sees_the_same(simulator):
    seen = await run("ib_async_data.py", simulator.listen(), 0)
    assert seen["took"] < 2
    assert seen["version"] == 178
    assert seen["accounts"] == ["DU1000001"]
    assert seen["multiplier"] == "0.1"
    assert seen["chain"] == 726
    assert 0 < seen["bid"] < 200_000
    assert seen["eurusd"][0] <= seen["eurusd"][1]
    assert 0 < seen["delta"] < 1
    assert seen["bars"] > 3
    assert seen["values"] > 100
    assert seen["portfolio"] == ["AAPL", "700", "ES", "AAPL"]
    assert seen["positions"] == 4
    assert seen["summary"] > 20
    assert seen["rule"] == [[0.0, 0.001], [0.25, 0.005]]
    assert set(seen["errors"]) <= {2104, 2106, 2152, 2158}


@pytest_twisted.ensureDeferred
async def test_ib_async_starts_up_even_when_every_byte_comes_alone(simulator):
    simulator.trouble.split()
    port = simulator.listen()
    seen = await run("slow.py", port)
    assert seen == {"accounts": ["DU1000001"]}


class Ear(protocol.Protocol):
    """A raw client that tells of its bytes and its end."""

    def __init__(self):
        self.data, self.ended = b"", Deferred()

    def dataReceived(self, data):
        self.data += data

    def connectionLost(self, reason=protocol.connectionDone):
        self.ended.callback(None)


async def connect(port):
    return await endpoints.connectProtocol(endpoints.HostnameEndpoint(reactor, "127.0.0.1", port), Ear())


@pytest_twisted.ensureDeferred
async def test_trouble_cuts_real_sockets_and_the_port_takes_new_ones(simulator):
    port = simulator.listen()
    first = await connect(port)
    first.transport.write(greeting() + frame(71, 2, 3, ""))
    await wait_for(lambda: simulator.clients)
    assert simulator.trouble.drop() == 1
    await first.ended
    second = await connect(port)
    second.transport.write(greeting() + frame(71, 2, 3, "") + frame(49, 1))
    await wait_for(lambda: b"49\x001\x00" in second.data)
    second.transport.loseConnection()
    await second.ended


@pytest_twisted.ensureDeferred
async def test_a_port_can_be_closed_and_opened_again(simulator):
    port = simulator.listen()
    await simulator.close_ports()
    with pytest.raises(ConnectionRefusedError):
        await connect(port)
    assert simulator.listen(port) == port
    ear = await connect(port)
    ear.transport.loseConnection()
    await ear.ended
    assert simulator.connections == 1


@pytest_twisted.ensureDeferred
async def test_a_flood_reaches_a_reader_whole(simulator):
    port = simulator.listen()
    ear = await connect(port)
    ear.transport.write(greeting() + frame(71, 2, 3, "") + frame(*depth(1, *contract(AAPL, exchange="NASDAQ"))))
    await wait_for(lambda: simulator.tws.depth.walks)
    simulator.freeze()
    await task.deferLater(reactor, 0.1, lambda: None)
    before = len([m for m in unframe(ear.data) if m[0] == "12"])
    sent = await simulator.flood(20_000)
    await wait_for(lambda: len(ear.data) > 20_000 * 20 and ear.data.endswith(b"\0"))
    await wait_for(lambda: len([m for m in unframe_all(ear.data) if m[0] == "12"]) == before + sent)
    ear.transport.loseConnection()
    await ear.ended


def unframe_all(data):
    """Whole frames of what came so far; the last may still be on its way."""
    try:
        return unframe(data)
    except AssertionError:
        return []


async def wait_for(condition, seconds=5.0):
    end = reactor.seconds() + seconds
    while not condition():
        assert reactor.seconds() < end, "timed out"
        await task.deferLater(reactor, 0.02, lambda: None)

"""ibsimctl and the control port over real sockets."""

import sys
from importlib.metadata import version

import pytest
import pytest_twisted
from twisted.internet import endpoints, reactor
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutputAndValue

from ibgw_tx.sim import ctl
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.control import ControlPort
from ibgw_tx.sim.server.simulator import Simulator
from tests.sim.kit.bench import AAPL, contract, frame, greeting, unframe
from tests.sim.server.test_line import Ear, connect, wait_for

pytestmark = pytest.mark.integration
START = greeting() + frame(71, 2, 3, "")


class Place:
    """A simulator with a control port."""

    def __init__(self):
        self.simulator = Simulator(Settings(seed=4))
        self.control = ControlPort(self.simulator, 0)
        self.control.setServiceParent(self.simulator)
        self.simulator.startService()
        self.port = self.simulator.listen()

    async def tell(self, line):
        return (await deferToThread(ctl.ask, self.control.port, line))[-1]


@pytest_twisted.async_yield_fixture
async def place():
    made = Place()
    yield made
    await made.simulator.stopService()


async def client(place):
    ear = await connect(place.port)
    ear.transport.write(START)
    await wait_for(lambda: b"9\x001\x00" in ear.data)
    return ear


@pytest_twisted.ensureDeferred
async def test_ibsimctl_is_a_program(place):
    command = ["-m", "ibgw_tx.sim.ctl", f"--port={place.control.port}"]
    out, err, code = await getProcessOutputAndValue(sys.executable, [*command, "state"])
    assert (out, err, code) == (b"ok: clients none; live orders 0; trouble: none\n", b"", 0)
    out, err, code = await getProcessOutputAndValue(sys.executable, [*command, "317", "NO SUCH"])
    assert (out, err, code) == (b"", b"error: 'NO SUCH' will not do for INSTRUMENT: 317 INSTRUMENT\n", 1)
    await place.control.stopService()
    out, err, code = await getProcessOutputAndValue(sys.executable, [*command, "drop"])
    assert (out, code) == (b"", 2)
    assert err.startswith(b"ibsimctl: no ibsim answers at 127.0.0.1:")
    assert err.count(b"\n") == 1


@pytest_twisted.ensureDeferred
async def test_its_words_are_told_without_an_ibsim(place):
    there = [await deferToThread(ctl.ask, place.control.port, "help")]
    await place.simulator.stopService()
    command = ["-m", "ibgw_tx.sim.ctl", "--port=1"]
    out, err, code = await getProcessOutputAndValue(sys.executable, [*command, "help"])
    assert (err, code) == (b"", 0)
    assert out.decode().splitlines() == there[0][:-1]
    out, err, code = await getProcessOutputAndValue(sys.executable, [*command, "--version"])
    assert (out, err, code) == (f"ibsimctl {version('ibgateway')}\n".encode(), b"", 0)


@pytest_twisted.ensureDeferred
async def test_twistd_ends_with_one_line_where_the_port_is_in_use(place, tmp_path):
    command = ["-c", "from twisted.scripts.twistd import run; run()"]
    command += ["-n", "--logfile=-", f"--pidfile={tmp_path / 'p.pid'}", "ibsim", f"--port={place.port}"]
    out, err, code = await getProcessOutputAndValue(sys.executable, command)
    assert code == 1
    told = (out + err).decode()  # twistd has made stderr a part of its log by then
    assert told.count(f"ibsim: cannot listen on 127.0.0.1:{place.port}: Address already in use\n") == 1
    assert "Traceback" not in told
    assert not (tmp_path / "p.pid").exists()


@pytest_twisted.ensureDeferred
async def test_a_browser_led_to_the_control_port_gets_one_error_and_the_door(place):
    ear = await endpoints.connectProtocol(endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", place.control.port), Ear())
    ear.transport.write(b"POST / HTTP/1.1\r\n\r\ndrop\n")
    await ear.ended
    assert ear.data == b"error: there is no word 'POST'; help lists them\n"


@pytest_twisted.ensureDeferred
async def test_drop_silence_and_notices_reach_a_client(place):
    ear = await client(place)
    assert await place.tell("1100") == "ok"
    await wait_for(lambda: b"\x001100\x00" in ear.data)
    assert await place.tell("2105 ushmds") == "ok"
    await wait_for(lambda: b"HMDS data farm connection is broken:ushmds" in ear.data)
    assert await place.tell("1102") == "ok"
    assert await place.tell("silence 0.2") == "ok"
    before = len(ear.data)
    ear.transport.write(frame(49, 1))
    await wait_for(lambda: not place.simulator.office.faults.silent)
    assert b"49\x001\x00" not in ear.data[before:]
    ear.transport.write(frame(49, 1))
    await wait_for(lambda: b"49\x001\x00" in ear.data[before:])
    assert await place.tell("drop") == "ok: 1"
    await ear.ended


@pytest_twisted.ensureDeferred
async def test_split_lose_repeat_and_late_over_a_socket(place):
    ear = await client(place)
    assert await place.tell("split") == "ok"
    before = len(ear.data)
    ear.transport.write(frame(49, 1) + frame(17, 1))
    await wait_for(lambda: ear.data[before:].endswith(b"DU1000001\0"))
    assert [m[0] for m in unframe(ear.data[before:])] == ["49", "15"]
    for word in ("split off", "lose currentTime", "repeat currentTime", "late 0.1"):
        assert await place.tell(word) == "ok"
    before = len(ear.data)
    ear.transport.write(frame(49, 1) + frame(49, 1) + frame(17, 1))
    await wait_for(lambda: ear.data[before:].endswith(b"DU1000001\0"))
    assert [m[0] for m in unframe(ear.data[before:])] == ["49", "49", "15"]
    ear.transport.loseConnection()
    await ear.ended


@pytest_twisted.ensureDeferred
async def test_a_restart_shuts_the_port_for_a_while_and_ids_go_back(place):
    place.simulator.office.next_ids[3] = 50
    ear = await client(place)
    assert await place.tell("restart 5 0.2") == "ok: 1"
    await ear.ended
    with pytest.raises(ConnectionRefusedError):
        await connect(place.port)
    await wait_for(lambda: place.simulator.ports)
    ear = await client(place)
    assert b"9\x001\x0045\x00" in ear.data
    ear.transport.loseConnection()
    await ear.ended


@pytest_twisted.ensureDeferred
async def test_a_stalled_handshake_and_a_refused_order(place):
    assert await place.tell("stall") == "ok"
    ear = await connect(place.port)
    ear.transport.write(START)
    await wait_for(lambda: place.simulator.lines)
    assert await place.tell("state") == "ok: clients none; live orders 0; trouble: stall_handshake"
    assert ear.data == b""
    ear.transport.loseConnection()
    await ear.ended
    assert await place.tell("stall off") == "ok"
    ear = await client(place)
    assert await place.tell("fail reqContractDetails 162 no such luck") == "ok"
    ear.transport.write(frame(9, 8, 1, *contract(AAPL), 0, "", ""))
    await wait_for(lambda: b"\x00162\x00no such luck\x00" in ear.data)
    ear.transport.loseConnection()
    await ear.ended

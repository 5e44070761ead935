"""The command line, the plugin, and what may import what."""

import ast
from importlib.metadata import version
from pathlib import Path

import pytest
from twisted.application.service import IServiceMaker
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins

import ibgw_tx.sim
from ibgw_tx.sim import tap
from ibgw_tx.sim.server.simulator import Simulator
from ibgw_tx.tap import Options as GatewayOptions

HOME = Path(ibgw_tx.sim.__file__).parent
_PATHS = """tap.py ctl.py office/ports.py server/line.py server/simulator.py server/control.py server/flood.py
trouble/trouble.py replay/service.py"""
SHELLS = {HOME / path for path in _PATHS.split()}


def parsed(*args):
    options = tap.Options()
    options.parseOptions(args)
    return options


def test_the_defaults_are_a_gateway_on_paper():
    options = parsed()
    assert (options["port"], options["interface"], options["server-version"]) == (4002, "127.0.0.1", 226)
    assert (options["seed"], options["accounts"], options["rate"]) == (1, ("DU1000001",), 10.0)
    assert (options["depth-limit"], options["message-rate"]) == (3, 50)


@pytest.mark.parametrize(
    ("flag", "value"),
    [("port", "x"), ("port", "70000"), ("server-version", "227"), ("server-version", "144"), ("seed", "-1"),
     ("rate", "fast"), ("rate", "nan"),
     ("order-limit", "-1"), ("size-limit", "many"), ("price-percent", "-2"), ("tick-limit", "x"), ("master-client", "-1"),
      ("depth-limit", "-1"), ("message-rate", "1.5"), ("accounts", ","),
     ("accounts", "a b"), ("accounts", "A,A"), ("catalogue", "/nonexistent/file.toml")],
)
def test_a_bad_value_is_one_line_naming_flag_and_value(flag, value):
    with pytest.raises(SystemExit) as caught:
        parsed(f"--{flag}={value}")
    text = str(caught.value)
    assert text.startswith(f"ibsim: --{flag} {value}: ")
    assert "\n" not in text


def test_the_flags_of_orders_reach_the_settings():
    flags = ("--read-only", "--hours", "--tif-notice", "--download-open-orders", "--order-limit=5", "--size-limit=9",
             "--price-percent=2.5", "--master-client=3")
    found = tap.makeService(parsed(*flags), MemoryReactorClock()).settings
    assert (found.read_only, found.keep_hours, found.tif_notice, found.download_open_orders) == (True,) * 4
    assert (found.order_limit, found.size_limit, found.price_percent, found.master_client) == (5, 9, 2.5, 3)
    plain = tap.makeService(parsed(), MemoryReactorClock()).settings
    assert (plain.read_only, plain.order_limit, plain.master_client) == (False, 20, None)


def test_a_bad_catalogue_is_told(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[[instrument]]\nsymbol = 'X'\n")
    with pytest.raises(SystemExit, match="con_id is missing"):
        parsed(f"--catalogue={path}")


def test_the_service_listens_where_it_was_told():
    reactor = MemoryReactorClock()
    service = tap.makeService(parsed("--port=4999", "--accounts=DU1,DU2", "--rate=5"), reactor)
    assert isinstance(service, Simulator)
    service.startService()
    ((port, factory, _, interface),) = reactor.tcpServers
    assert (port, interface, factory) == (4999, "127.0.0.1", service.factory)
    assert list(service.office.accounts) == ["DU1", "DU2"]
    reactor.advance(1)
    service.stopService()


RECORDED = '{"t": 0.0, "d": "up", "fields": ["157"]}\n'  # a session in which nothing is said


def in_use(port, interface):
    """A reactor on which a port cannot be had, as the real one says so."""
    reactor = MemoryReactorClock()

    def listen(wanted, factory, backlog=50, interface=""):
        if wanted == port:
            raise CannotListenError(interface, wanted, OSError(98, "Address already in use"))
        return MemoryReactorClock.listenTCP(reactor, wanted, factory, backlog, interface)

    reactor.listenTCP = listen
    return reactor


@pytest.mark.parametrize(
    ("taken", "flags"),
    [(4999, ("--port=4999",)), (4998, ("--port=4999", "--control-port=4998")), (4999, ("--port=4999", "--replay"))],
    ids=["clients", "control", "replay"],
)
def test_a_port_in_use_ends_the_start_with_one_line_and_status_1(tmp_path, taken, flags):
    if flags[-1] == "--replay":
        (tmp_path / "r.jsonl").write_text(RECORDED)
        flags = (flags[0], f"--replay={tmp_path / 'r.jsonl'}")
    service = tap.makeService(parsed(*flags), in_use(taken, "127.0.0.1"))
    with pytest.raises(SystemExit) as caught:
        service.startService()
    assert str(caught.value) == f"ibsim: cannot listen on 127.0.0.1:{taken}: Address already in use"
    assert isinstance(caught.value, Exception)  # twistd removes its pid file for nothing else


@pytest.mark.parametrize(("name", "options"), [("ibsim", tap.Options), ("ibgateway", GatewayOptions)])
def test_the_version_is_ours_and_not_twisteds(capsys, name, options):
    with pytest.raises(SystemExit) as caught:
        options().parseOptions(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{name} {version('ibgateway')}\n"


def test_the_plugin_is_found():
    assert "ibsim" in {plugin.tapname for plugin in getPlugins(IServiceMaker)}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.py")), ids=lambda p: str(p.relative_to(HOME)))
def test_the_simulator_shares_nothing_with_the_gateway_and_its_logic_does_no_io(path):
    for name in imports(path):
        root = name.split(".")[0]
        assert root != "ibapi"
        if root == "ibgw_tx":
            assert name.startswith("ibgw_tx.sim")
        if path not in SHELLS:
            assert root not in {"twisted", "zope", "socket", "time", "select", "threading", "asyncio", "os"}

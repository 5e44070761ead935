"""The twistd plugin: options to exact values, found by name, one line and exit status 1 for a usage error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.application.service import IService, IServiceMaker
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins

from ibgw_tx.config import SETTINGS
from ibgw_tx.runtime import log
from ibgw_tx.tap import Options, makeService

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """None of the settings is in the environment."""
    for variable in [*(setting.env for setting in SETTINGS), "REDIS_PSWD"]:
        monkeypatch.delenv(variable, raising=False)


def parsed(*arguments):
    options = Options()
    options.parseOptions(list(arguments))
    return options.config


def refused(*arguments):
    with pytest.raises(SystemExit) as found:
        parsed(*arguments)
    assert isinstance(found.value.code, str) and "\n" not in found.value.code
    return found.value.code


def test_flags_become_values():
    config = parsed(
        "--name=demo",
        "--tws-host",
        "h",
        "--tws-port=7497",
        "--client-id=3",
        "--redis-port=1",
        "--max-command-age=2.5",
        "--debug=1",
    )
    assert (config.name, config.tws_host, config.tws_port, config.client_id) == ("demo", "h", 7497, 3)
    assert (config.redis_port, config.max_command_age, config.debug) == (1, 2.5, True)


def test_a_flag_beats_the_environment(monkeypatch):
    monkeypatch.setenv("TWS_GATEWAY_NAME", "env")
    monkeypatch.setenv("TWS_API_PORT", "1")
    assert (parsed().name, parsed("--name=flag").name, parsed("--tws-port=2").tws_port) == ("env", "flag", 2)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "--name"),
        (("--name=a:b",), "'a:b'"),
        (("--name=demo", "--tws-port=x"), "--tws-port 'x'"),
        (("--name=demo", "--nonsense"), "--nonsense"),
        (("--name=demo", "extra"), "rong number of arguments"),
        (("--name",), "--name"),
    ],
)
def test_a_usage_error_is_one_line(arguments, part):
    line = refused(*arguments)
    assert line.startswith("ibgateway: ") and part in line


def test_standby_is_a_bare_flag(monkeypatch):
    assert (parsed("--name=demo").standby, parsed("--name=demo", "--standby").standby) == (False, True)
    monkeypatch.setenv("IBGW_STANDBY", "1")
    assert parsed("--name=demo").standby
    monkeypatch.setenv("IBGW_STANDBY", "yes")
    assert refused("--name=demo") == "ibgateway: IBGW_STANDBY 'yes': must be 0 or 1"


@pytest.mark.parametrize("flag", ["--redis-password", "--redis-pass", "--redis-passwor", "--redis-pswd"])
def test_a_password_given_as_a_flag_is_refused_and_not_shown(flag):
    assert "hunter2" not in refused("--name=demo", f"{flag}=hunter2")


def test_there_is_a_flag_for_every_setting_with_its_variable_and_default():
    shown = " ".join(str(Options()).split())
    for setting in SETTINGS:
        assert (f"--{setting.flag}=" in shown) is not setting.bare and f"--{setting.flag}" in shown and setting.env in shown


def test_the_plugin_is_found_and_names_its_module_as_text():
    makers = {maker.tapname: maker for maker in getPlugins(IServiceMaker)}
    assert makers["ibgateway"].module == "ibgw_tx.tap"
    assert makers["ibgateway"].options is Options


def test_makeservice_gives_one_tree_named_after_the_gateway():
    options = Options()
    options.parseOptions(["--name=demo"])
    reactor = MemoryReactorClock()
    service = makeService(options, reactor)
    assert IService.providedBy(service) and service.name == "tenure-demo"
    assert [child.name for child in service] == ["supervisor", "way to Redis", "lease", "clean exit"]
    gateway = service._make(service.lease)
    children = [child.name for child in gateway]
    assert children[:2] == ["redis", "ib"] and {"heartbeat", "balance", "books", "book keys"} <= set(children)
    assert not reactor.tcpClients


def test_debug_lines_are_shown_when_wanted():
    for wanted in ("1", "0"):
        options = Options()
        options.parseOptions(["--name=demo", f"--debug={wanted}"])
        makeService(options, MemoryReactorClock())
        assert log._Debug.shown is (wanted == "1")


def test_twistd_tells_a_usage_error_in_one_line_with_exit_status_1(tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "PATH")},
        "PYTHONPATH": str(ROOT),
    }
    twistd = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", "ibgateway"]
    done = subprocess.run(
        [*twistd, "--name=demo", "--tws-port=http"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.splitlines() == ["ibgateway: --tws-port 'http': must be a whole number from 1 to 65535"]


def test_files_of_tls_that_cannot_be_used_end_the_start_with_one_line(tmp_path):
    options = Options()
    options.parseOptions(["--name=demo", "--redis-tls", f"--redis-tls-ca={tmp_path}/none.pem"])
    with pytest.raises(SystemExit, match=r"^ibgateway: --redis-tls-ca \(IBGW_REDIS_TLS_CA\) '.*none.pem': No such file"):
        makeService(options, MemoryReactorClock())

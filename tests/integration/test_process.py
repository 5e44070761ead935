"""The gateway as its operator starts it: `twistd -n ibgateway`, or `ibgateway`, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


def start(*words: str, **env: str) -> subprocess.Popen[str]:
    """A plugin under twistd."""
    return run("twistd", "-n", "--pidfile=", *words, **env)


def run(program: str, *words: str, stdout: Any = subprocess.PIPE, **env: str) -> subprocess.Popen[str]:
    """An installed command."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_", "JOURNAL_"))}
    return subprocess.Popen(
        [str(BIN / program), *words], cwd=ROOT, env={**clean, **env}, text=True, stdout=stdout, stderr=subprocess.STDOUT
    )


def wait_for(what: Any, limit: float = 15.0) -> Any:
    deadline = time.monotonic() + limit
    while not (value := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def test_sigterm_ends_it_with_status_false_and_exit_0_within_five_seconds(
    client: Any, redis_server: EmbeddedRedis
) -> None:
    tws_port = str(free_port())
    sim = start("ibsim", "--port", tws_port)
    env = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_server.port), "TWS_API_PORT": tws_port}
    env |= {"TWS_GATEWAY_NAME": "proc", "REDIS_PSWD": "never-printed"}
    client.config_set("requirepass", "never-printed")
    gateway = start("ibgateway", **env)
    try:
        wait_for(lambda: json.loads(client.get("IBGateway:proc:status") or "[false]")[0], limit=30)
        gateway.send_signal(signal.SIGTERM)
        out, _ = gateway.communicate(timeout=5)
        assert gateway.returncode == 0
        assert json.loads(client.get("IBGateway:proc:status"))[0] is False
        assert "never-printed" not in out
        assert "status of proc is true" in out
    finally:
        client.config_set("requirepass", "")
        for process in (gateway, sim):
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("flags", "env", "says"),
    [
        (
            (),
            {},
            "ibgateway: --name (or TWS_GATEWAY_NAME) is missing: the gateway's name in Redis, such as --name=demo;"
            " --help has every setting",
        ),
        (("--name=a:b",), {}, "ibgateway: --name 'a:b': must be 1 to 64 of A-Z a-z 0-9 _ . -"),
        (("--name=x", "--tws-port=70000"), {}, "ibgateway: --tws-port '70000': must be a whole number from 1 to 65535"),
        (("--name=x",), {"REDIS_PORT": "redis"}, "ibgateway: REDIS_PORT 'redis': must be a whole number from 1 to 65535"),
        (("--name=x", "--no-such"), {}, "ibgateway: option --no-such not recognized"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_1(flags: tuple[str, ...], env: dict[str, str], says: str) -> None:
    for process in start("ibgateway", *flags, **env), run("ibgateway", *flags, **env):
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 1
        assert out.strip() == says


@pytest.mark.parametrize("program", ["ibgateway", "ibsim"])
def test_help_and_version_of_the_plain_commands(program: str) -> None:
    process = run(program, "--help")
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith(f"Usage: {program} ") and "twistd" not in out
    process = run(program, "--version")
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and out.startswith(f"{program} ")


def lines_of_a_start(path: Path, redis_port: int, **env: str) -> list[str]:
    """What the plain command writes from its start to its end, with a Redis and no TWS."""
    with path.open("w") as out:
        found = os.fstat(out.fileno())
        journal = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"} if env.pop("journal", "") else {}
        gateway = run("ibgateway", "--name=proc", f"--redis-port={redis_port}", "--tws-port=1", stdout=out, **env, **journal)
        try:
            wait_for(lambda: "is ready" in path.read_text() and "cannot connect to TWS" in path.read_text(), limit=30)
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(10) == 0
        finally:
            gateway.kill()
            gateway.wait()
    return path.read_text().splitlines()


def test_the_plain_command_writes_twistds_lines(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    lines = lines_of_a_start(tmp_path / "log", redis_server.port)
    assert all(line[:2] == "20" and "] " in line for line in lines)
    assert any("#warn] cannot connect to TWS at 127.0.0.1:1: " in line for line in lines)


def test_under_systemd_each_line_has_its_priority_and_no_time(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    lines = lines_of_a_start(tmp_path / "log", redis_server.port, journal="yes")
    assert any(line.startswith("<4>cannot connect to TWS at 127.0.0.1:1: ") for line in lines)
    assert any(line.startswith("<6>ibgateway ") and " as proc: " in line for line in lines)
    assert all(line.startswith(("<6>", "<4>")) for line in lines)


def test_json_is_one_object_a_line(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in lines_of_a_start(tmp_path / "log", redis_server.port, IBGW_LOG_FORMAT="json")]
    assert {line["name"] for line in lines} == {"proc"} and {"info", "warn"} == {line["level"] for line in lines}
    (said,) = [line for line in lines if re.fullmatch(r"Redis at \S+ is ready", line["message"])]
    assert said["namespace"].startswith("ibgw_tx.redis") and said["fields"]["address"] == f"127.0.0.1:{redis_server.port}"


@pytest.mark.parametrize(
    ("env", "setting"),
    [
        ({"REDIS_PORT": "1"}, "is REDIS_PORT right?"),
        ({"REDIS_HOST": "no-such-host.invalid"}, "see REDIS_HOST"),
        ({"TWS_API_PORT": "1"}, "is TWS_API_PORT right (TWS 7496 live, 7497 paper; IB Gateway 4001 live, 4002 paper)?"),
        ({"TWS_API_ADDR": "no-such-host.invalid"}, "see TWS_API_ADDR"),
        ({"REDIS_PSWD": "x"}, "unset REDIS_PSWD"),
        ({"REDIS_PSWD": "x", "IBGW_REDIS_USER": "nobody"}, "see REDIS_PSWD or REDIS_PSWD_FILE, and IBGW_REDIS_USER"),
    ],
)
def test_what_cannot_be_reached_names_the_setting_to_look_at(
    redis_server: EmbeddedRedis, tmp_path: Path, env: dict[str, str], setting: str
) -> None:
    with (tmp_path / "log").open("w") as out:
        everything = {"TWS_GATEWAY_NAME": "lost", "REDIS_PORT": str(redis_server.port), "TWS_API_PORT": "1", **env}
        gateway = run("ibgateway", stdout=out, **everything)
        try:
            wait_for(lambda: setting in (tmp_path / "log").read_text(), limit=30)
        finally:
            gateway.terminate()
            gateway.wait(10)
    assert "Traceback" not in (tmp_path / "log").read_text()

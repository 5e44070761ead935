"""ibgwctl finds Redis by its sentinels and over TLS, as the gateway does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from tests.kit.certificates import Authority
from tests.kit.operator import PROGRAM
from tests.kit.program import wait_for
from tests.kit.redis_servers import tls_server
from tests.kit.replicated import MASTER, Replicated


def run(*words: str, **env: str) -> tuple[int, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
    done = subprocess.run(
        [PROGRAM, "--name=seen", *words], env={**clean, **env}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_master_is_found_after_a_fail_over_too_and_the_doctor_looks_at_the_sentinels() -> None:
    with Replicated() as replicated:
        env = {"IBGW_REDIS_SENTINEL": replicated.addresses, "IBGW_REDIS_MASTER": MASTER}
        status, said = run("doctor", "--timeout=1", **env)
        assert status == 1 and "well sentinels       3 of 3 name this master" in said, said
        old = replicated.master
        old.kill()
        new, _ = replicated.promoted(old)
        wait_for(lambda: all(each.facts().get("port") == str(new.port) for each in replicated.sentinels))
        replicated.sentinels[0].kill()
        status, said = run("doctor", "--timeout=1", **env)
        gone = f"127.0.0.1:{replicated.sentinels[0].port} does not answer"
        assert status == 1 and f"BAD  sentinels       2 of 3 name this master: {gone}" in said, said
        assert run("status", **{**env, "IBGW_REDIS_MASTER": "other"})[0] == 3


def test_what_makes_no_sense_alone_is_wrong_usage(tmp_path: Path) -> None:
    for words in (
        ["--redis-sentinel=h:1"],
        ["--redis-master=m"],
        [f"--redis-tls-ca={PROGRAM}"],
        ["--redis-sentinel=h", "--redis-master=m"],
    ):
        status, said = run(*words, "status")
        assert status == 2 and "Traceback" not in said, said


@pytest.mark.skipif(tls_server() is None, reason="no redis-server with TLS (Debian's redis-tools has one)")
def test_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.signed("server", "127.0.0.1")
    port = free_port()
    files = ("--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", authority.ca)
    with EmbeddedRedis("--tls-port", str(port), *files, program=tls_server()):
        ours = authority.signed("operator")
        env = {"REDIS_PORT": str(port), "IBGW_REDIS_TLS": "1", "IBGW_REDIS_TLS_CA": authority.ca}
        env |= {"IBGW_REDIS_TLS_CERT": ours[0], "IBGW_REDIS_TLS_KEY": ours[1]}
        status, said = run("doctor", "--timeout=1", **env)
        assert status == 1 and ", over TLS" in said and said.startswith("well redis "), said
        status, said = run("status", **env, IBGW_REDIS_TLS_NAME="other.example")
        assert status == 3 and "is not trusted: its certificate is not for other.example" in said, said
        assert "Traceback" not in said and len(said.splitlines()) == 1
        (tmp_path / "strange").mkdir()
        status, said = run("status", **{**env, "IBGW_REDIS_TLS_CA": Authority(tmp_path / "strange", "stranger").ca})
        assert status == 3 and "--redis-tls-ca" in said and len(said.splitlines()) == 1, said
        bare = {key: value for key, value in env.items() if not key.endswith(("CERT", "KEY"))}
        status, said = run("status", **bare)
        assert status == 3 and len(said.splitlines()) == 1, said

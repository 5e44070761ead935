"""ibgwctl as its operator runs it: a process, against a real Redis, a gateway and a simulated TWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ibgw_tx.demo.embedded_redis import free_port
from tests.integration.test_process import wait_for
from tests.kit.operator import NAME, PROGRAM, Operator


def test_a_well_gateway_is_well(operator: Operator) -> None:
    status, said = operator.run("doctor")
    assert status == 0, said
    assert len([line for line in said.splitlines() if line.startswith("well")]) == 11
    assert operator.run("status")[0] == 0


def test_a_gateway_that_is_not_there_is_told_by_the_exit_status(operator: Operator) -> None:
    assert operator.run("status", name="nobody")[0] == 1
    assert operator.run("doctor", "--timeout=1", name="nobody")[0] == 1
    status, said = operator.run("halt", "--yes", name="nobody")
    assert (status, "nothing was sent" in said) == (4, True)
    assert Operator(free_port()).run("status")[0] == 3
    assert operator.run("status", name="a:b")[0] == 2


def test_an_order_from_the_question_to_its_cancel(operator: Operator, keys: Any) -> None:
    order = ("place", "buy", "100", "SMART", "USD-AAPL", "--limit", "150.25", "--client-oid", "hand-1")
    status, said = operator.run(*order, typed="n\n")
    assert (status, "place buy 100 USD-AAPL on SMART, LMT limit 150.25, DAY, as hand-1" in said) == (1, True)
    assert keys.exists(f"URANUS:NASDAQ:{NAME}:O:USD-AAPL") == 0 or operator.run("order", "hand-1")[0] == 1
    status, said = operator.run(*order, typed="y\n")
    assert status == 0, said
    wait_for(lambda: operator.run("order", "hand-1")[0] == 0)
    status, said = operator.run(*order, "--yes")
    assert (status, "duplicate" in said) == (1, True)
    status, said = operator.run("change", "hand-1", "--limit", "151", "--yes")
    assert status == 0, said
    wait_for(lambda: operator.json("order", "hand-1")["p"] == 151)
    assert "hand-1" in operator.run("orders", "--alive")[1]
    assert operator.run("cancel", "hand-1", "--yes")[0] == 0
    wait_for(lambda: not operator.json("order", "hand-1")["alive"])
    assert "hand-1" not in operator.run("orders", "--alive")[1]


def test_halt_and_resume(operator: Operator, keys: Any) -> None:
    assert operator.run("halt", "a test", "--yes")[0] == 0
    assert json.loads(keys.get(f"IBGateway:{NAME}:halt"))["reason"] == "a test"
    status, said = operator.run("place", "buy", "100", "SMART", "USD-AAPL", "--limit", "150", "--yes")
    assert (status, "limit" in said) == (1, True)
    # Whoever looks sees it: orders are refused.
    assert operator.run("doctor")[0] == 1
    assert "HALT in force" in operator.run("status")[1] and "a test" in operator.run("top", "--once")[1]
    assert operator.run("resume", "--yes")[0] == 0
    assert keys.exists(f"IBGateway:{NAME}:halt") == 0
    assert operator.run("cancel-all", "--yes")[0] == 0


def test_contracts_history_balances_and_screens(operator: Operator) -> None:
    assert re.search(r"SEHK +HKD-1137 +STK +72276551", operator.run("find", "stk", "1137", "--exchange", "sehk")[1])
    status, said = operator.run("history", "SEHK", "HKD-1137", "--bar-size", "1 hour", "--duration", "2 D")
    assert (status, "┤" in said) == (0, True), said
    assert operator.json("history", "SEHK", "HKD-1137", "--bar-size", "1 hour", "--duration", "2 D")
    assert operator.json("balance")["USD"]["type"] == "cash"
    wait_for(lambda: "NASDAQ:STK:USD-AAPL" in operator.run("pnl")[1])
    told = operator.json("pnl")
    assert told["account"] == "DU1000001" and "unrealized" in told["positions"]["NASDAQ:STK:USD-AAPL"]
    assert operator.run("pnl", "--account", "DU0")[0] == 1
    assert f"{NAME}  TRUE " in operator.run("top", "--once")[1]
    assert operator.run("fills")[0] == 0
    assert operator.json("watch", "--heartbeats", "--for", "3")["message"]["type"] == "heartbeat"


def test_a_book_is_a_ladder(operator: Operator, keys: Any) -> None:
    status, said = operator.run("book", "SEHK", "HKD-5")
    assert (status, "ibgwctl subscribe SEHK HKD-5" in said) == (1, True)
    keys.set("URANUS:TEST:HKD-5:orderbook", '[[{"p":9.5,"s":5}],[{"p":10,"s":1}],1619827200123]')
    status, said = operator.run("book", "test", "HKD-5", "--once")
    assert (status, "spread 0.5" in said, "10.0" in said) == (0, True, True)


def test_what_is_subscribed_here_is_shown_here(operator: Operator) -> None:
    status, said = operator.run("subscribe", "sehk", "HKD-1137")
    assert (status, "ibgwctl book SEHK HKD-1137" in said) == (0, True), said
    assert operator.json("book", "SEHK", "HKD-1137")[0]
    assert re.search(r"SEHK HKD-1137 .* [\d.]+ s", operator.run("top", "--once")[1])
    assert operator.run("subscribe", "SMART", "USD-AAPL", "--top")[0] == 0
    status, said = operator.run("trades", "NASDAQ", "USD-AAPL", "--for", "5")
    assert (status, "nobody" in said) == (0, False)
    assert re.search(r"^\d\d:\d\d:\d\d  (buy|sell) .* at [\d.]+$", said, re.MULTILINE), said
    assert "nobody has subscribed its trades" in operator.run("trades", "SEHK", "HKD-1137", "--for", "0.1")[1]
    assert operator.run("unsubscribe", "SEHK", "HKD-1137")[0] == 0
    assert operator.run("unsubscribe", "SEHK", "HKD-1137")[0] == 1
    assert operator.run("unsubscribe", "NASDAQ", "USD-AAPL", "--top")[0] == 0


def test_an_order_that_is_executed_is_seen_with_its_price(operator: Operator, keys: Any) -> None:
    with ThreadPoolExecutor() as aside:
        watched = aside.submit(operator.run, "watch", "--for", "8")
        wait_for(lambda: keys.pubsub_numsub(f"IBGateway:{NAME}:fills")[0][1] or keys.pubsub_numpat())
        status, said = operator.run("place", "buy", "100", "SMART", "USD-AAPL", "--client-oid", "filled-1", "--yes")
        seen = {line.split()[1]: line for line in watched.result()[1].splitlines()}
    assert {"done", "order", "fill"} <= set(seen), seen
    assert re.search(r"buy [\d,]+ USD-AAPL at [\d.]+, commission [\d.]+ USD$", seen["fill"]), seen
    assert (status, "buy 100 USD-AAPL on NASDAQ, MKT, DAY: " in said) == (0, True), said
    wait_for(lambda: operator.json("order", "filled-1").get("commission"))
    said = operator.run("fills")[1]
    assert re.search(r"filled-1 +NASDAQ +USD-AAPL +buy +100 +100 +[\d.]+ +[\d.]+ USD +Filled", said), said
    told = operator.run("order", "filled-1")[1]
    assert "conId       265598" in re.sub(r" {2,}", "       ", told) and "UTC" in told
    status, said = operator.run("place", "buy", "100", "SMART", "USD-AAPL", "--what-if")
    assert (status, "initMarginChange" in said) == (0, True), said


def test_the_gateways_name_may_stand_behind_the_command_too(operator: Operator) -> None:
    assert operator.run("status", "--name", NAME, name="")[0] == 0
    assert operator.run("status", name="")[0] == 2


def test_a_user_who_may_only_read_sees_what_there_is(operator: Operator, keys: Any) -> None:
    keys.execute_command("ACL", "SETUSER", "looks", "on", ">pw", "~*", "&*", "+@read", "+ping", "+time", "+pubsub", "-publish")
    try:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
        env = {**clean, "REDIS_PORT": str(operator.port), "TWS_GATEWAY_NAME": NAME, "REDIS_PSWD": "pw"}
        for words in (["top", "--once"], ["doctor"], ["orders"], ["balance"], ["status"]):
            command = [PROGRAM, "--redis-user", "looks", *words]
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == (1 if words == ["doctor"] else 0), done.stdout + done.stderr
            assert not done.stderr, done.stderr
    finally:
        keys.execute_command("ACL", "DELUSER", "looks")


def test_words_of_others_do_not_reach_the_terminal_as_they_are(operator: Operator, keys: Any) -> None:
    evil = {"i": "1", "client_oid": "\x1b[31mred", "status": "\x07", "alive": True, "T": "buy"}
    keys.hset(f"URANUS:TEST:{NAME}:O:USD-EVIL", "1", json.dumps(evil))
    try:
        for words in (("orders",), ("order", "1"), ("top", "--once")):
            said = operator.run(*words)[1]
            assert "red" in said and "\x1b" not in said and "\x07" not in said
    finally:
        keys.delete(f"URANUS:TEST:{NAME}:O:USD-EVIL")


def test_completion_knows_the_commands(operator: Operator) -> None:
    assert "_IBGWCTL_COMPLETE" in operator.run("completion", "bash")[1]

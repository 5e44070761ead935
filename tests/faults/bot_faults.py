"""What bots do to a gateway."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

from tests.faults.checks import Command
from tests.faults.scenario import fault
from tests.faults.stage import Stage, Violation
from tests.faults.view import AAPL

FUZZED, AT_ONCE, HUGE = 400, 10_000, 10_000_000
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, -1e308, 10**40, "", "x" * 300, "\0\n\x1b[2J", "NaN", [], [[]], {}, {"a": {"b": []}}, "ÄÖÜ💥",
)
NAMES = ("PLACE_ORDER", "CANCEL_ORDER", "CANCEL_ORDERS", "SUB_ODBK", "UNSUB_ODBK", "SUB_TOP", "UNSUB_TOP", "FIND_CONTRACTS",
         "FIND_CHAIN", "FIND_HISTORY", "SUB_BARS", "EXERCISE", "SNAPSHOT", "place_order", "", "NOPE")  # fmt: skip


@fault("400 fuzzed commands", "Each is refused with one sentence and has no effect, or is what it says", once=True)
def fuzzed(stage: Stage) -> None:
    dice = random.Random(stage.seed)
    for number in range(FUZZED):
        said = _fuzzed(dice)
        if dice.random() < 0.25:
            text = json.dumps({"id": f"broken:{number}", **said})
            at = dice.randrange(len(text))
            broken = text[:at] + dice.choice(("", "}", "\\", "\x00", '"')) + text[at + 2 :]
            stage.client.publish(f"IBGateway:{stage.name}:CMD", broken)
        else:
            stage.bot.send("other", "", said, via=dice.choice(("CMD", "CMDS")))
        time.sleep(0.02)


def _fuzzed(dice: random.Random) -> dict[str, Any]:
    """A command like one, with things in it that are none. No contract of the day's is named right: nothing trades."""
    order = {"T": "buy", "s": 100, "p": 1.0, "client_oid": f"fuzz-{dice.random()}", "i": 12345, "orderType": "LMT", "tif": "DAY"}
    contract = {"conId": 265598, "exchange": "NOWHERE", "secType": "STK", "symbol": "AAPL", "currency": "USD"}
    params: dict[str, Any] = {"contract": contract, "order": order, "client_oid": "fuzz-nobody", "exchange": "SEHK",
                              "showName": "HKD-7", "barSize": "1 day", "duration": "1 D", "types": ["x"]}  # fmt: skip
    for _ in range(dice.randint(1, 5)):
        part = dice.choice((params, order, contract))
        if part and dice.random() < 0.5:
            part.pop(dice.choice(list(part)))
        elif part:
            part[dice.choice(list(part))] = dice.choice(ODD)
    order.pop("client_oid", None) if dice.random() < 0.2 else None
    return {"cmd": dice.choice(NAMES), "params": dice.choice((params, params, params, *ODD))}


@fault("10,000 commands at once",
       "Each has its one acknowledgement; TWS's message rate is kept, the session stands; orders are told up to 5 s later",
       within=60, settles=150, env={"IBGW_EVENTS": "200000"})  # fmt: skip
def at_once(stage: Stage) -> None:
    begun = time.time()
    # What TWS says meanwhile is read between the commands, and later than else.
    stage.watch.allow = 5.0
    sent = []
    for number in range(AT_ONCE):
        name = f"flood-{stage.seed}-{number}"
        if number % 50:
            sent.append(_command(stage, "other", "", {"cmd": "CANCEL_ORDER", "params": {"client_oid": name}}))
        else:
            order = {"T": "buy", "s": 1, "p": 150.0, "client_oid": name}
            params = {"contract": AAPL.contract, "order": order}
            sent.append(_command(stage, "new", name, {"cmd": "PLACE_ORDER", "params": params}))
    pipe = stage.client.pipeline(transaction=False)
    for each in sent:
        pipe.publish(f"IBGateway:{stage.name}:CMD", json.dumps(each.json))
    for each, heard in zip(sent, pipe.execute(), strict=True):
        each.heard = heard == 1
    ids = {each.id for each in sent}
    missing = lambda: ids - {ack["id"] for ack in list(stage.watch.acks)}  # noqa: E731
    try:
        stage.until(lambda: not missing(), 60, "an acknowledgement of each of 10,000 commands")
    except Violation as error:
        raise Violation(f"{error}\nmissing: {sorted(missing())[:50]}") from None
    stage.say(f"all acknowledged after {time.time() - begun:.1f} s")


def _command(stage: Stage, what: str, name: str, said: dict[str, Any]) -> Command:
    """One more of the bot's commands, not sent yet."""
    with stage.bot._lock:
        if what == "new":
            stage.bot.knows(name, AAPL, said["params"]["order"]["p"], said["params"]["order"]["s"])
        made = Command(f"{stage.bot.tag}:extra:{len(stage.bot.commands)}", what, name, "CMD", time.time())
        made.json = {"id": made.id, **said}
        stage.bot.commands.append(made)
    return made


@fault("commands of 10 MB", "Each is refused with one sentence; nothing else waits for it", once=True)
def huge(stage: Stage) -> None:
    for filler in ({"padding": "x" * HUGE}, {"padding": [0] * (HUGE // 3)}):
        text = json.dumps({"id": "huge", "cmd": "SUB_ODBK", "params": filler})
        stage.client.publish(f"IBGateway:{stage.name}:CMD", text)
        stage.client.xadd(f"IBGateway:{stage.name}:CMDS", {"json": text})
        stage.wait(3)
    # Nobody reads so long a text for its id.
    answers = lambda: [each for each in list(stage.watch.acks) if each["id"] in (None, "huge")]  # noqa: E731
    stage.until(lambda: len(answers()) >= 4, 20, "acknowledgements of four commands of 10 MB")
    acks = answers()
    if len(acks) != 4 or any(each["ok"] or "bytes; the limit is" not in each["err"] for each in acks):
        raise Violation(f"four commands of 10 MB had these acknowledgements: {acks}")


@fault("the same order by three bots at once", "It is placed once; the others hear that it is there")
def three_bots(stage: Stage) -> None:
    for number in range(15):
        name = f"three-{stage.seed}-{number}"
        order = {"T": "buy", "s": 1, "p": 150.0 + number, "client_oid": name}
        said = {"cmd": "PLACE_ORDER", "params": {"contract": AAPL.contract, "order": order}}
        made = [_command(stage, "new", name, said) for _ in range(3)]
        gate = threading.Barrier(3)
        threads = [threading.Thread(target=_publish, args=(stage, gate, each)) for each in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stage.wait(0.3)
        taken = [ack for each in made for ack in list(stage.watch.acks) if ack["id"] == each.id and ack["ok"]]
        if len(taken) > 1:
            raise Violation(f"{name} was taken more than once: {taken}")


def _publish(stage: Stage, gate: threading.Barrier, command: Command) -> None:
    gate.wait(5)
    command.heard = stage.client.publish(f"IBGateway:{stage.name}:CMD", json.dumps(command.json)) == 1

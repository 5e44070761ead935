"""What TWS, and the way to it, does to a gateway."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from tests.faults.framing import Between, packed
from tests.faults.scenario import fault
from tests.faults.stage import Stage, Violation
from tests.faults.view import AAPL, TENCENT

LATE = 20.0  # seconds
BETWEEN = 300  # what a share of AAPL is less worth than, and one of 700 more


@fault("the socket to TWS is cut",
       "Flags and status go at once; a new session within 25 s has every order and fill as TWS has it")  # fmt: skip
def socket_cut(stage: Stage) -> None:
    begun = time.time()
    stage.tws_cable.cut()
    stage.gap(begun, bytes=True)


@fault("the link to TWS is silent (half-open) for 40 s",
       "The status is false after 10 s of silence, the connection is dropped after 30 s; what was sent into the silence is told "
       "as it is, or as Unknown", within=45)  # fmt: skip
def silent_link(stage: Stage) -> None:
    begun = time.time()
    stage.watch.allow = 12.0  # a silence is known as one after 10 s
    stage.tws_cable.flows.clear()
    stage.wait(40)
    stage.tws_cable.flows.set()
    stage.gap(begun, bytes=True)


@fault("TWS restarts, with lower order ids", "No id is given twice, no order is taken for another")
def restart(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("restart 500 8")
    stage.wait(8)
    stage.gap(begun, bytes=True)


@fault("the nightly reset (1100, farms, 1102)",
       "Nothing is trusted while IB is away; books and orders are asked anew when it is back")  # fmt: skip
def nightly(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("nightly 15")
    stage.wait(15)
    stage.gap(begun, bytes=True)


@fault("1100, then 1101 (data lost)", "The same; every subscription is made anew")
def lost_data(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("1100")
    stage.wait(8)
    stage.sim.ask("1101")
    stage.gap(begun, bytes=True)


@fault("1100, then the socket is cut", "The same, by a new session")
def lost_and_cut(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("1100")
    stage.wait(5)
    stage.sim.ask("drop")
    stage.sim.ask("1102")
    stage.gap(begun, bytes=True)


@fault("TWS is up and waits for its login", "A greeting without an answer is given up and tried again until there is one")
def before_login(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("stall on")
    stage.sim.ask("drop")
    stage.wait(35)
    stage.sim.ask("stall off")
    stage.gap(begun, bytes=True)


@fault("the client id is in use for a minute", "It is tried again every 20 s with the same id, never with another")
def id_in_use(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("refuse on")
    stage.tws_cable.cut()
    stage.wait(1)
    stage.sim.ask("refuse off")
    with socket.create_connection(("127.0.0.1", stage.sim.port), 5) as rival:
        rival.sendall(b"API\0" + packed(b"v100..151"))
        stage.wait(0.5)
        rival.sendall(packed(b"71\0002\0000\0\0"))
        stage.wait(60)
    stage.gap(begun, bytes=True)
    if not any("already in use" in line or "326" in line for line in stage.gateway.lines()):
        raise Violation("the log does not say that the client id is in use")


@fault("somebody makes the API read-only", "Orders are refused with TWS's words, what lives goes on and is told", within=40)
def read_only(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("read-only 15")
    stage.wait(15)
    stage.gap(begun, bytes=True)


@fault("TWS complains of too many messages (100)", "It slows down for a while; nothing is lost and nothing sent twice")
def paced(stage: Stage) -> None:
    for _ in range(5):
        stage.sim.ask("error 100 Max rate of messages per second has been exceeded:max=50 rec=60 (2)")
        stage.wait(1)


@fault("317, 309 and 354 while a farm is away", "A refusal in an outage ends no book: it is asked for when the farm is back")
def refused_in_outage(stage: Stage) -> None:
    begun = time.time()
    stage.sim.ask("farm-down usfarm")
    stage.sim.ask("317 AAPL")
    stage.sim.ask("fail reqMktDepth 309 Max number (3) of market depth requests has been reached")
    stage.sim.ask("fail reqMktDepth 354 Requested market data is not subscribed.")
    stage.tws_cable.cut()
    stage.wait(30)
    stage.sim.ask("farm-up usfarm")
    stage.gap(begun, bytes=True)


@fault("a market-data farm is broken for a while", "Its books are emptied, all else goes on; they are whole when it is back")
def broken_farm(stage: Stage) -> None:
    stage.sim.ask("farm-down usfarm")
    stage.wait(2)
    book = stage.watch.view.books[AAPL.con_id] if stage.watch.view else None
    if book is None or book[0] or book[1]:
        raise Violation(f"the farm is broken, and the book has rows: {book}")
    stage.wait(13)
    stage.sim.ask("farm-up usfarm")


@fault("every byte comes in a segment of its own", "Nothing is taken for another thing, or lost")
def split(stage: Stage) -> None:
    # ibsim itself is late: it needs thousands of writes a second.
    stage.watch.allow = 10.0
    stage.sim.ask("split 20")
    stage.wait(20)


@fault("messages that nobody knows, and some that cannot be read",
       "Each is skipped and told in the log, the session goes on", odd=True)  # fmt: skip
def unknown_messages(stage: Stage) -> None:
    raw = stage.version >= 201
    odd = [b"999\0001\0what\0is this\0", b"5\0nonsense\0", b"11\0\0\0\0", b"12\0one\0two\0", b"\xff\xfe\xfd\0", b"3\0x\0"]
    if raw:
        numbers = (999, 203, 211, 212, 205, 90_000)
        odd = [struct.pack(">I", number) + text for number, text in zip(numbers, odd, strict=True)]
    sessions = _sessions(stage)
    hook = Between()
    stage.tws_cable.to_client = hook
    for each in odd * 3:
        hook.waiting.append(packed(each))
        stage.wait(0.2)
    stage.until(lambda: not hook.waiting, 10, "TWS says something in between")
    stage.tws_cable.to_client = bytes
    if _sessions(stage) != sessions:
        raise Violation("a message that could not be read ended the session")


@fault("garbage and a truncated message on the line", "The connection is given up, a new one is whole", odd=True)
def garbage(stage: Stage) -> None:
    begun = time.time()
    for data in (b"\xff\xff\xff\xff" + bytes(range(256)), b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        hook = Between([data])
        stage.tws_cable.to_client = hook
        sessions = _sessions(stage)
        stage.until(lambda before=sessions: _sessions(stage) > before, 60, "a new session after garbage")  # type: ignore[misc]
        stage.tws_cable.to_client = bytes
        stage.until(lambda: stage.watch.view is not None and stage.watch.view.whole, 30, "trusted orders after garbage")
    hook = Between([packed(b"4\0002\0")[:7]])
    stage.tws_cable.to_client = hook
    stage.until(lambda: not hook.waiting, 10, "a message to cut short")
    stage.tws_cable.cut()
    stage.tws_cable.to_client = bytes
    stage.gap(begun, bytes=True, grace=30)


@fault("parts of a snapshot never end", "No list without an end is taken for one: orders are not trusted until each has ended",
       within=150)  # fmt: skip
def endless_snapshot(stage: Stage) -> None:
    begun = time.time()
    for part in ("openOrderEnd", "executionDataEnd", "positionEnd", "acctDownloadEnd"):
        stage.sim.ask(f"lose {part}")
    stage.tws_cable.cut()
    stage.gap(begun, bytes=True)


@fault("answers of two questions come interleaved", "Each answer is told under its own question")
def interleaved(stage: Stage) -> None:
    asked = {}
    for turn in range(6):
        # The answer to the first of two questions comes in the midst of the second's.
        for part in ("contractData", "contractDataEnd", "historicalData", "historicalDataEnd"):
            stage.sim.ask(f"delay {part} 0.7")
        for each, symbol in ((AAPL, "AAPL"), (TENCENT, "700")):
            said = {"cmd": "FIND_CONTRACTS", "params": {"contract": each.contract}}
            asked[stage.bot.send("other", "", said, via="CMD").id] = symbol
            bars = {"contract": each.contract, "barSize": "1 day", "duration": f"{turn + 2} D"}
            asked[stage.bot.send("other", "", {"cmd": "FIND_HISTORY", "params": bars}, via="CMD").id] = symbol
        stage.wait(2)
    try:
        stage.until(lambda: set(asked) <= _answered(stage), 60, "an answer to every question")
    except Violation as error:
        raise Violation(f"{error}\nno answer: {sorted(set(asked) - _answered(stage))}") from None
    for result in stage.watch.answers:
        if result.get("id") in asked and not _is_about(asked[result["id"]], result):
            raise Violation(f"the answer about {asked[result['id']]} is about something else: {result}")


@fault("TWS is slow: every answer is 20 s late", "Nothing is made up meanwhile; orders without an answer are told as such",
       within=90, settles=150, options={"sim_options": ("--message-rate=0",)})  # fmt: skip
def slow(stage: Stage) -> None:
    begun = time.time()
    stage.watch.allow = LATE + 12
    stage.sim.ask(f"late {LATE:g}")
    stage.wait(60)
    stage.sim.ask("late 0")
    stage.wait(LATE + 10)
    stage.gap(begun, bytes=True)


def _is_about(symbol: str, result: dict[str, Any]) -> bool:
    """Contracts say it; bars show it: the one is worth some 200, the other some 400."""
    if "bars" in result:
        return bool(result["bars"]) and all((bar[4] < BETWEEN) == (symbol == "AAPL") for bar in result["bars"])
    return symbol in json.dumps(result)


def _sessions(stage: Stage) -> int:
    return sum(" ready: client id" in line for line in stage.gateway.lines())


def _answered(stage: Stage) -> set[str]:
    return {told["id"] for told in list(stage.watch.answers) if told.get("id")}

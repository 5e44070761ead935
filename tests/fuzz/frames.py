"""TWS as a fuzzer would have it: frames of either dialect into a gateway at work, whole or in pieces, before or after its start.

The input: one byte of flags, then the very bytes of the socket. What has to hold: nothing is raised; a message that
cannot be read is skipped, counted and logged, and everything else is as if it had not been sent; nothing is published
that the interface does not promise; and a new session with a TWS that is well makes all of it whole.
"""

from __future__ import annotations

import traceback
from itertools import zip_longest
from typing import Any

from google.protobuf.message import DecodeError
from ibapi.utils import BadMessage

from ibgw_tx.tws.frames import FrameSplitter, FrameTooLong, frame
from tests.fuzz.stage import PROTOBUF, TEXT, Stage, Violated, twice

#: Flags: the dialect; a session that has not started yet; in small pieces; a whole new session afterwards.
IN_PROTOBUF, EARLY, IN_PIECES, HEAL = 1, 2, 4, 8
LONGEST = 16_384
PIECE = 3
SKIPPED = "message from TWS at"
#: What an unreadable message may raise where it is read.
DECLARED = (ValueError, LookupError, ArithmeticError, StopIteration, DecodeError, BadMessage)
#: Beyond the reading: what raises there has taken half of a message.
_BEYOND = ("ibgw_tx/gateway.py", "ibgw_tx/listeners.py")


@twice
def check(data: bytes) -> None:
    """One input. Raises Violated, or whatever the gateway raises."""
    if not data or len(data) > LONGEST:
        return
    flags, stream = data[0], data[1:]
    stage = Stage.made(PROTOBUF if flags & IN_PROTOBUF else TEXT)
    good, bad, rest = list[bytes](), list[bytes](), b""
    with stage.watched():
        if flags & EARLY:
            _early(stage, stream, flags)
        else:
            good, bad, rest = _taken(stage, stream, flags)
        stage.market.settle()
        left = _left(stage)
        _look(stage)
        if flags & (HEAL | EARLY):
            _heals(stage)
    if bad:
        _check_trace(stage.version, good, bad, rest, left)


def _look(stage: Stage) -> None:
    failures, stage.failures = stage.failures, []
    for event in failures:
        if not str(event.get("log_format", "")).startswith(SKIPPED):
            raise Violated(f"{event.get('log_format')}: {event.get('log_failure')}")
        _check_skip(event["log_failure"])
    stage.check_said()
    stage.check_kept()


def _check_skip(failure: Any) -> None:
    frames = traceback.extract_tb(failure.getTracebackObject())
    beyond = [each for each in frames if each.filename.endswith(_BEYOND)]
    if beyond or not isinstance(failure.value, DECLARED):
        said = "".join(traceback.format_list(frames))
        raise Violated(f"{type(failure.value).__name__}: {failure.value}\n{said}")


def _say(stage: Stage, data: bytes) -> None:
    session = stage.session
    if session is not None:
        # Each that is skipped is to be logged.
        session._incoming.bad_messages = 0
        session.dataReceived(data)


def _left(stage: Stage) -> Any:
    """What bots see of it all."""
    said = [each for each in stage.market.said if each[0].endswith((":O_channel", ":fills", ":full_odbk_channel"))]
    return stage.orders(), said


def _check_trace(version: int, good: list[bytes], bad: list[bytes], rest: bytes, left: Any) -> None:
    """The rest alone comes to the same: what could not be read has not been there."""
    twin = Stage.made(version, fresh=bool(good or rest))
    with twin.watched():
        for payload in good:
            _say(twin, frame(payload))
        _say(twin, rest)
        twin.market.settle()
    alone = _left(twin)
    if left != alone:
        (orders, said), (orders_alone, said_alone) = left, alone
        apart = [(each, other) for each, other in zip_longest(said, said_alone) if each != other]
        apart += [(key, orders.get(key), orders_alone.get(key)) for key in orders if orders.get(key) != orders_alone.get(key)]
        raise Violated(f"a message that was skipped left a trace: {bad}, with it and without: {apart}")


def _taken(stage: Stage, stream: bytes, flags: int) -> tuple[list[bytes], list[bytes], bytes]:
    """Say it all; the messages that were taken, those that were skipped, and what was no whole message."""
    splitter = FrameSplitter()
    good: list[bytes] = []
    bad: list[bytes] = []
    try:
        frames = splitter.feed(stream)
    except FrameTooLong as error:
        frames = error.frames
    for payload in frames:
        was, before, whole = stage.session, len(stage.failures), frame(payload)
        step = PIECE if flags & IN_PIECES and len(whole) < 200 else len(whole)
        for at in range(0, len(whole), step):
            _say(stage, whole[at : at + step])
        (bad if len(stage.failures) > before else good).append(payload)
        if stage.session is not was:
            return good, bad, b""
    rest = stream[sum(len(each) + 4 for each in frames) :]
    _say(stage, rest)
    return good, bad, rest


def _early(stage: Stage, stream: bytes, flags: int) -> None:
    """A session that has only been connected: whatever comes, the greeting may be in it."""
    market = stage.market
    market.life.cut()
    market.life.connect(market.bench)
    # The true TWS says nothing to it.
    market.life.line.connectionLost()
    market.life.line = market.life.pipe = None
    step = PIECE if flags & IN_PIECES else len(stream) or 1
    for at in range(0, len(stream), step):
        _say(stage, stream[at : at + step])
    market.life.reactor.advance(0)


def _heals(stage: Stage) -> None:
    """A new session, with a TWS that is well, mends whatever was said."""
    market = stage.market
    market.life.cut()
    market.connect()
    market.passes(3)
    _look(stage)
    if not (market.status and market.is_trusted):
        raise Violated(f"not whole again: {market.life.gateway.standing.reasons}, trusted: {market.is_trusted}")

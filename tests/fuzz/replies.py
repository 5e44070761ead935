"""Redis as a fuzzer would have it: what comes on each of the gateway's connections, before and after it is ready.

The input: one byte of flags, then the very bytes of the socket. What has to hold: nothing is raised; a reply that is
none, or that nobody asked for, ends the connection with one line; no counter goes astray; and a new connection to a
Redis that is well works. And what the gateway writes is what Redis reads: the same bytes, as a channel and a message.
"""

from __future__ import annotations

import importlib
from typing import Any

import hiredis
from twisted.logger import LogLevel, globalLogPublisher

from ibgw_tx.redis import resp
from ibgw_tx.streams.entries import entries, place_of
from tests.fuzz.stage import Violated
from tests.kit.redis_wire import Place

#: Flags: which connection (2 bits; 3 is a plain one again), not ready yet, in small pieces, commands are open.
WHICH, EARLY, IN_PIECES, ASKED = 3, 4, 8, 16
LONGEST, PIECE = 16_384, 3


def check(data: bytes) -> None:
    """One input. Raises Violated, or whatever the gateway raises."""
    if not data or len(data) > LONGEST:
        return
    flags, stream = data[0], data[1:]
    _check_written(stream)
    failures: list[Any] = []

    def observe(event: dict[str, Any]) -> None:
        if "log_failure" in event or event.get("log_level") is LogLevel.critical:
            failures.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        _connection(flags, stream)
    finally:
        globalLogPublisher.removeObserver(observe)
        _forget_calls()
    if failures:
        raise Violated(f"{failures[0].get('log_format')}: {failures[0].get('log_failure')}")


def _forget_calls() -> None:
    """What txredisapi has put off to a turn of the reactor that never comes."""
    reactor: Any = importlib.import_module("twisted.internet.reactor")
    for call in reactor.getDelayedCalls():
        call.cancel()
    reactor.runUntilCurrent()


def _connection(flags: int, stream: bytes) -> None:
    place, number = Place(), flags & WHICH if flags & WHICH < 3 else 0
    heard: list[bytes] = []
    place.link.on_message = heard.append
    server = place.connect(number) if flags & EARLY else place.ready(number)
    answers: list[Any] = []
    if flags & ASKED and not flags & EARLY:
        _ask(place, number, answers)
    step = PIECE if flags & IN_PIECES else len(stream) or 1
    for at in range(0, len(stream), step):
        if server.wire.protocol is None:
            break
        server.protocol.dataReceived(stream[at : at + step])
        _check_counts(place, server)
    for message in heard:
        if not isinstance(message, bytes):
            raise Violated(f"a command that is no text: {message!r}")
    place.clock.advance(60)
    if server.wire.protocol is not None:
        server.wire.end()
    if flags & ASKED and not flags & EARLY and number == 0 and len(answers) != 3:
        raise Violated(f"3 asked, {len(answers)} answered")
    if any(place.link.unanswered.values()) or list(place.link.connections.values())[number]:
        raise Violated(f"an ended connection: {place.link.unanswered} {place.link.connections}")
    again = place.ready(number, run=2)
    if again.wire.aborted or not list(place.link.connections.values())[number]:
        raise Violated("a new connection is not ready")
    again.wire.end()


def _ask(place: Place, number: int, answers: list[Any]) -> None:
    if number == 0:
        for words in (("GET", "a"), ("HGETALL", "b"), ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">")):
            place.link.call(*words).addCallback(_entries).addBoth(answers.append)
    elif number == 2 and place.link.books is not None:
        place.link.books.send(resp.publish_command("c", b"m") * 3, 3)


def _entries(reply: Any) -> Any:
    """As the stream of commands reads it."""
    try:
        return [(place_of(entry_id), message) for entry_id, message in entries(reply)]
    except (TypeError, ValueError, AttributeError, IndexError):
        return None


def _check_counts(place: Place, server: Any) -> None:
    if server.wire.protocol is None:
        return
    protocol = server.protocol
    in_flight = getattr(protocol, "in_flight", 0)
    if in_flight < 0:
        raise Violated(f"{in_flight} books are unanswered")


def _check_written(stream: bytes) -> None:
    """What is written is one command each, with the same words."""
    channel, message = stream[: len(stream) // 3].decode("latin-1"), stream[len(stream) // 3 :]
    name = channel.encode()
    for written, words in (
        (resp.publish_command(channel, message), [b"PUBLISH", name, message]),
        (resp.publish_with(resp.publish_head(channel), message), [b"PUBLISH", name, message]),
        (resp.set_command(channel, message), [b"SET", name, message]),
        (resp.delete_command(channel), [b"DEL", name]),
    ):
        reader = hiredis.Reader()
        reader.feed(written)
        if reader.gets() != words or reader.gets() is not False:
            raise Violated(f"{written!r} is not {words}")

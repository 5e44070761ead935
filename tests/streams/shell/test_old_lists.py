"""Entries of the stream of commands are carried out once, whatever connections say in which order."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ibgw_tx.streams.shell.command_stream import CommandStream

KEY = b"IBGateway:demo:CMDS"


class Connection:
    """Redis' end of the connection that waits for entries: questions as (words, Deferred)."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[Any, ...], Deferred[Any]]] = []

    def execute_command(self, *words: Any) -> Deferred[Any]:
        self.asked.append((words, Deferred()))
        return self.asked[-1][1]

    def answer(self, reply: Any) -> None:
        self.asked.pop(0)[1].callback(reply)


class Redis:
    """The link: transactions wait until `carry_out`."""

    up = True

    def __init__(self) -> None:
        self.transactions: list[tuple[list[Any], Deferred[Any]]] = []

    def open(self, ready: Any, lost: Any, trouble: Any) -> Redis:
        self.ready, self.lost = ready, lost
        return self

    def transaction(self, commands: list[Any]) -> Deferred[Any]:
        self.transactions.append((commands, Deferred()))
        return self.transactions[-1][1]

    def carry_out(self) -> list[Any]:
        commands, done = self.transactions.pop(0)
        done.callback([1] * len(commands))
        return commands


class World:
    def __init__(self) -> None:
        self.clock, self.redis = Clock(), Redis()
        self.taken: list[Any] = []
        self.stream = CommandStream(
            "demo", self.redis, self._dispatch, lambda ack: [("PUBLISH", ack)], lambda: True, self.clock, lambda: 1000  # type: ignore[arg-type]
        )
        self.stream.startService()

    def _dispatch(self, message: Any, entry: Any) -> None:
        self.taken.append(entry.id)
        entry.reply(b"refused")

    def connect(self) -> Connection:
        connection = Connection()
        self.redis.ready(connection)
        connection.answer("OK")  # the group is there
        return connection


def listed(*ids: str) -> list[Any]:
    """XREADGROUP's answer."""
    return [[KEY, [[each.encode(), [b"json", b"{}"]] for each in ids]]]


@pytest.fixture
def world() -> World:
    return World()


def test_an_entry_of_a_former_life_is_taken_once(world: World) -> None:
    connection = world.connect()
    connection.answer(listed("5-0"))
    connection.answer(listed())
    world.clock.advance(0.5)
    assert world.taken == ["5-0"]
    assert world.redis.carry_out()[-1][0] == "XACK"
    world.clock.advance(5)
    assert world.taken == ["5-0"]


def test_a_list_that_is_older_than_the_acknowledgement_takes_nothing_twice(world: World) -> None:
    # Seen in the fault campaign: Redis had stood still for a minute, and a command was acknowledged twice.
    first = world.connect()
    first.answer(listed("5-0"))
    first.answer(listed())
    world.redis.lost()
    second = world.connect()
    world.clock.advance(0.5)
    assert world.taken == ["5-0"]
    world.redis.carry_out()
    # The list was made before XACK was carried out, on another connection, and arrives behind it.
    second.answer(listed("5-0", "6-0"))
    second.answer(listed())
    world.clock.advance(0.5)
    assert world.taken == ["5-0", "6-0"]

"""Commands from Redis: one message in, one checked `Command` or one refusal out; and the replies. Pure; times in ms.

A message is `{"id":…, "cmd":"…", "params":{…}}`; the params may stand beside `cmd` instead. Section 8 of the interface.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs

from ibgw_tx.model import errors
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.errors import CommandError
from ibgw_tx.model.nearest import did_you_mean

CommandId: TypeAlias = str | int | float | None

#: bytes; a command is small, and parsing must not hold the reactor.
MAX_SIZE = 1_000_000

#: A `t` below is one in seconds, one above one in micro- or nanoseconds: no ms of our days lies there.
_SECONDS, _MICROSECONDS = 10**11, 10**14
_AGELESS = (
    "how old this entry is cannot be told: its id lies, or lay, ahead of the clock, and it was added while the gateway did not "
    "listen; a t in the command tells its age"
)
_FRAME = frozenset({"id", "cmd", "params", "t"})


@attrs.frozen
class Command:
    """A well-formed command; `params` still has to be understood by whoever carries it out.

    `expires` (ms) is when it must not be carried out any more, because of its `t`; None for never. `entry` is its id in the
    stream of commands, "" for one from the channel. `t` (ms) is when it was sent, None: not said, and nobody knows.
    """

    id: CommandId
    cmd: str
    params: dict[str, Any]
    expires: float | None = None
    entry: str = ""
    t: float | None = None


class Refused(Exception):
    """A message that is no command: what its acknowledgement says."""

    def __init__(self, id: CommandId, cmd: str | None, error: CommandError) -> None:
        super().__init__(error.text)
        self.id = id
        self.cmd = cmd
        self.error = error


def parse(
    message: str | bytes, known: frozenset[str], now: int, max_age: int, entry: str = "", sent: int | None = None
) -> Command:
    """Give the command in `message`. `known` are the names there are, `max_age` ms limits the age of its `t` (0: never).

    `sent` (epoch ms) stands for a `t` that it does not have; an `entry` of the stream with neither is refused for its age.

    Raises Refused (bad_json, bad_command, bad_params, expired) with as much of id and cmd as could be read.
    """
    body = _object(message)
    id_, cmd = body.get("id"), body.get("cmd")
    if type(id_) is not str and type(id_) is not int and not isinstance(id_, float):
        told = cmd if isinstance(cmd, str) else None
        raise Refused(None, told, CommandError(errors.BAD_COMMAND, "id must be a string or a number"))
    if isinstance(id_, float):
        # 12345678901234567890123 and 1.10 are no floats to whoever sent them.
        id_ = id_ if isinstance(id_, jsontext.NumberText) else jsontext.number_as_sent(message, "id")
    if not isinstance(cmd, str) or cmd not in known:
        told = cmd if isinstance(cmd, str) else None
        text = "cmd is missing" if cmd is None else f"there is no command {jsontext.text(cmd)[:100]}{_near(cmd, known)}"
        raise Refused(id_, told, CommandError(errors.BAD_COMMAND, text))
    try:
        if not jsontext.given_once(message, body):
            _check_once(message)
        t = sent if body.get("t") is None else body["t"]
        if t is not None or entry:
            check_age(t, now, max_age, entry)
        expires = t + max_age if max_age and t is not None else None
        return Command(id_, cmd, _params(body), expires, entry, t)
    except CommandError as error:
        raise Refused(id_, cmd, error) from None


def _check_once(message: str | bytes) -> None:
    """Of two quantities the parser would take the last one."""
    try:
        name = jsontext.given_twice(message)
    except ValueError as error:
        raise CommandError(errors.BAD_PARAMS, f"the command cannot be read: {error}") from None
    if name is not None:
        raise CommandError(errors.BAD_PARAMS, f"{jsontext.text(name)[:100]} is given twice")


def _near(cmd: Any, known: frozenset[str]) -> str:
    return did_you_mean(cmd, sorted(known)) if isinstance(cmd, str) else ""


def _object(message: str | bytes) -> dict[str, Any]:
    if len(message) > MAX_SIZE:
        text = f"the message has {len(message)} bytes; the limit is {MAX_SIZE}"
        raise Refused(None, None, CommandError(errors.BAD_JSON, text))
    try:
        body = jsontext.loads_exact(message)
    except ValueError as error:
        body = _with_a_huge_id(message)
        if body is None:
            raise _unread(message, error) from None
    if not isinstance(body, dict):
        raise Refused(None, None, CommandError(errors.BAD_JSON, "a command is a JSON object"))
    return body


def _unread(message: str | bytes, error: ValueError) -> Refused:
    """No JSON to us; a number beyond every double, and half a character, are JSON all the same: the id is told."""
    told = jsontext.members_as_told(message, "id", "cmd") or {}
    cmd = told.get("cmd")
    id_ = told.get("id")
    return Refused(id_, cmd if isinstance(cmd, str) else None, CommandError(errors.BAD_JSON, f"not JSON: {error}"))


def _with_a_huge_id(message: str | bytes) -> dict[str, Any] | None:
    """A command whose id has more digits than a double reaches; None for anything else that is no JSON to us."""
    try:
        id_ = jsontext.number_as_sent(message, "id")
        rest = jsontext.loads_texts(message)
    except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
        return None
    return {**rest, "id": id_}


def check_age(t: Any, now: int, max_age: int, entry: str = "") -> None:
    """Refuse a command that was sent at `t` (epoch ms, None: not said) for its age. Raises CommandError (expired, bad_params).

    An `entry` of the stream may have waited for any time.
    """
    if t is None:
        if entry and max_age:
            raise CommandError(errors.EXPIRED, _AGELESS)
        return
    if isinstance(t, bool) or not isinstance(t, int | float):
        raise CommandError(errors.BAD_PARAMS, f"t must be a number of ms, not {jsontext.text(t)[:100]}")
    if max_age and 0 < t < _SECONDS < now:
        raise CommandError(errors.EXPIRED, f"t is in milliseconds since 1970; {t} looks like seconds")
    if max_age and t >= _MICROSECONDS:
        raise CommandError(errors.BAD_PARAMS, "t is in milliseconds since 1970; this one looks like micro- or nanoseconds")
    if max_age and now - t > max_age:
        raise CommandError(errors.EXPIRED, f"the command is {int(now - t)} ms old; the limit is {max_age} ms")


def _params(body: dict[str, Any]) -> dict[str, Any]:
    params = body.get("params")
    if type(params) is dict and body.keys() <= _FRAME:
        return params
    beside = {member: value for member, value in body.items() if member not in _FRAME}
    if params is None:
        return beside
    if not isinstance(params, dict):
        raise CommandError(errors.BAD_PARAMS, "params must be an object")
    if beside:
        raise CommandError(errors.BAD_PARAMS, f"{_listed(beside)} beside params: put every member in one place")
    return params


def expect_members(params: dict[str, Any], *allowed: str) -> None:
    """Refuse (bad_params) members that a command does not have, by name."""
    unknown = [member for member in params if member not in allowed]
    if unknown:
        there_is = f"; it takes {', '.join(allowed)}" if allowed else "; it takes none"
        near = did_you_mean(unknown[0], allowed) if len(unknown) == 1 else ""
        raise CommandError(errors.BAD_PARAMS, f"unknown params: {_listed(unknown)}{there_is}{near}")


def text_param(params: dict[str, Any], member: str) -> str:
    """A param that must be text when it is there; "" when it is not."""
    value = params.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CommandError(errors.BAD_PARAMS, f"{member} must be a string, not {jsontext.text(value)[:100]}")
    return value


def _listed(members: Any) -> str:
    return ", ".join(sorted(members))[:200]

"""The words of the control port: one line is one kind of trouble, with its arguments. No I/O; trouble.py does the deed.

An answer is lines of text, the last of which is `ok`, `ok: result` or `error: sentence`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from attrs import frozen

from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.ids import In

MESSAGES = {name.lower().replace("_", ""): number for name, number in vars(In).items() if name.isupper()}
LONGEST = 86_400.0  # seconds that anything may be told to last
MOST = 2**31 - 1


class WordError(Exception):
    """What was typed is not a word, or not with these arguments; the text is one sentence."""


@frozen
class Arg:
    """An argument: `kind` reads it with the simulator's catalogue at hand; without `otherwise` it must be said."""

    name: str
    kind: Callable[[str, Any], Any]
    otherwise: Any = None
    optional: bool = False


def _whole(raw: str, _: Any) -> int:
    value = int(raw)
    if not 0 <= value <= MOST:
        raise ValueError(raw)
    return value


def _seconds(raw: str, _: Any) -> float:
    value = float(raw)
    if not 0.0 <= value <= LONGEST:
        raise ValueError(raw)
    return value


def _switch(raw: str, _: Any) -> bool | float:
    """on, off, or for so many seconds."""
    return raw == "on" if raw in ("on", "off") else _seconds(raw, None)


def _text(raw: str, _: Any) -> str:
    return raw


def _message(raw: str, _: Any) -> int:
    """A message by its id or by IB's name for it, e.g. 3 or ORDER_STATUS."""
    found = MESSAGES.get(raw.lower().replace("_", ""))
    return _whole(raw, None) if found is None else found


def _instrument(raw: str, catalogue: Any) -> int:
    """A conId, a symbol (its first instrument in the catalogue) or a local symbol."""
    if raw.isdecimal() and int(raw) in catalogue.instruments:
        return int(raw)
    known = catalogue.by_symbol.get(raw.upper()) or [o for o in catalogue.instruments.values() if o.local_symbol == raw]
    if not known:
        raise ValueError(raw)
    con_id: int = known[0].con_id
    return con_id


def _farm(raw: str, catalogue: Any) -> str:
    if raw not in catalogue.farms():
        raise ValueError(raw)
    return raw


def _optional(name: str, kind: Callable[[str, Any], Any], otherwise: Any) -> Arg:
    return Arg(name, kind, otherwise, optional=True)


@frozen
class Word:
    """`deed` is given the Trouble and the arguments; what it gives back is told behind `ok:` unless None, a list in lines of
    its own. One that only `asks` is not worth a line of the log."""

    name: str
    help: str
    deed: Callable[..., Any]
    args: tuple[Arg, ...] = ()
    asks: bool = False

    @property
    def usage(self) -> str:
        shown = (f"[{arg.name}]" if arg.optional else arg.name for arg in self.args)
        return " ".join([self.name, *shown])


def _notice(code: int) -> Callable[..., None]:
    return lambda trouble, cause: trouble.error(code, say(code, cause=cause))


_ON = _optional("on|off|SECONDS", _switch, True)
_TIMES, _TEXT = _optional("TIMES", _whole, 1), _optional("TEXT", _text, "")
_CAUSE, _FARM = _optional("FARM", _text, "usfarm"), Arg("FARM", _farm)
_WHAT, _MESSAGE, _REQUEST = Arg("INSTRUMENT", _instrument), Arg("MESSAGE", _message), Arg("REQUEST", _text)

WORDS: tuple[Word, ...] = (
    Word("drop", "cut every connection", lambda t: t.drop()),
    Word("silence", "read everything, say nothing", lambda t, on: t.day.switch(t.silence, on), (_ON,)),
    Word("stall", "take connections but never answer the greeting", lambda t, on: t.day.switch(t.stall_handshake, on), (_ON,)),
    Word("refuse", "close new connections at once", lambda t, on: t.day.switch(t.refuse, on), (_ON,)),
    Word("split", "every byte in a segment of its own", lambda t, on: t.day.switch(t.split, on), (_ON,)),
    Word("read-only", "orders are refused (321)", lambda t, on: t.day.switch(t.orders.read_only, on), (_ON,)),
    Word("1100", "TWS loses IB; data stops", lambda t: t.lose_link()),
    Word("1101", "IB is back, data subscriptions are lost", lambda t: t.restore_link(data_kept=False)),
    Word("1102", "IB is back, data subscriptions go on", lambda t: t.restore_link()),
    Word("farm-down", "2103; the farm's data stops", lambda t, farm: t.farm_down(farm), (_FARM,)),
    Word("farm-up", "2119 and 2104; the farm's data goes on", lambda t, farm: t.farm_up(farm), (_FARM,)),
    *(Word(str(code), f"the notice alone: {say(code)[:44]}", _notice(code), (_CAUSE,))
      for code in (2103, 2104, 2105, 2106, 2107, 2108, 2110, 2119, 2157, 2158)),
    Word("317", "depth is reset: subscribers must empty the book", lambda t, what: t.reset_depth(what), (_WHAT,)),
    Word("316", "depth is halted: its subscriptions are dead", lambda t, what: t.halt_depth(what), (_WHAT,)),
    Word("reject", "the next order, or modify, is refused", lambda t, code, text: t.orders.reject_next_order(code, text),
         (_optional("CODE", _whole, 201), _TEXT)),
    Word("fail", "the next request of a name gets this error", lambda t, *said: t.fail_next(*said),
         (_REQUEST, Arg("CODE", _whole), _TEXT)),
    Word("ignore", "the next requests of a name get no answer", lambda t, *said: t.ignore_next(*said), (_REQUEST, _TIMES)),
    Word("swallow", "the next orders vanish into a dialog", lambda t, times: t.orders.swallow_next_order(times), (_TIMES,)),
    Word("click", "somebody clicks the dialog: those orders go on", lambda t: t.orders.click_dialog()),
    Word("late", "everything comes so late; 0 ends it", lambda t, seconds: t.lag(seconds), (Arg("SECONDS", _seconds),)),
    Word("delay", "the next message comes late, others overtake it", lambda t, *said: t.delay_next(*said),
         (_MESSAGE, Arg("SECONDS", _seconds), _TIMES)),
    Word("lose", "the next messages of a kind are not sent", lambda t, *said: t.lose_next(*said), (_MESSAGE, _TIMES)),
    Word("repeat", "the next messages of a kind come twice", lambda t, *said: t.repeat_next(*said), (_MESSAGE, _TIMES)),
    Word("error", "any code to every client", lambda t, code, text: t.error(code, text), (Arg("CODE", _whole), _TEXT)),
    Word("bulletin", "a news bulletin of IB; KIND 1 news, 2 an exchange is away, 3 it is back",
         lambda t, kind, text: t.bulletin(text, kind), (Arg("KIND", _whole), _TEXT)),
    Word("restart", "TWS restarts: order ids so much lower, port shut for so long", lambda t, *said: t.day.restart(*said),
         (_optional("IDS_BACK", _whole, 0), _optional("SECONDS", _seconds, 0.0))),
    Word("nightly", "the nightly reset: 1100, farms, 1100 again, farms, 1102", lambda t, seconds: t.day.nightly_reset(seconds),
         (_optional("SECONDS", _seconds, 15.0),)),
    Word("open", "the opening bell: orders for the opening trade", lambda t: t.orders.open_session()),
    Word("close", "the closing bell: orders for the day end", lambda t: t.orders.end_session()),
    Word("midnight", "the day ends: completed orders and executions are gone", lambda t: t.orders.midnight()),
    Word("freeze", "the market stands still", lambda t: t.day.freeze()),
    Word("thaw", "the market moves again", lambda t: t.day.freeze(False)),
    Word("state", "clients, orders, and what trouble is on", lambda t: t.day.state(), asks=True),
    Word("ledger", "what befell every order since an entry, as JSON", lambda t, since: t.day.ledger(since),
         (_optional("ENTRY", _whole, 0),), asks=True),
    Word("book", "the whole book of an instrument, as JSON", lambda t, what: t.day.book(what), (_WHAT,), asks=True),
)
BY_NAME = {word.name: word for word in WORDS}


def run(line: str, trouble: Any, catalogue: Any) -> list[str]:
    """Do what a line says; the answer's lines. It does not raise for what was typed."""
    try:
        said = shlex.split(line)
        if said and said[0] == "help":
            return [*manual(), "ok"]
        word, values = _read(said, catalogue)
        told = word.deed(trouble, *values)
        if isinstance(told, list):
            return [*told, "ok"]
    except (WordError, ValueError, KeyError) as e:
        return [f"error: {' '.join(str(e).split())}"]
    return ["ok" if told is None else f"ok: {told}"]


def _read(said: list[str], catalogue: Any) -> tuple[Word, list[Any]]:
    if not said:
        raise WordError("a word is missing; help lists them")
    word, raws = BY_NAME.get(said[0]), said[1:]
    if word is None:
        raise WordError(f"there is no word {said[0]!r}; help lists them")
    if word.args and word.args[-1] is _TEXT and len(raws) > len(word.args):
        raws = [*raws[: len(word.args) - 1], " ".join(raws[len(word.args) - 1 :])]
    if len(raws) > len(word.args):
        raise WordError(f"too many arguments: {word.usage}")
    values = []
    for place, arg in enumerate(word.args):
        if place < len(raws):
            values.append(_value(word, arg, raws[place], catalogue))
        elif arg.optional:
            values.append(arg.otherwise)
        else:
            raise WordError(f"{arg.name} is missing: {word.usage}")
    return word, values


def _value(word: Word, arg: Arg, raw: str, catalogue: Any) -> Any:
    try:
        return arg.kind(raw, catalogue)
    except ValueError:
        raise WordError(f"{raw!r} will not do for {arg.name}: {word.usage}") from None


def only_asks(line: str) -> bool:
    """Whether a line changes nothing."""
    word = BY_NAME.get(line.partition(" ")[0])
    return word is not None and word.asks


def manual() -> list[str]:
    """A line for each word."""
    width = max(len(word.usage) for word in WORDS)
    return [f"{word.usage:{width}}  {word.help}" for word in WORDS]

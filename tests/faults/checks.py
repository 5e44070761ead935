"""The invariants, each a function from what happened (ledger) and what was told (Redis) to sentences about what is wrong. No I/O.

No order lost, doubled or resent; states and fills as the ledger has them; each fill told once; never trusted over wrong data; no
book older than the status says; one acknowledgement a command, ok only if it reached TWS.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import define, field, frozen

from tests.faults.ledger import Ledger, Order, State
from tests.faults.view import TRADED, View

PROPAGATION = 2.0  # seconds from TWS's word to Redis, on a machine that is busy with the campaign itself
BOOK_AGE = 12.0  # seconds: a quiet book goes out every 10
MEMORY = 40  # MB
LINES, LINES_A_COMMAND, LONGEST = 200, 4, 2000  # of the log for one fault, and characters of one


@define
class Command:
    """What a bot sent. `via`: CMD or CMDS. `heard`: whether anybody listened, None where Redis did not say.

    `what` is new, change, cancel or other; `name` the order's client_oid; `price` what a change asks for.
    """

    id: str
    what: str
    name: str
    via: str
    at: float
    heard: bool | None = None
    price: float | None = None
    json: dict[str, Any] = field(factory=dict)


@frozen
class Gap:
    """A time in which a word may be lost on its way, by the nature of what was done. `acks`: of the gateway to bots, and of bots
    to it. `bytes`: of the gateway to TWS."""

    begin: float
    end: float
    acks: bool = False
    bytes: bool = False


def doubled(ledger: Ledger) -> list[str]:
    """A name that has two orders."""
    return [f"{ref} is {len(orders)} orders at TWS" for ref, orders in ledger.named().items() if ref and len(orders) > 1]


def resent(ledger: Ledger) -> list[str]:
    """The same order, or the same change of it, sent twice (a bot of the campaign never asks for one price twice)."""
    figures = ("totalQuantity", "lmtPrice", "auxPrice", "orderType", "transmit")
    sent = Counter((r.id, r.said.get("orderRef"), *(r.said.get(name) for name in figures)) for r in ledger.requests
                   if r.name == "placeOrder")  # fmt: skip
    return [f"sent {times} times: order {key[0]} {key[1]}" for key, times in sent.items() if times > 1]


def acknowledged(commands: Sequence[Command], acks: Iterable[dict[str, Any]], ledger: Ledger, gaps: Sequence[Gap]) -> list[str]:
    """Exactly one acknowledgement a command, and what it says is so."""
    by_id = defaultdict(list)
    for ack in acks:
        by_id[ack["id"]].append(ack)
    asked = _Asked(ledger)
    wrong = []
    for command in commands:
        answers = by_id.get(command.id, [])
        if len(answers) > 1:
            wrong.append(f"{command.id} ({command.what} {command.name}) has {len(answers)} acknowledgements: {answers}")
        elif answers and not command.heard and command.via == "CMD" and command.heard is not None:
            wrong.append(f"{command.id} was heard by nobody and is acknowledged")
        elif not answers and not _may_be_silent(command, gaps):
            sent = f"{command.what} {command.name}, by {command.via} at {command.at:.3f}"
            wrong.append(f"{command.id} ({sent}) has no acknowledgement")
        elif answers and answers[0]["ok"] and not asked.reached(command, answers[0]) and not _lost(answers[0], gaps):
            wrong.append(f"{command.id} ({command.what} {command.name}) is acknowledged as sent, and TWS has not heard it")
    return wrong + _refused(commands, by_id, asked)


def _may_be_silent(command: Command, gaps: Sequence[Gap]) -> bool:
    if command.via == "CMD" and not command.heard:
        return True
    return any(gap.acks and gap.begin <= command.at <= gap.end for gap in gaps if command.via == "CMD" or command.heard is None)


def _lost(ack: dict[str, Any], gaps: Sequence[Gap]) -> bool:
    return any(gap.bytes and gap.begin <= ack["t"] / 1000 <= gap.end for gap in gaps)


def _refused(commands: Sequence[Command], by_id: dict[Any, Any], asked: _Asked) -> list[str]:
    """An order all of whose commands were refused, and that TWS has all the same."""
    by_name = defaultdict(list)
    for command in commands:
        if command.what == "new":
            by_name[command.name].append(by_id.get(command.id, []))
    return [
        f"{name} was refused and TWS has it: {answers}" for name, answers in by_name.items()
        if name in asked.names and all(each and not each[0]["ok"] and each[0]["code"] != "duplicate" for each in answers)
    ]


class _Asked:
    """What TWS was asked, to look up."""

    def __init__(self, ledger: Ledger) -> None:
        placed = [request for request in ledger.requests if request.name == "placeOrder"]
        self.names = {request.said.get("orderRef") for request in placed}
        self.changes = {(request.id, request.said.get("lmtPrice")) for request in placed}
        self.cancels = {request.id for request in ledger.requests if request.name == "cancelOrder"}

    def reached(self, command: Command, ack: dict[str, Any]) -> bool:
        if command.what == "new":
            return command.name in self.names
        if command.what == "change":
            return (ack.get("apiOrderId"), command.price) in self.changes
        if command.what == "cancel":
            return bool(ack.get("withdrawn")) or ack.get("apiOrderId") in self.cancels
        return True


def lost(commands: Sequence[Command], acks: Iterable[dict[str, Any]], ledger: Ledger, view: View) -> list[str]:
    """An order that was acknowledged, that TWS does not have, and of which Redis says nothing, or that it lives."""
    known = ledger.named()
    taken = {ack["id"] for ack in acks if ack["ok"]}
    wrong = []
    for command in commands:
        if command.what == "new" and command.id in taken and command.name not in known:
            told = next((found for each in TRADED if (found := view.order(each.con_id, command.name))), None)
            if told is None or told["alive"]:
                wrong.append(f"{command.name} was acknowledged, TWS has no such order, and Redis says {told}")
    return wrong


def fills(ledger: Ledger, told: Iterable[dict[str, Any]], where: str, again: bool = False) -> list[str]:
    """Each execution once (or `again`), with its figures; updates (commissions) are not counted."""
    counted: Counter[str] = Counter()
    wrong = []
    for each in told:
        if each.get("update"):
            continue
        counted[each["execId"]] += 1
        real = ledger.fills.get(each["execId"])
        if real is None:
            wrong.append(f"{where}: {each['execId']} never happened")
        elif (real.quantity, real.price, real.perm) != (each["s"], each["p"], int(each["i"])):
            wrong.append(f"{where}: {each['execId']} is told as {each['s']} at {each['p']} of {each['i']}, and is {real}")
    for name, fill in ledger.fills.items():
        if counted[name] == 0 or (counted[name] > 1 and not again):
            wrong.append(f"{where}: {name} is told {counted[name]} times ({fill})")
    return wrong


def orders(ledger: Ledger, view: View) -> list[str]:
    """When all is quiet: every order of the ledger as it is, under its permId and its name; nothing else alive."""
    wrong = []
    for order in ledger.orders.values():
        for name in (str(order.perm), order.ref):
            told = view.order(order.con_id, name)
            if told is None:
                wrong.append(f"order {name} is not in Redis: {order.now}")
            elif (bad := _differs(order, told, [order.now])) or not _near(told["avg_price"] or 0.0, order.now.average):
                wrong.append(f"order {name}: {bad or 'avg_price'}; Redis says {_short(told)}, TWS {order.now}")
    return wrong + _made_up(ledger, view)


def sample(ledger: Ledger, view: View, allow: float = 0.0) -> list[str]:
    """Whether what is trusted at this moment is true: each order as it was at some time since the status' own time, less what a
    word may take to Redis (`PROPAGATION`, and `allow` for a fault that makes TWS itself late, or a machine that is)."""
    since = min(view.at, view.status[1]) - PROPAGATION - allow
    wrong = []
    for order in ledger.orders.values():
        if not view.trusts(order.con_id) or not (states := order.between(since, view.until)):
            continue
        told = view.order(order.con_id, str(order.perm))
        if told is None:
            wrong.append(f"trusted, and order {order.perm} ({order.ref}) is missing: {states}")
        elif bad := _differs(order, told, states):
            what = f"order {order.perm} ({order.ref}) is wrong in {bad}"
            wrong.append(f"trusted, and {what}: Redis says {_short(told)}, TWS {states}")
    return wrong + _made_up(ledger, view)


def _made_up(ledger: Ledger, view: View) -> list[str]:
    wrong = []
    for each in TRADED:
        for name, told in view.hashes.get(each.con_id, {}).items() if view.trusts(each.con_id) else ():
            if told["alive"] and told["i"] and int(told["i"]) not in ledger.orders:
                wrong.append(f"trusted, and order {name} lives in Redis alone: {_short(told)}")
    return wrong


def _differs(order: Order, told: dict[str, Any], states: Sequence[State]) -> str:
    """The names of figures that no state has. Each is looked at by itself: TWS tells an execution and a status one by one."""
    figures = {
        "status": [state.status for state in states], "executed": [state.filled for state in states],
        "s": [state.total for state in states], "p": [state.limit for state in states],
        "alive": [state.alive for state in states],
    }  # fmt: skip
    bad = [name for name, right in figures.items() if told[name] not in right]
    if bool(told["T"] == "buy") != order.buys:
        bad.append("T")
    return ", ".join(bad)


def _near(one: float, other: float) -> bool:
    return abs(one - other) < 1e-6 * max(1.0, abs(other))


def _short(told: dict[str, Any]) -> str:
    names = ("i", "client_oid", "status", "alive", "executed", "s", "p", "avg_price")
    return " ".join(f"{name}={told.get(name)}" for name in names)


def books(view: View, late: float = 0.0) -> list[str]:
    """A book that a true status vouches for is not older than its refresh; an empty one has no age. `late`: as in `sample`."""
    wrong = []
    for each in TRADED:
        book = view.books.get(each.con_id)
        if view.fresh and book and (book[0] or book[1]) and view.status[1] - book[2] / 1000 > BOOK_AGE + late:
            wrong.append(f"status true, and the book {each.pair} is {view.status[1] - book[2] / 1000:.1f} s older than it")
    return wrong


def log(lines: Sequence[str], commands: int = 0, odd: bool = False) -> list[str]:
    """A log that a human can follow: no traceback (but of an `odd` message), not too much for what was asked, no endless line."""
    marks = ("Traceback", "Unhandled", "critical#", "#critical")
    wrong = [f"the log has {line[:200]!r}" for line in lines if not odd and any(mark in line for mark in marks)]
    wrong += [f"a line of the log has {len(line)} characters: {line[:80]!r}" for line in lines if len(line) > LONGEST]
    most = LINES + LINES_A_COMMAND * commands
    return wrong + ([f"the log has {len(lines)} lines for one fault and {commands} commands"] if len(lines) > most else [])

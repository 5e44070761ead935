"""What a well gateway looks like from Redis: one verdict for each fact. Pure; the shell gathers the facts.

A fact that could not be looked at (a Redis user without the right to, a gateway that does not answer) is `None` and its verdict
is bad: what nobody has seen is not well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ibgw_tx.ctl.words import age, safe

STATUS_LIMIT = 3_000  # ms: section 3 of the interface
BOOK_LIMIT = 60_000  # ms: a book older than this is no data
CLOCK_LIMIT = 1_000  # ms
HEARD_LIMIT = 10.0  # seconds: after these a silent TWS makes the status false
FEW = 6  # exchanges that are named one by one
BUDGET_LIMIT = 0.9  # of the message rate


@attrs.frozen
class Verdict:
    """One line of `ibgwctl doctor`."""

    subject: str
    well: bool
    text: str


@attrs.frozen
class Facts:
    """What the shell found; moments in ms."""

    name: str
    now: int
    redis_now: int
    redis_version: str
    #: Redis' own settings, None where this user may not read them.
    settings: Mapping[str, str] | None
    #: `[true|false, t]`
    status: Any
    #: How many listen to the command channel.
    listeners: int
    #: The `result` of STATUS, None when none came.
    told: Mapping[str, Any] | None
    #: Exchange -> whether its OMS flag stands.
    flags: Mapping[str, bool]
    #: Channel of each subscribed book -> the `t` of its newest message; None without one.
    books: Mapping[str, int | None]
    version: str
    #: `{"reason":…,"t":…}` while HALT is in force.
    halt: Mapping[str, Any] | None = None
    #: Who works under the name, and who waits for it.
    holder: Mapping[str, Any] | None = None
    standby: Mapping[str, Any] | None = None
    #: Over TLS; and, with Sentinel, what each sentinel said: whether it named the Redis that this is, None: nothing.
    encrypted: bool = False
    sentinels: Mapping[str, bool | None] = attrs.field(factory=dict)


def verdicts(facts: Facts) -> list[Verdict]:
    """Every verdict, in the order in which an operator would look."""
    return [
        Verdict("redis", True, f"version {safe(facts.redis_version)}{', over TLS' if facts.encrypted else ''}"),
        *([sentinels(facts)] if facts.sentinels else []),
        settings(facts),
        clock(facts),
        one_gateway(facts),
        status(facts),
        tws(facts),
        flags(facts),
        halt(facts),
        books(facts),
        budget(facts),
        versions(facts),
    ]


def sentinels(facts: Facts) -> Verdict:
    """A fail-over needs most of them."""
    strays = sorted(f"{safe(where)} {'does not answer' if word is None else 'names another one'}"
                    for where, word in facts.sentinels.items() if not word)  # fmt: skip
    agree = len(facts.sentinels) - len(strays)
    text = f"{agree} of {len(facts.sentinels)} name this master{': ' if strays else ''}{', '.join(strays)}"
    return Verdict("sentinels", not strays, text)


def settings(facts: Facts) -> Verdict:
    """A Redis that evicts keys loses orders without a word."""
    if facts.settings is None:
        return Verdict("redis settings", False, "not seen: this Redis user may not CONFIG GET")
    policy = facts.settings.get("maxmemory-policy", "?")
    if facts.settings.get("maxmemory", "0") != "0" and policy != "noeviction":
        return Verdict("redis settings", False, f"maxmemory-policy is {safe(policy)}: Redis may drop orders; set noeviction")
    return Verdict("redis settings", True, f"maxmemory {safe(facts.settings.get('maxmemory', '0'))}, {safe(policy)}")


def clock(facts: Facts) -> Verdict:
    """Commands carry a time, and ages are told by it."""
    apart = facts.now - facts.redis_now
    return Verdict("clock", abs(apart) <= CLOCK_LIMIT, f"{apart:+d} ms against Redis")


def one_gateway(facts: Facts) -> Verdict:
    """Two gateways of one name would each carry out every command."""
    words = {0: "no gateway listens to commands", 1: "one listens to commands"}
    text = words.get(facts.listeners, f"{facts.listeners} listen to the commands of {facts.name}: each carries them out")
    if facts.holder:
        text += f"; {_who(facts.holder)} has worked for {age(facts.redis_now, facts.holder.get('t'))}"
    if facts.standby:
        text += f"; {_who(facts.standby)} stands by"
    return Verdict("one gateway", facts.listeners == 1, text)


def _who(process: Mapping[str, Any]) -> str:
    return f"{safe(process.get('host'))} pid {safe(process.get('pid'))}"


def halt(facts: Facts) -> Verdict:
    """Orders are refused while it is in force: somebody has to know."""
    if not facts.halt:
        return Verdict("halt", True, "none")
    since = age(facts.redis_now, facts.halt.get("t"))
    return Verdict("halt", False, f"in force for {since} ({safe(facts.halt.get('reason'))}): orders are refused until resume")


def status(facts: Facts) -> Verdict:
    """Section 3: true, and younger than 3 s."""
    found = facts.status
    if not (isinstance(found, list) and len(found) == 2 and isinstance(found[1], int)):
        return Verdict("status", False, "no status: a gateway of this name has never run here")
    old = age(facts.redis_now, found[1])
    if facts.redis_now - found[1] > STATUS_LIMIT:
        return Verdict("status", False, f"{old} old: the gateway is not running")
    reasons = facts.told.get("reasons") if facts.told else None
    why = f": {safe('; '.join(map(str, reasons)))}" if isinstance(reasons, list) and reasons else ""
    return Verdict("status", found[0] is True, f"{'true' if found[0] is True else 'false'}, {old} old{why}")


def tws(facts: Facts) -> Verdict:
    """The gateway's port to TWS, as the gateway sees it."""
    if facts.told is None:
        return Verdict("tws", False, "not seen: the gateway did not answer STATUS")
    address = safe((facts.told.get("addresses") or {}).get("tws"))
    heard = (facts.told.get("ages") or {}).get("heard")
    if heard is None:
        return Verdict("tws", False, f"{address}: no session")
    return Verdict("tws", heard <= HEARD_LIMIT, f"{address}, heard {heard:.1f} s ago{_remote(facts.told)}")


def _remote(told: Mapping[str, Any]) -> str:
    """Said, and no fault: whether the way there is private nobody here can see."""
    found = told.get("remote") or {}
    if not found.get("tws") or found.get("allowed"):
        return ""
    return "; on another host: its API has no password, put a tunnel between (or --allow-remote)"


def flags(facts: Facts) -> Verdict:
    """Where the flag is missing, the orders of that exchange cannot be trusted."""
    missing = sorted(safe(exchange) for exchange, stands in facts.flags.items() if not stands)
    if missing or not facts.flags:
        return Verdict("orders", False, f"no OMS flag: {', '.join(missing) or 'none at all'}")
    standing = sorted(map(safe, facts.flags))
    named = f" ({', '.join(standing)})" if len(standing) <= FEW else ""
    return Verdict("orders", True, f"OMS stands for all {len(standing)} exchanges{named}")


def books(facts: Facts) -> Verdict:
    """Each subscribed book has a message that is young enough."""
    old = sorted(
        f"{' '.join(map(safe, channel.split(':')[1:3])) or safe(channel)} {'empty' if t is None else age(facts.redis_now, t)}"
        for channel, t in facts.books.items()
        if t is None or facts.redis_now - t > BOOK_LIMIT
    )
    return Verdict("books", not old, f"old or empty: {', '.join(old)}" if old else f"{len(facts.books)} subscribed, none old")


def budget(facts: Facts) -> Verdict:
    """Messages to TWS within the last second against what IB allows."""
    messages = facts.told.get("messages") if facts.told else None
    if not messages:
        return Verdict("messages", False, "not seen: the gateway did not answer STATUS")
    waiting = sum(messages.get("waiting", {}).values())
    well = not waiting and messages["sent"] <= BUDGET_LIMIT * messages["rate"]
    late = f", {waiting} waiting" if waiting else ""
    return Verdict("messages", well, f"{messages['sent']} of {messages['rate']} a second{late}")


def versions(facts: Facts) -> Verdict:
    """The gateway's, this program's, ibapi's and the server's."""
    found = facts.told.get("versions") if facts.told else None
    if not found:
        return Verdict("versions", False, "not seen: the gateway did not answer STATUS")
    text = ", ".join(f"{safe(key)} {safe(value)}" for key, value in found.items())
    same = found.get("ibgateway") == facts.version
    return Verdict("versions", same, text if same else f"{text}; ibgwctl is {safe(facts.version)}")

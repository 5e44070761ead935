"""What sentinels say about their master, and whom to believe. Pure.

Each is asked for the address (SENTINEL GET-MASTER-ADDR-BY-NAME) and for what it knows of the master (SENTINEL MASTER), whose
`config-epoch` grows with each fail-over: a sentinel that was cut off, or lags, has a lower one. A fail-over needs a majority of
the sentinels. So two addresses may be the master's: that of the highest epoch, and that which a majority names; a third one (an
older one, named by few) never. Which of them it is, its role says: who asks looks at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.model.redis_access import Address

#: The questions, by the master's name.
Words = tuple[str, ...]


@attrs.frozen
class Word:
    """What one sentinel says: where the master is, by its knowledge of which fail-over."""

    master: Address
    epoch: int


class NoWord(Exception):
    """It says nothing that can be used; the text says why."""


def questions(master: str) -> tuple[Words, Words]:
    """The two commands for one sentinel."""
    return ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master), ("SENTINEL", "MASTER", master)


def read_word(master: str, address: Any, facts: Any) -> Word:
    """The replies to the questions; an error of Redis is an exception among them. Raises NoWord."""
    if isinstance(address, Exception):
        if "unknown command" in str(address):
            raise NoWord("is no sentinel")
        raise NoWord(f"refuses: {address}")
    if address is None:
        raise NoWord(f"knows no master {master}, see --redis-master (IBGW_REDIS_MASTER)")
    try:
        host, port = (part.decode() for part in address)
        place = host, int(port)
    except (ValueError, TypeError, AttributeError):
        raise NoWord("does not speak as a sentinel does") from None
    # One whose ACL keeps the facts to itself is believed by its count alone.
    return Word(place, _epoch(facts))


def _epoch(facts: Any) -> int:
    try:
        return int(dict(zip(facts[::2], facts[1::2], strict=True))[b"config-epoch"])
    except (KeyError, ValueError, TypeError):
        return 0


def candidates(words: Iterable[Word], sentinels: int) -> list[Address]:
    """Where the master may be, the likeliest first; none when nobody has said anything. `sentinels`: how many there are."""
    said = list(words)
    if not said:
        return []
    newest = max(word.epoch for word in said)
    places = {word.master: max(each.epoch for each in said if each.master == word.master) for word in said}
    votes = {place: sum(word.master == place for word in said) for place in places}
    good = [place for place in places if places[place] == newest or votes[place] * 2 > sentinels]
    return sorted(good, key=lambda place: (-places[place], -votes[place]))


def is_confirmed(words: Sequence[Word], master: Address, sentinels: int) -> bool:
    """Whether a majority of all sentinels names this master: no other one can have been made meanwhile."""
    return sum(word.master == master for word in words) * 2 > sentinels


def role(info: Any) -> str:
    """The role in a reply to INFO replication; "" when it has none."""
    text = info.decode(errors="replace") if isinstance(info, bytes) else ""
    facts: Mapping[str, str] = dict(line.partition(":")[::2] for line in text.split("\r\n"))
    return facts.get("role", "")

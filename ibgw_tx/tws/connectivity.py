"""What TWS's system notices say about its link to IB and about the market-data farms. Pure.

Two machines, fed with the codes that come with id -1 (tws-facts 2.1 and 8.1):

The link TWS-IB is UP or DOWN. It counts as UP when the API session gets ready, because TWS says 1100 or 2110 at once when it
is not. 1100 (repeated many times) and 2110 take it DOWN; only 1101 (data subscriptions lost) and 1102 (data kept) bring it
back UP. Both are treated alike afterwards: on 1102 subscriptions were found dead in practice.

A market-data farm is broken from 2103 to 2104 of the same farm. 2105/2106 (historical) and 2157/2158 (security definitions)
are told apart, because no book depends on them; 2107, 2108 and 2119 say nothing about a running book.

The socket itself is not seen here; the session is.
"""

from __future__ import annotations

from enum import Enum


class Change(Enum):
    """What a notice has changed."""

    LINK_LOST = "its link to IB is lost"
    LINK_RESTORED = "it has its link to IB again"
    FARM_BROKEN = "market-data farm broken"
    FARM_OK = "market-data farm connected again"
    FARM_READY = "market-data farm connected"
    OTHER_FARM_BROKEN = "farm broken"
    OTHER_FARM_OK = "farm connected again"
    OTHER_FARM_READY = "farm connected"


#: code -> (kind of thing, whether it works now)
_SYSTEM_NOTICES = {
    1100: ("link", False),
    2110: ("link", False),
    1101: ("link", True),
    1102: ("link", True),
    2103: ("data", False),
    2104: ("data", True),
    2105: ("other", False),
    2106: ("other", True),
    2157: ("other", False),
    2158: ("other", True),
}
_FARM_CHANGES = {
    ("data", False): Change.FARM_BROKEN,
    ("data", True): Change.FARM_OK,
    ("other", False): Change.OTHER_FARM_BROKEN,
    ("other", True): Change.OTHER_FARM_OK,
}
_FIRST_OK = {"data": Change.FARM_READY, "other": Change.OTHER_FARM_READY}

#: Notices that only say that something is idle or on its way.
QUIET_CODES = frozenset({2107, 2108, 2119})

#: All codes this module understands; they belong to no request.
SYSTEM_CODES = frozenset(_SYSTEM_NOTICES) | QUIET_CODES


class Connectivity:
    """The link and the farms of one API session."""

    def __init__(self) -> None:
        #: Whether TWS has its link to IB.
        self.is_up = True
        #: The notice that has taken it down, `code: text`.
        self.down_by = ""
        #: (kind, name) of each farm that is broken.
        self.broken: set[tuple[str, str]] = set()
        self._ready: set[tuple[str, str]] = set()

    @property
    def has_broken_data_farm(self) -> bool:
        """Whether any market-data farm is broken."""
        return any(kind == "data" for kind, _ in self.broken)

    def is_broken(self, name: str) -> bool:
        """Whether any farm of this name is broken."""
        return any(each == name for _, each in self.broken)

    def farms(self) -> list[tuple[str, str, bool]]:
        """(kind, name, whether it works) of each farm that TWS has spoken of."""
        return sorted((*farm, farm not in self.broken) for farm in self.broken | self._ready)

    def notice(self, code: int, text: str) -> Change | None:
        """Take one notice in; says what changed, None for a repetition or a code that changes nothing.

        1101 and 1102 are a change even when the link was not known to be down: a 1100 may have been lost.
        """
        kind, works = _SYSTEM_NOTICES.get(code, ("", False))
        if kind == "link":
            # 1100 comes many times; the first is what has happened.
            self.down_by = "" if works else self.down_by or f"{code}: {text}"
            return self._link(works)
        if not kind:
            return None
        farm = (kind, farm_of(text))
        if works == (farm not in self.broken):
            return self._first_ok(farm) if works else None
        if works:
            self.broken.discard(farm)
            self._ready.add(farm)
        else:
            self.broken.add(farm)
        return _FARM_CHANGES[kind, works]

    def _first_ok(self, farm: tuple[str, str]) -> Change | None:
        """A farm that was not known to work: it may have been broken in the session before.

        What was asked of a data farm before may get no answer (tws-facts 1.2).
        """
        if farm in self._ready:
            return None
        self._ready.add(farm)
        return _FIRST_OK[farm[0]]

    def _link(self, works: bool) -> Change | None:
        was, self.is_up = self.is_up, works
        if works:
            return Change.LINK_RESTORED
        return Change.LINK_LOST if was else None


def farm_of(text: str) -> str:
    """`Market data farm connection is broken:usfarm` -> `usfarm`; "" when the text names none."""
    return text.rpartition(":")[2].strip() if ":" in text else ""

"""API order ids: a counter that only rises, without I/O.

TWS takes a known id for a modify, silently, and its nextValidId may go back after a restart (tws-facts 4.3, LEAN#242): so
an id is above everything that was kept, told or seen: max(nextValidId, highest id seen + 1, highest id kept + 1). None of these
is made smaller than it is: where ids come near the band of request ids, `make_room` moves that aside; where there are none left,
orders are refused.

Ids are handed out and sent in one turn of the reactor, as TWS wants them in rising order. `kept` is to be in Redis before
the bytes leave; a crash in between only leaves a gap, and gaps are fine.
"""

from __future__ import annotations

from collections.abc import Callable

from ibgw_tx.model.errors import NOT_CONNECTED, UNAVAILABLE, CommandError

__all__ = ["MAX_ORDER_ID", "OrderIds", "kept_from"]

#: TWS reads int32, and 2147483647 stands for "none" in errors and executions (tws-facts 2, 4.10).
MAX_ORDER_ID = 2**31 - 2


class OrderIds:
    """The counter of one API client id. `ceiling`: the highest id it may give (request ids have their band above it).

    `make_room(lowest)` is asked when the next id, `lowest`, would be above the ceiling; it gives the lowest id that no request
    has and the new ceiling.
    """

    def __init__(
        self,
        kept: int = 0,
        ceiling: int = MAX_ORDER_ID,
        make_room: Callable[[int], tuple[int, int]] = lambda lowest: (lowest, MAX_ORDER_ID),
    ) -> None:
        self.ceiling = ceiling
        self._make_room = make_room
        self._highest = 0
        self._ready = False
        self._raise_to(kept)

    @property
    def kept(self) -> int:
        """What to persist: the highest id ever given, told or seen; 0 before any."""
        return self._highest

    @property
    def is_ready(self) -> bool:
        """Whether TWS has told its nextValidId in this session."""
        return self._ready

    def session_lost(self) -> None:
        """No id is given until TWS has told its nextValidId on the new session; what is known stays."""
        self._ready = False

    def next_valid_id(self, order_id: int) -> None:
        """TWS's nextValidId: the lowest that it would take, not the one that we must use."""
        self._raise_to(order_id - 1)
        self._ready = True

    def was_kept(self, order_id: int) -> None:
        """What a former life has kept."""
        self._raise_to(order_id)

    def saw(self, order_id: int, own: bool = False) -> None:
        """An id of an order that TWS told of, of any client (tws-facts 4.3: the next must exceed these too).

        0 and negative ids (orders placed by hand) and "none" (2147483647 and above) say nothing. Another client's id above the
        ceiling is not counted either: one odd order of it must not end all order entry.
        """
        if 0 < order_id <= (MAX_ORDER_ID if own else self.ceiling):
            self._raise_to(order_id)

    def _raise_to(self, order_id: int) -> None:
        self._highest = max(self._highest, order_id)
        self._have_room(1)

    def _have_room(self, count: int) -> bool:
        if self._highest + count > self.ceiling and self.ceiling < MAX_ORDER_ID:
            lowest, self.ceiling = self._make_room(self._highest + 1)
            self._highest = max(self._highest, lowest - 1)
        return self._highest + count <= self.ceiling

    def take(self, count: int = 1) -> range:
        """`count` ids, rising and without gaps. CommandError not_connected before nextValidId, unavailable when used up."""
        if not self._ready:
            raise CommandError(NOT_CONNECTED, "TWS has not told yet which order ids are free")
        # Twice: the room that was made may end before the group does.
        if not self._have_room(count) and not self._have_room(count):
            raise CommandError(
                UNAVAILABLE, f"order ids are used up ({self._highest} of {self.ceiling}): reset the API order id sequence in TWS"
            )
        found = range(self._highest + 1, self._highest + 1 + count)
        self._highest += count
        return found


def kept_from(text: str | bytes | None) -> int:
    """The kept counter as read from Redis; 0 when the key does not exist. Raises ValueError naming a text that is no id."""
    if text is None:
        return 0
    digits = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise ValueError(f"the kept order id is {digits[:40]!r}, not a number")
    if int(digits) > MAX_ORDER_ID:
        raise ValueError(f"the kept order id is {digits}, above every order id")
    return int(digits)

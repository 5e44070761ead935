"""Where Redis has the orders that are over and have left memory: by permId, orderRef, API id and execId. Pure.

Redis keeps dead orders, this is the index to them: some 60 bytes an order, 30 more for an execution, instead of the order.
Texts are kept as hashes of 64 bits. Two that meet are no harm: an order that is fetched though nobody spoke of it leaves again.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.number_table import NumberTable

__all__ = ["Archive", "Whereabouts", "hash_of"]

_BITS = 2**64 - 1
#: Orders without a permId are counted from here; TWS's permIds are far below.
_NAMELESS = 2**63


def hash_of(*name: object) -> int:
    """64 bits of a name."""
    return hash(name) & _BITS


@attrs.frozen
class Whereabouts:
    """An archived order: its number here, its hash, and the field with its text."""

    number: int
    place: Place
    field: str


class Archive:
    """All orders that are over and settled, and not in memory. `filled` and `dead` count them by how they ended."""

    def __init__(self) -> None:
        self.filled = self.dead = 0
        self._places: list[Place] = []
        self._place_numbers: dict[Place, int] = {}
        self._counts: list[int] = []  # orders of each place
        self._orders = NumberTable()  # number -> place, and whether it was filled
        self._refs = NumberTable()
        self._ids = NumberTable()
        self._trades = NumberTable()
        self._fields: dict[int, str] = {}  # of orders without a permId: the orderRef
        self._nameless = 0

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and bool(self._orders.of(number))

    # Putting away.

    def put(self, perm_id: int, ref: str, place: Place, filled: bool, older: Archive | None = None) -> int:
        """An order of this hash; its number. Without a permId it is known by its orderRef, with the number that `older` has."""
        number = perm_id or self._number_of(ref, place, older)
        if number not in self:
            self.filled += filled
            self.dead += not filled
            at = self._place_number(place)
            self._orders.add(number, at * 2 + filled)
            self._counts[at] += 1
        return number

    def _number_of(self, ref: str, place: Place, older: Archive | None) -> int:
        number = self.nameless(ref, place) or (0 if older is None else older.nameless(ref, place))
        if not number:
            self._nameless = max(self._nameless, 0 if older is None else older._nameless) + 1
            number = _NAMELESS + self._nameless
        self._fields[number] = ref
        self._refs.add(hash_of(ref), number)
        return number

    def nameless(self, ref: str, place: Place) -> int:
        """The number of an order without a permId, 0 for none."""
        for number in self._refs.of(hash_of(ref)):
            if self._fields.get(number) == ref and number in self and self.where(number).place == place:
                return number
        return 0

    def renew(self, read: Archive) -> None:
        """Redis has been read: this is what it has. API ids and executions of this session go on leading to the same orders."""
        self.filled, self.dead = read.filled, read.dead
        self._places, self._place_numbers, self._counts = read._places, read._place_numbers, read._counts
        self._orders, self._refs, self._fields = read._orders, read._refs, read._fields
        self._nameless = max(self._nameless, read._nameless)

    def _place_number(self, place: Place) -> int:
        number = self._place_numbers.get(place)
        if number is None:
            number = self._place_numbers[place] = len(self._places)
            self._places.append(place)
            self._counts.append(0)
        return number

    def name(self, number: int, ref: str) -> None:
        """The field {client_oid} of its hash shows this order."""
        self._refs.add(hash_of(ref), number)

    def bind(self, number: int, client_id: int, order_id: int) -> None:
        """It has this API id in this session."""
        self._ids.add(hash_of(client_id, order_id), number)

    def traded(self, number: int, exec_ids: Iterable[str]) -> None:
        """These executions are its own."""
        for exec_id in exec_ids:
            self._trades.add(hash_of(exec_id), number)

    def session_lost(self) -> None:
        """API ids end with their session."""
        self._ids.clear()

    def tidy(self) -> None:
        """Some of what leads to orders that are here no more goes: of some 800 executions, a ms of work."""
        self._trades.keep(self.__contains__)

    # Looking up.

    def called(
        self, perm_id: int = 0, ref: str = "", api_id: tuple[int, int] | None = None, exec_id: str = ""
    ) -> list[int]:
        """Every order that one of these names may mean, whatever the others say."""
        found: list[int] = [perm_id] if perm_id and perm_id in self else []
        if ref:
            found += self._refs.of(hash_of(ref))
        if api_id is not None:
            found += self._ids.of(hash_of(*api_id))
        if exec_id:
            found += self._trades.of(hash_of(exec_id))
        return list(dict.fromkeys(number for number in found if number in self)) if found else found

    def where(self, number: int) -> Whereabouts:
        """KeyError: it is not here."""
        packed = self._orders.of(number)
        if not packed:
            raise KeyError(number)
        return Whereabouts(number, self._places[packed[0] // 2], self._fields.get(number) or str(number))

    def holds(self, place: Place) -> bool:
        """Whether any order of this hash is here."""
        number = self._place_numbers.get(place)
        return number is not None and self._counts[number] > 0

    def is_shown(self, number: int, ref: str) -> bool:
        """Whether the field {client_oid} of its hash shows it."""
        return number in self._refs.of(hash_of(ref))

    def is_bound(self, number: int, client_id: int, order_id: int) -> bool:
        """Whether it has this API id in this session."""
        return number in self._ids.of(hash_of(client_id, order_id))

    def has_name(self, ref_hash: int) -> bool:
        """Whether some field {client_oid} has a name with this hash."""
        return bool(self._refs.of(ref_hash))

    def has_field(self, field: str) -> bool:
        """Whether some field of a hash that is called so shows an order that is here."""
        return (field.isascii() and field.isdecimal() and int(field) in self) or self.has_ref(field)

    def has_ref(self, ref: str) -> bool:
        """Whether some field {client_oid} with this name shows an order that is here."""
        return bool(self.called(ref=ref))

    # Taking out.

    def take(self, number: int, ref: str, api_id: tuple[int, int], exec_ids: Iterable[str]) -> None:
        """It is in memory again, or gone."""
        packed = self._orders.of(number)
        if not packed:
            return
        self.filled -= packed[0] % 2
        self.dead -= not packed[0] % 2
        self._counts[packed[0] // 2] -= 1
        self._orders.discard(number, packed[0])
        self._refs.discard(hash_of(ref), number)
        self._ids.discard(hash_of(*api_id), number)
        self._fields.pop(number, None)
        for exec_id in exec_ids:
            self._trades.discard(hash_of(exec_id), number)

    def drop(self, number: int) -> None:
        """It is gone, and nobody knows its other names: they lead nowhere from now on."""
        self.take(number, self._fields.get(number, ""), (0, 0), ())

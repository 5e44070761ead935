"""What stands in the hashes of Redis, read before a snapshot piece by piece: what is over goes to the archive. Pure.

A field is taken to stand for an order that is over when its text is an order_json as this gateway writes it, of that field and
that hash, and final: it need not be in memory. All else is parsed by `restore`: living orders, those in memory, those of an older
gateway, and whatever bots have written. So are both fields of an order when only one of them is as it should be.

Most that is over stands in two fields with the same text. The second is told by its hash, and not read again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterator
from typing import Any

import attrs

from ibgw_tx.model import json_text
from ibgw_tx.orders.cache.archive import Archive, hash_of
from ibgw_tx.orders.cache.changes import Place
from ibgw_tx.orders.cache.hashes import may_be_field
from ibgw_tx.orders.cache.index import OrderIndex
from ibgw_tx.orders.cache.number_table import NumberTable
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import body_of
from ibgw_tx.orders.cache.restore import api_ids, is_final

__all__ = ["SLICE", "Old", "Reading"]

#: Names of orders that are looked at in one turn of the reactor at the end of a hash, some ms.
SLICE = 1000

#: The members that every order_json has, in their order.
_MEMBERS = tuple(body_of(Order(born=0, touched=0)))
_MORE = frozenset({"trailingPercent", "reject", "updateTime", "recovered", "corrected"})


@attrs.frozen
class Old:
    """An archived order that nobody has spoken of for longer than orders are kept."""

    number: int
    place: Place
    fields: tuple[str, ...]


@attrs.define(eq=False)
class Reading:
    """`archive` is what was found to be over; `texts` are the values to be parsed (None: no JSON), `seen` their fields.

    `saw` is told the API id of every order. `older` is the archive so far; `before`: what was told before it (ms) is old.
    """

    _index: OrderIndex
    _older: Archive
    _saw: Callable[[int], None]
    _before: float
    archive: Archive = attrs.Factory(Archive)
    texts: list[Any] = attrs.Factory(list)
    seen: dict[Place, dict[str, int]] = attrs.Factory(dict)
    no_hashes: set[Place] = attrs.Factory(set)
    _old: dict[int, str] = attrs.Factory(dict)  # the client_oid by the number in the archive
    _place: Place = ("", "")
    _parsed: set[int] = attrs.Factory(set)  # permIds of this hash among `texts`
    # permId and hash of each field {client_oid}, and of the client_oid of each field {permId}; not those of second fields.
    _shown: array[int] = attrs.Factory(lambda: array("Q"))
    _named: array[int] = attrs.Factory(lambda: array("Q"))
    _halves: NumberTable = attrs.Factory(NumberTable)  # text and name of a field that is to come: see _half
    _unpaired: bool = False  # whether there are orders whose other field is not looked for there
    _again: set[int] | None = None

    def begin(self, place: Place) -> None:
        """The values of this hash come next."""
        self._place, self._again = place, None
        self._parsed = set()
        self._shown, self._named = array("Q"), array("Q")
        self._halves.clear()
        self._unpaired = False
        self.seen.setdefault(place, {})

    def is_none(self) -> None:
        """What this hash is called is no hash."""
        self.seen.pop(self._place, None)
        self.no_hashes.add(self._place)

    def take(self, field: bytes, value: bytes) -> None:
        """One field; it may come twice."""
        name = field.decode(errors="replace")
        if self._again is None:
            if self._is_second(name, value):
                return
            text = _parsed(json_text.loads, value)
            if isinstance(text, dict) and self._is_over(name, text):
                if text["apiOrderId"] is not None:
                    self._saw(text["apiOrderId"])
                self._put_away(name, text, value)
                return
        elif hash_of(name) not in self._again:
            return
        text = _parsed(json_text.loads_exact, value)
        for api_id in api_ids((text,)):
            self._saw(api_id)
        fields = self.seen[self._place]
        if name in fields:
            return
        fields[name] = hash_of(value)
        self.texts.append(text)
        perm_id = text.get("i") if isinstance(text, dict) else None
        if isinstance(perm_id, str) and perm_id.isascii() and perm_id.isdecimal() and len(perm_id) < 20:
            self._parsed.add(int(perm_id))

    def _is_over(self, field: str, text: dict[Any, Any]) -> bool:
        """Whether this is the text of an order that need not be in memory."""
        if text.get("alive") is not False or not is_final(text) or field not in (text.get("i"), text.get("client_oid")):
            return False
        names = tuple(text)
        if names[: len(_MEMBERS)] != _MEMBERS or not _MORE.issuperset(names[len(_MEMBERS) :]):
            return False
        if (text["market"], text["pair"]) != self._place or type(text.get("updateTime")) is not int:
            return False
        if text["apiOrderId"] is not None and type(text["apiOrderId"]) is not int:
            return False
        perm_id, ref = text["i"], text["client_oid"]
        if perm_id is None:
            return isinstance(ref, str) and may_be_field(ref) and not self._index.with_ref(ref)
        is_id = isinstance(perm_id, str) and perm_id.isascii() and perm_id.isdecimal() and 0 < len(perm_id) < 19
        return is_id and str(int(perm_id)) == perm_id and int(perm_id) not in self._index.by_perm

    def _put_away(self, field: str, text: dict[Any, Any], value: bytes) -> None:
        perm_id, ref = int(text["i"] or 0), text["client_oid"] or ""
        is_filled, is_old = text["status"] == "Filled", text["updateTime"] < self._before
        if perm_id and field == ref:
            self.archive.name(perm_id, ref)
            self._shown.extend((perm_id, hash_of(ref)))
            if is_old or not may_be_field(ref):
                self._unpaired = True
            else:
                self._halves.add(hash_of(value, text["i"]), _half(perm_id, True, is_filled))
            return
        number = self.archive.put(perm_id, ref, self._place, is_filled, self._older)
        if perm_id and may_be_field(ref):
            self._named.extend((perm_id, hash_of(ref)))
            self._halves.add(hash_of(value, ref), _half(perm_id, False, is_filled))
        if is_old:
            self._old[number] = ref

    def _is_second(self, field: str, value: bytes) -> bool:
        """Whether this is the other field of an order that has been put away, with the same text; then it is put away too."""
        key = hash_of(value, field)
        for half in self._halves.of(key):
            self._halves.discard(key, half)
            perm_id, was_named, is_filled = half >> 2, half & 2, bool(half & 1)
            if was_named:
                self.archive.put(perm_id, "", self._place, is_filled)
            else:
                self.archive.name(perm_id, field)
            return True
        return False

    def end(self) -> Generator[None, None, bool]:
        """All values of the hash have come; in slices. True: they shall come once more: some fields do not fit together."""
        if self._again is not None:
            return False
        wrong = {perm_id for perm_id in self._parsed if perm_id in self.archive}
        # When every field has found its other one there is nothing to look for.
        if self._halves or self._unpaired:
            yield from self._look(wrong)
        if not wrong:
            return False
        self._again = {hash_of(str(perm_id)) for perm_id in wrong}
        self._again |= {name for pairs in (self._shown, self._named) for perm_id, name in _pairs(pairs) if perm_id in wrong}
        for perm_id in wrong:
            self.archive.drop(perm_id)
        return True

    def _look(self, wrong: set[int]) -> Generator[None, None, None]:
        """Of which orders only one field is here, or the other is to be parsed."""
        for count, (perm_id, _) in enumerate(_pairs(self._shown), 1):
            if perm_id not in self.archive or perm_id in self._parsed:
                wrong.add(perm_id)
            if not count % SLICE:
                yield
        shown = {hash_of(field) for field in self.seen[self._place]}
        for count, (perm_id, name) in enumerate(_pairs(self._named), 1):
            if name not in shown and not self.archive.has_name(name):
                wrong.add(perm_id)
            if not count % SLICE:
                yield

    def old(self) -> Iterator[Old]:
        """Those that are old, as far as they are in the archive still when this is asked."""
        for number, ref in self._old.items():
            if number in self.archive:
                where = self.archive.where(number)
                fields = (where.field, ref) if ref != where.field and self.archive.is_shown(number, ref) else (where.field,)
                yield Old(number, where.place, fields)


def _parsed(parse: Callable[[bytes], Any], value: bytes) -> Any:
    try:
        return parse(value)
    except ValueError:
        return None


def _pairs(numbers: array[int]) -> Iterator[tuple[int, int]]:
    return ((numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 2))


def _half(perm_id: int, was_named: bool, is_filled: bool) -> int:
    """What has to be known of an order whose other field is to come; `was_named`: the one that came was {client_oid}."""
    return perm_id << 2 | was_named << 1 | is_filled

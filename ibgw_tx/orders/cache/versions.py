"""What one order asks for, and the modifications of it that are under way. Pure.

A modification is placeOrder with the same id; TWS has no answer of its own for it but the next openOrder with the new terms,
which looks like any other openOrder (tws-facts 4.5). So bots see new terms only when TWS shows them, and a refused modification
leaves what stands.
"""

from __future__ import annotations

import attrs

from ibgw_tx.model.order_events import Terms

__all__ = ["Versions"]

_PAST = 8  # superseded versions remembered for one order


@attrs.define(eq=False)
class Versions:
    """`terms` as they stand; `confirmed` when TWS has said them, not only we or an execution."""

    terms: Terms = attrs.Factory(Terms)
    confirmed: bool = False
    pending: list[Terms] = attrs.Factory(list)
    _past: tuple[tuple[object, ...], ...] = ()

    def hear(self, terms: Terms, *, asked: bool) -> str | None:
        """The terms of an openOrder. A modification they fulfil is over, and those that were sent before it.

        Returns a reason to ask TWS when they are terms the order had before: a late message looks the same.
        """
        new, known = terms.changeable, self.terms.changeable
        fulfilled = next((index for index, sent in enumerate(self.pending) if sent.changeable == new), None)
        if fulfilled is not None:
            del self.pending[: fulfilled + 1]
        elif self.confirmed and not asked and new != known and new in self._past:
            return "terms it had before: late, or changed back"
        if self.confirmed and new != known:
            self._past = (*self._past, known)[-_PAST:]
        self._take(terms)
        return None

    def complete(self, terms: Terms) -> None:
        """The terms of a completed order are those that it ended with, a change included that nobody was there to hear of. What
        TWS leaves out of it stays as it is known."""
        if self.confirmed and terms.orderType in ("", self.terms.orderType):
            known = {name: value for name, value in attrs.asdict(self.terms).items() if getattr(terms, name) in (None, "")}
            terms = attrs.evolve(terms, **known)
        self._take(terms)

    def forget_total(self) -> None:
        """TWS has never said how much it asks for."""
        self.terms = attrs.evolve(self.terms, totalQuantity=None)

    def begin_anew(self) -> None:
        """What was asked for before the order's end is history."""
        self.pending.clear()
        self._past = ()

    def _take(self, terms: Terms) -> None:
        self.confirmed = True
        total = terms.totalQuantity or self.terms.totalQuantity
        account = terms.account or self.terms.account
        self.terms = attrs.evolve(terms, totalQuantity=total, account=account)

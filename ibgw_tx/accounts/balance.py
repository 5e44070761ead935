"""The balance of one account: gathered between the start of a download and its end, never shown by halves. Pure.

TWS sends account values (texts, one per key and currency) and portfolio rows, then says that the download has ended; from
then on changes come one by one (tws-facts 7). `Balance` gathers a download beside what is shown and puts it in place
only at its end; a download that is given up changes nothing.
"""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.figures import Quantity, number_or_none
from ibgw_tx.model.position import Position

#: Which account value is a currency's cash; the second serves where TWS leaves the first out.
CASH_KEYS = ("CashBalance", "TotalCashBalance")
#: The pseudo currency: a sum in base currency, no balance.
BASE = "BASE"


@attrs.define
class _Figures:
    cash: dict[str, dict[str, float]] = attrs.Factory(dict)
    positions: dict[int, Position] = attrs.Factory(dict)
    ready: bool = True
    #: Every account value as TWS writes it, by `{key}` or `{key}:{currency}`.
    values: dict[str, str] = attrs.Factory(dict)


class Balance:
    """What one account holds. `changed` says that `document()` differs from what was last taken, `values_changed` that `values()`
    does."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.changed = self.values_changed = False
        self.complete = False
        self.skipped = 0
        self._shown = _Figures()
        self._download: _Figures | None = None

    def begin(self) -> None:
        """A download starts; what is shown stays until its end."""
        self._download = _Figures()

    def abandon(self) -> None:
        """The download is given up (timed out, session lost): nothing of it counts."""
        self._download = None

    def value(self, key: str, text: str, currency: str) -> bool:
        """Take one account value; False when it should have been a number and is none (skipped)."""
        figures = self._download or self._shown
        field = f"{key}:{currency}" if currency else key
        self.values_changed = self.values_changed or figures.values.get(field) != text
        figures.values[field] = text
        # IB's list of keys writes AccountReady, LEAN reads accountReady (tws-facts 7).
        if key.lower() == "accountready":
            figures.ready = text.lower() != "false"
            return True
        if key not in CASH_KEYS or currency in ("", BASE):
            return True
        amount = number_or_none(text)
        if amount is None:
            self.skipped += 1
            return False
        known = figures.cash.setdefault(currency, {})
        if known.get(key) != amount:
            known[key] = amount
            self.changed = True
        return True

    @property
    def is_ready(self) -> bool:
        """What is shown has not been called unready by IB (`accountReady` "false") since."""
        return self._shown.ready

    def position(self, position: Position) -> None:
        """Take one portfolio row; a closed one stays with `pos` 0 until the next snapshot."""
        figures = self._download or self._shown
        con_id = position.contract.conId
        if figures.positions.get(con_id) != position:
            figures.positions[con_id] = position
            self.changed = True

    def end(self) -> bool:
        """The download has ended: it is what is shown now. False when TWS says the account is not ready yet.

        `accountReady` "false" means that IB's servers reset and all other values are unreliable; the download goes on.
        """
        if self._download is None:
            return self.complete
        if not self._download.ready:
            return False
        self._shown, self._download = self._download, None
        self.complete = self.changed = self.values_changed = True
        return True

    def contracts(self) -> list[Contract]:
        """The contracts of the positions gathered or shown, as TWS sent them (reduced: no exchange)."""
        figures = self._download or self._shown
        return [position.contract for position in figures.positions.values()]

    def document(self, known: dict[int, Contract]) -> dict[str, Any]:
        """The balance object of section 4; `known` maps conId to the contract from its details.

        A position whose details are not known goes by what the row itself says, one whose name cannot be a name by its conId.
        Clears `changed`.
        """
        self.changed = False
        balance: dict[str, Any] = {}
        for currency, amounts in sorted(self._shown.cash.items()):
            amount = next(amounts[key] for key in CASH_KEYS if key in amounts)
            balance[currency] = {"type": "cash", "currency": currency, "balance": amount}
        for con_id, name in self.names(known).items():
            position = self._shown.positions[con_id]
            balance[name] = attrs.evolve(position, contract=known.get(con_id, position.contract)).to_json()
        return balance

    def values(self) -> dict[str, str]:
        """Every account value of what is shown, as TWS writes it. Clears `values_changed`."""
        self.values_changed = False
        return dict(self._shown.values)

    @property
    def is_news(self) -> bool:
        """Whether anything that Redis has of it has changed."""
        return self.changed or self.values_changed

    def names(self, known: dict[int, Contract]) -> dict[int, str]:
        """What each position that is shown is called, by its conId."""
        found: dict[str, int] = {}
        for con_id, position in sorted(self._shown.positions.items()):
            name = _name(known.get(con_id, position.contract))
            # Options of two trading classes share every part of the name: none may hide the other.
            found[f"{name}#{con_id}" if name in found else name] = con_id
        return {con_id: name for name, con_id in found.items()}

    def held(self, known: dict[int, Contract]) -> dict[int, str]:
        """What the positions that are not closed are called, by conId."""
        return {con_id: name for con_id, name in self.names(known).items() if self._shown.positions[con_id].pos}

    def amount(self, con_id: int) -> Quantity:
        """How much is held of a contract; 0 also where TWS has told a size that cannot be read."""
        held = self._shown.positions.get(con_id)
        return 0 if held is None else held.pos or 0

    @property
    def unreadable(self) -> list[Contract]:
        """Contracts of positions whose size could not be read."""
        return [position.contract for position in self._shown.positions.values() if position.pos is None]


def _name(contract: Contract) -> str:
    try:
        return f"{exchange_of(contract)}:{contract.secType}:{pair_of(contract)}"
    except BadName:
        # One odd position must not keep the whole balance back.
        return f"{contract.secType}:{contract.conId}"

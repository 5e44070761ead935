"""What the accounts hold, for those who ask: option exercises, profit and loss, contracts that have to stay known."""

from __future__ import annotations

from collections.abc import Iterator

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.accounts.shell.download import Download
from ibgw_tx.accounts.shell.positions import PositionContracts
from ibgw_tx.model.figures import Quantity


class Holdings:
    """The balances as far as they are known, by account."""

    def __init__(self, positions: PositionContracts) -> None:
        self._positions = positions
        self._books: dict[str, Balance] = {}
        self._feeds: dict[str, Download] = {}

    def complete(self) -> list[Balance]:
        """Those that TWS has told as a whole."""
        return [feed.book for feed in self._feeds.values() if feed.book.complete]

    def contracts_in_use(self) -> Iterator[int]:
        """The conIds of all positions."""
        for book in self._books.values():
            yield from (contract.conId for contract in book.contracts())

    def positions(self) -> dict[str, dict[int, str]]:
        """Of each account whose balance is complete: what its open positions are called, by conId."""
        return {book.account: book.held(self._positions.resolved) for book in self.complete()}

    def amount(self, account: str, con_id: int) -> Quantity | None:
        """What an account holds of a contract; None while its positions are not known."""
        return next((book.amount(con_id) for book in self.complete() if book.account == account), None)

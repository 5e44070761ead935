"""Which subscribed book a command means. Pure.

Every member that is given has to fit; of the exchange first the one that the book is routed to, then the one that names its
channel. Where several fit, none is meant: ending the wrong one costs a bot its book.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibgw_tx.books.subscription import Subscription
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError

#: Members of a contract that must agree when both sides have them.
_MEMBERS = ("conId", "symbol", "secType", "currency", "strike", "right", "multiplier", "tradingClass", "localSymbol")


def meant_by_contract(wanted: Iterable[Subscription], contract: Contract) -> Subscription | None:
    """The one that a contract means; None when none fits. Raises CommandError (ambiguous_contract) when several do."""
    return _one_on([each for each in wanted if _agree(each.contract, contract)], contract.exchange.upper())


def meant_by_name(wanted: Iterable[Subscription], readings: Sequence[Contract], pair: str) -> Subscription | None:
    """The one that a show name means: `readings` are the contracts that it may stand for. Raises as `meant_by_contract`."""
    types = {reading.secType for reading in readings}
    fitting = [each for each in wanted if each.feed.channel.pair == pair and each.contract.secType in types]
    return _one_on(fitting, readings[0].exchange.upper())


def _agree(ours: Contract, given: Contract) -> bool:
    pairs = ((getattr(ours, member), getattr(given, member)) for member in _MEMBERS)
    # An expiry may be given as its month.
    return ours.expiry.startswith(given.expiry) and all(mine == theirs for mine, theirs in pairs if mine and theirs)


def _one_on(fitting: list[Subscription], exchange: str) -> Subscription | None:
    if exchange:
        routed = [each for each in fitting if each.contract.exchange.upper() == exchange]
        fitting = routed or [each for each in fitting if each.feed.channel.exchange == exchange]
    if len(fitting) > 1:
        names = ", ".join(each.name for each in fitting)
        raise CommandError(errors.AMBIGUOUS_CONTRACT, f"several subscribed books fit, name the exchange: {names}")
    return fitting[0] if fitting else None

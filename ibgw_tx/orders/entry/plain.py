"""Orders of the plain kind: a limit order of whole size on a contract that is known, with nothing said that needs a closer look.

Most orders are, and for them every check is made ready once for each contract (`PlainContract`). What passes here passes
`parse`, `checks`, `dialect` and `limits` too, and becomes the same members; what does not is not refused here but goes that way,
which knows why. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ibgw_tx.contracts.ladder import Ladder, ladder_of
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import BadName, Contract, exchange_of, pair_of
from ibgw_tx.model.figures import DIGITS
from ibgw_tx.model.keys import book_channel
from ibgw_tx.orders.entry.checks import MAX_CLIENT_OID, ContractFacts
from ibgw_tx.orders.entry.exposure import multiplier_of, names_of
from ibgw_tx.orders.entry.parse import DEFAULTS, ENTRY_PREFIX
from ibgw_tx.orders.entry.sent import without_details

__all__ = ["PlainContract", "PlainOrder", "plain_contract", "read_plain"]

_SIDES: Mapping[Any, str] = {"buy": "BUY", "sell": "SELL", "BUY": "BUY", "SELL": "SELL"}
_MEMBERS = frozenset({"T", "s", "p", "client_oid", "tif", "orderType", "account", "outsideRth"})
_TIFS = frozenset({"DAY", "GTC", "IOC"})
#: Sizes and prices below which ibapi writes neither exponent nor noise.
_LARGEST, _SMALLEST_PRICE = 1_000_000_000, 0.0001


@attrs.frozen
class PlainContract:
    """What orders on one contract are held against. `names` and `per_point` as in `Exposure`.

    `market` and `pair`: where its orders are kept.
    """

    contract: Contract
    market: str
    pair: str
    ladder: Ladder
    names: frozenset[str]
    per_point: float
    #: (conId, symbol, exchange, currency) as an order names it; None where that is not plain.
    wire: tuple[int, str, str, str] | None
    #: The contract as the record of an order has it, and where its book is.
    text: bytes
    book: str
    min_size: int = 0
    size_increment: int = 1


@attrs.frozen
class PlainOrder:
    """One plain order; `client_oid` is "" where the bot has given none."""

    action: str
    quantity: int
    price: float
    client_oid: str
    tif: str
    outside_rth: bool
    account: str

    @property
    def members(self) -> dict[str, Any]:
        """As `OrderRequest.members` of a checked order."""
        found = {
            **DEFAULTS,
            "action": self.action,
            "totalQuantity": self.quantity,
            "lmtPrice": self.price,
            "tif": self.tif,
            "outsideRth": self.outside_rth,
            "account": self.account,
        }
        return {**found, "orderRef": self.client_oid} if self.client_oid else found

    @property
    def kind(self) -> tuple[str, str, bool, str]:
        """What its frame depends on beside contract and figures."""
        return self.action, self.tif, self.outside_rth, self.account


def plain_contract(contract: Contract, facts: ContractFacts) -> PlainContract | None:
    """What orders on a resolved contract are held against; None when they need a closer look."""
    ladder = ladder_of(facts.rule, facts.magnifier)
    least, step = facts.min_size or 0, facts.size_increment or 1
    if contract.secType == "BAG" or contract.comboLegs or ladder is None:
        return None
    if not isinstance(least, int) or not isinstance(step, int):
        return None
    try:
        market, pair = exchange_of(contract), pair_of(contract)
    except BadName:
        return None
    return PlainContract(
        contract,
        market,
        pair,
        ladder,
        names_of(contract),
        multiplier_of(contract.multiplier) / max(facts.magnifier, 1),
        _wire(contract),
        jsontext.dumps(attrs.asdict(contract)),
        book_channel(market, pair),
        least,
        step,
    )


def _wire(contract: Contract) -> tuple[int, str, str, str] | None:
    sent = without_details(contract)
    names = sent.symbol, sent.exchange, sent.currency
    plain = sent.conId > 0 and all(name.isascii() and name.isprintable() and name for name in names)
    return (sent.conId, *names) if plain else None


def read_plain(
    order: Mapping[str, Any], contract: PlainContract, accounts: Sequence[str], default_account: str
) -> PlainOrder | None:
    """The plain order in a bot's `order` object; None for every other, good or bad."""
    if not order.keys() <= _MEMBERS:
        return None
    given = order.get
    side, size, price, client_oid = given("T"), given("s"), given("p"), given("client_oid", "")
    if type(side) is not str or side not in _SIDES or given("orderType", "LMT") != "LMT":
        return None
    if type(size) is float and size.is_integer():
        size = int(size)
    if type(size) is not int or not contract.min_size <= size < _LARGEST or size < 1 or size % contract.size_increment:
        return None
    if type(price) is not float and type(price) is not int:
        return None
    if not _SMALLEST_PRICE <= price < _LARGEST:
        return None
    price = float(price)
    if not contract.ladder.steps or not contract.ladder.is_on_tick(price):
        # As `figures.clean`: the noise of a double goes. (What is on the ladder has none: a double keeps as many digits.)
        price = float(format(price, DIGITS))
        if price < _SMALLEST_PRICE or not contract.ladder.is_on_tick(price):
            return None
    if client_oid != "" and not _is_name(client_oid):
        return None
    if "client_oid" in order and not client_oid:
        return None
    tif, outside = given("tif", "DAY"), given("outsideRth", False)
    if type(tif) is not str or tif not in _TIFS or type(outside) is not bool:
        return None
    account = given("account", default_account or (accounts[0] if len(accounts) == 1 else ""))
    if type(account) is not str or account not in accounts:
        return None
    return PlainOrder(_SIDES[side], size, price, client_oid, tif, outside, account)


def _is_name(value: Any) -> bool:
    """A client_oid that `check_client_oid` takes, and that is a text TWS takes."""
    return (
        type(value) is str
        and len(value) <= MAX_CLIENT_OID
        and value.isascii()
        and value.isprintable()
        and not value.isdigit()
        and value != "t"
        and ":" not in value
        and value == value.strip()
        and not value.startswith(ENTRY_PREFIX)
    )

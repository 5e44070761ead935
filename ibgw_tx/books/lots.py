"""The rule of lots: what one of TWS's sizes is worth in the unit that bots see."""

from __future__ import annotations

from decimal import Decimal

from ibgw_tx.model import figures
from ibgw_tx.model.contract import Contract, exchange_of
from ibgw_tx.model.figures import Quantity

#: Exchanges whose sizes are taken as TWS sends them (section 6).
PLAIN_SIZE_EXCHANGES = frozenset({"SEHK", "HKFE"})
#: From this server version on TWS tells US stocks in shares (tws-facts 5.5), whatever mdSizeMultiplier says.
SHARES_VERSION = 159
#: No lot and no multiplier is smaller, or larger.
_SMALLEST, _LARGEST = Decimal("1e-12"), 10**9


def size_factor(contract: Contract, lots: Quantity | float | None, server_version: int) -> Quantity:
    """What TWS's lots are multiplied with: mdSizeMultiplier (`lots`) times the contract's multiplier, 1 on SEHK and HKFE.

    `server_version` is the negotiated one. A missing or senseless figure counts as 1; whole factors are ints, so that whole
    sizes stay whole.
    """
    if exchange_of(contract) in PLAIN_SIZE_EXCHANGES:
        return 1
    in_shares = server_version >= SHARES_VERSION and contract.secType == "STK" and contract.currency == "USD"
    return figures.normal((1 if in_shares else _positive(lots)) * _positive(contract.multiplier))


def _positive(figure: str | Quantity | float | None) -> Quantity:
    value = figures.quantity_or_none(figure)
    return value if value is not None and _SMALLEST <= value < _LARGEST else 1

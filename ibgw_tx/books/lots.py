"""The rule of lots: what one of TWS's sizes is worth in the unit that bots see."""

from __future__ import annotations

from ibgw_tx.model import figures
from ibgw_tx.model.contract import Contract, exchange_of

#: Exchanges whose sizes are taken as TWS sends them (section 6).
PLAIN_SIZE_EXCHANGES = frozenset({"SEHK", "HKFE"})


def size_factor(contract: Contract, md_size_multiplier: float | None) -> float:
    """What TWS's lots are multiplied with: mdSizeMultiplier times the contract's multiplier, 1 on SEHK and HKFE.

    A missing or senseless figure counts as 1; whole factors are ints, so that whole sizes stay whole.
    """
    if exchange_of(contract) in PLAIN_SIZE_EXCHANGES:
        return 1
    factor = round(_positive(md_size_multiplier) * _positive(contract.multiplier), 12) or 1
    return int(factor) if factor == int(factor) else factor


def _positive(figure: str | float | None) -> float:
    value = figures.number_or_none(figure)
    return value if value is not None and value > 0 else 1

"""Which of TWS's rows is the contract that was meant."""

from __future__ import annotations

from typing import Any

from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError, bad_params
from ibgw_tx.model.figures import number_or_none

#: Members that must agree where both sides have them; what is named by its issuer has several symbols.
_SYMBOLS = ("symbol", "localSymbol", "tradingClass")
_KINDS = ("secType", "currency", "strike", "right", "multiplier")
_NAMED_BY_ISSUER = frozenset({"BOND", "BILL", "FIXED"})


def choose(asked: Contract, hits: list[Contract], show_name: str) -> Contract:
    """The one contract meant. Raises CommandError: unknown_contract for no hit, ambiguous_contract naming some of them.

    Rows of one conId on several exchanges are one contract: the exchange asked for, else SMART, else the listing one.
    A hit whose pair is exactly the one asked for is preferred (`USD-BRR@20210625` means multiplier 1 or none).
    """
    if not hits:
        raise CommandError(errors.UNKNOWN_CONTRACT, f"TWS knows no contract {show_name}")
    by_id: dict[int, list[Contract]] = {}
    for hit in hits:
        by_id.setdefault(hit.conId, []).append(hit)
    if len(by_id) > 1:
        exact = {con_id: rows for con_id, rows in by_id.items() if pair_of(rows[0]) == show_name.rpartition("/")[2]}
        if len(exact) != 1:
            names = sorted({f"{exchange_of(rows[0])}/{rows[0].secType}/{pair_of(rows[0])}" for rows in by_id.values()})
            some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            raise CommandError(errors.AMBIGUOUS_CONTRACT, f"{show_name} may be {len(by_id)} contracts: {some}")
        by_id = exact
    (rows,) = by_id.values()
    return best_row(asked, rows)


def best_row(asked: Contract, rows: list[Contract]) -> Contract:
    """Of one contract's rows the one on the exchange asked for, else on SMART, else on its listing exchange."""
    for wanted in (asked.exchange, "SMART", rows[0].primaryExchange):
        for row in rows:
            if wanted and row.exchange.upper() == wanted.upper():
                return row
    return rows[0]


def refuse_other(asked: Contract, found: Contract) -> None:
    """What is named by an id has to be what the other members say: TWS goes by the id alone. Raises CommandError (bad_params).

    A member that either side lacks says nothing, nor does a month: that of a future need not be the one in which it ends.
    """
    if not asked.conId and not asked.secId:
        return
    for member in _SYMBOLS + _KINDS if found.secType not in _NAMED_BY_ISSUER else _KINDS:
        given, stands = getattr(asked, member), getattr(found, member)
        if given and stands and _plain(member, given) != _plain(member, stands):
            _refuse_member(asked, member, given, stands)
    if len(asked.expiry) == len(found.expiry) and asked.expiry != found.expiry:
        _refuse_member(asked, "lastTradeDateOrContractMonth", asked.expiry, found.expiry)


def _plain(member: str, value: Any) -> Any:
    if member == "multiplier":
        return number_or_none(value)
    if member == "secType" and value == "CONTFUT":
        return "FUT"
    return " ".join(value.upper().split()) if isinstance(value, str) else value


def _refuse_member(asked: Contract, member: str, given: Any, stands: Any) -> None:
    name = f"conId {asked.conId}" if asked.conId else f"{asked.secIdType} {asked.secId}"
    raise bad_params(f"contract.{member} {given!r} does not fit {name}, whose {member} is {stands!r}")


def describe(contract: Contract) -> str:
    """How a contract asked for is named in a refusal."""
    if contract.conId:
        return f"conId {contract.conId}" + (f" on {contract.exchange}" if contract.exchange else "")
    members = (contract.exchange, contract.secType, f"{contract.currency}-{contract.symbol or contract.localSymbol}")
    return "/".join(member for member in members if member)

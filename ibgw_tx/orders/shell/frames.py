"""The frames of plain orders: from templates of their kind, which ibapi's own encoder has written (tws/order_frames)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibgw_tx.model.contract import Contract
from ibgw_tx.orders.entry.plain import PlainContract, PlainOrder
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.order_frames import Figures

__all__ = ["rehearse", "rendered", "teach"]


def rendered(client: TWSClient, known: PlainContract, plain: PlainOrder, order_id: int, ref: str) -> bytes | None:
    """The framed placeOrder, as `client.encode_order` would give it; None where ibapi has to write it."""
    if known.wire is None:
        return None
    render = client.templates.of((known.contract.secType, *plain.kind))
    return None if render is None else render((order_id, *known.wire, plain.quantity, plain.price, ref))


def rehearse(
    client: TWSClient, contracts: Iterable[PlainContract], accounts: Sequence[str], default_account: str
) -> None:
    """Learn one kind of order that is likely to come and has not come yet, if there is any."""
    account = default_account or (accounts[0] if len(accounts) == 1 else "")
    if account not in accounts:
        return
    for known in {contract.contract.secType: contract for contract in contracts if contract.wire is not None}.values():
        for action in ("BUY", "SELL"):
            plain = PlainOrder(action, max(known.min_size, 1), 1.0, "", "DAY", False, account)
            if not client.templates.knows((known.contract.secType, *plain.kind)):
                teach(client, known, plain)
                return


def teach(client: TWSClient, known: PlainContract, plain: PlainOrder) -> None:
    """Have orders like this one written from a template from now on. It takes a few orders' time, so none waits for it."""
    sec_type, members = known.contract.secType, plain.members

    def encode(figures: Figures) -> bytes:
        order_id, con_id, symbol, exchange, currency, quantity, price, ref = figures
        contract = Contract(conId=con_id, symbol=symbol, secType=sec_type, exchange=exchange, currency=currency)
        told = {**members, "totalQuantity": quantity, "lmtPrice": price, "orderRef": ref}
        return client.encode_order(order_id, contract, told)

    if known.wire is not None:
        client.templates.teach((sec_type, *plain.kind), encode)

"""Orders in the words of a scripted TWS, as fields for TWSServer.say at version 157: 100 AAPL to buy at 150."""

from __future__ import annotations

import time
from typing import Any

from tests.kit.contracts import AAPL
from tests.kit.tws_server import PLACE, TWSServer

CANCEL, OPEN_ORDERS = "4", "16"
NONE = "1.7976931348623157E308"
INT_MAX = 2147483647
STOCK = (AAPL.conId, "AAPL", "STK", "", 0, "?", "")


def open_order(
    order_id: int, word: str = "Submitted", *, perm: int = 0, client: int = 0, ref: str = "", total: float = 100
) -> tuple[Any, ...]:
    perm = perm or 5000 + order_id
    main = ("BUY", total, "LMT", 150.0, 0.0, "DAY", "", "DU1", "", 0, ref, client, perm, 0, 0, 0, "")
    allocation = (f"{perm}.0/DU1/{total}", "", "", "", "", "", "", "", "", "", 0, "", -1, 0)
    shown = ("", "", "", "", "", INT_MAX, 0, 0, 0, "", 3, 0, 0, "", 0, 0)
    volatility = ("", 0, "None", "", 0, "", "", "", "?", 0, 0, "", 0, 0)
    # trail, combo, scale, hedge, clearing, algo
    more = ("", "", "", "", "", 0, 0, 0, INT_MAX, INT_MAX, "", "", 0, "", "IB", 0, 0, "", 0)
    state = (0, word, *[NONE] * 9, "", "", "", "", "")
    last = (0, 0, 0, "None", *[NONE] * 6, 0, "", "", "", 0, 1, 0, 0, 0)
    contract = (*STOCK, "SMART", "USD", "AAPL", "NMS")
    return (5, order_id, *contract, *main, *allocation, *shown, *volatility, *more, *state, *last)


def order_status(
    order_id: int, word: str = "Submitted", filled: float = 0, *, perm: int = 0, client: int = 0, total: float = 100
) -> tuple[Any, ...]:
    price = 150.0 if filled else 0
    return (3, order_id, word, filled, total - filled, price, perm or 5000 + order_id, 0, price, client, "", 0)


def execution(order_id: int, exec_id: str, shares: float, *, perm: int = 0, client: int = 0, ref: str = "") -> tuple[Any, ...]:
    when = time.strftime("%Y%m%d  %H:%M:%S", time.gmtime())
    trade = (exec_id, when, "DU1", "ISLAND", "BOT", shares, 150.0, perm or 5000 + order_id, client, 0, shares, 150.0)
    return (11, -1, order_id, *STOCK, "ISLAND", "USD", "AAPL", "NMS", *trade, ref, "", "", "", 1)


def error(id: int, code: int, text: str = "text") -> tuple[Any, ...]:
    return (4, 2, id, code, text)


class Desk:
    """Takes every order, unless `mute`. `lists` stands in the list of open orders; `held`: the list is the test's to say."""

    def __init__(self, tws: TWSServer) -> None:
        self.tws = tws
        tws.contracts = [AAPL]
        self.mute = self.held = False
        self.lists: list[tuple[Any, ...]] = []
        tws.on[PLACE] = self.placed
        tws.on[OPEN_ORDERS] = self.list_asked
        tws.on[CANCEL] = lambda request: None

    def placed(self, request: list[str]) -> None:
        if not self.mute:
            order_id = int(request[1])
            self.tws.say_at_once(open_order(order_id, ref=self.ref(request)), order_status(order_id))

    @staticmethod
    def ref(request: list[str]) -> str:
        """orderRef of a placeOrder: behind action, quantity, type, two prices, tif, group, account, open/close and origin."""
        return request[request.index("BUY") + 10]

    def list_asked(self, request: list[str]) -> None:
        if not self.held:
            self.tws.say_at_once(*self.lists, (53, 1))

    def cancels(self) -> list[int]:
        """The order ids whose cancel came."""
        return [int(request[2] if len(request) > 2 else request[1]) for request in self.tws.asked(CANCEL)]

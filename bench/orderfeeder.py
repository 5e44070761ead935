"""The feeder process for orders: living orders at the start, a steady stream of orderStatus, and the times of placeOrder."""

from __future__ import annotations

import socket
import time
from array import array
from multiprocessing.connection import Connection

from bench import orderwire, wire
from bench.client import Client
from bench.feeder import Feeder


def placed(fields: list[bytes]) -> tuple[int, str, int, str]:
    """(API id, symbol, quantity, orderRef) of a placeOrder."""
    # Since 145: …, action, quantity, type, limit, stop, tif, oca, account, openClose, origin, orderRef.
    action = fields.index(b"BUY")
    return int(fields[1]), fields[3].decode(), round(float(fields[action + 1])), fields[action + 10].decode()


class OrderClient(Client):
    """A candidate's connection that may ask for orders and place some."""

    def __init__(self, sock: socket.socket, orders: bytes, completed: bytes) -> None:
        super().__init__(sock)
        self.placed: dict[str, int] = {}
        self.connected_at = time.monotonic_ns()
        self._orders, self._completed = orders, completed

    def _asked(self, fields: list[bytes]) -> None:
        if self.greeted and fields[0] == orderwire.PLACE_ORDER:
            self._place(fields, time.monotonic_ns())
        elif self.greeted and fields[0] in (orderwire.OPEN_ORDERS, orderwire.ALL_OPEN_ORDERS):
            self.sock.sendall(self._orders + wire.frame(53, 1))
        elif self.greeted and fields[0] == orderwire.COMPLETED_ORDERS:
            self.sock.sendall(self._completed + wire.frame(102))
        else:
            super()._asked(fields)

    def _place(self, fields: list[bytes], at: int) -> None:
        order_id, symbol, quantity, order_ref = placed(fields)
        self.placed[str(quantity)] = at
        self.sock.sendall(orderwire.open_order(order_id, symbol, order_ref) + orderwire.order_status(order_id, 0))


class OrderFeeder(Feeder):
    """Has `count` living orders over 50 symbols."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(pipe)
        self._orders = self._completed = b""
        self._handlers.update(
            {
                "orders": self._make,
                "completed": self._make_completed,
                "pace": self._pace,
                "placed": self._placed,
                "since": self._since,
                "hang up": self._hang_up,
            }
        )

    def _make(self, count: int) -> None:
        symbols = wire.symbols(50)
        ids = range(orderwire.FIRST_ORDER_ID, orderwire.FIRST_ORDER_ID + count)
        self._orders = b"".join(
            orderwire.open_order(order_id, symbols[order_id % 50], f"ref-{order_id}") + orderwire.order_status(order_id, 0)
            for order_id in ids
        )

    def _new_client(self, sock: socket.socket) -> Client:
        return OrderClient(sock, self._orders, self._completed)

    def _make_completed(self, first: int, count: int) -> None:
        """Orders of today that are over; their permIds and orderRefs are those of `heavy.dead`."""
        symbols = wire.symbols(50)
        perm_ids = range(first, first + count)
        self._completed = b"".join(orderwire.completed_order(each, symbols[each % 50], f"dead-{each}") for each in perm_ids)

    def _hang_up(self) -> None:
        self._drop(self._connected())

    def _pace(self, count: int, orders: int, interval: int, told: int) -> bytes:
        """`count` fills over `orders` orders, one each `interval` ns; gives when each was written (8 bytes a time).

        `told` were told before: the next says `executed` `told` + 1.
        """
        sock, times = self._connected().sock, array("q")
        frames = [orderwire.order_status(orderwire.FIRST_ORDER_ID + n % orders, n + 1) for n in range(told, told + count)]
        due = time.monotonic_ns() + interval
        for frame in frames:
            wait = due - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            times.append(time.monotonic_ns())
            sock.sendall(frame)
            due += interval
        return times.tobytes()

    def _placed(self) -> dict[str, int]:
        client = self._connected()
        assert isinstance(client, OrderClient)
        return client.placed

    def _since(self) -> int:
        client = self._connected()
        assert isinstance(client, OrderClient)
        return client.connected_at


def main(pipe: Connection) -> None:
    """The process."""
    try:
        OrderFeeder(pipe).run()
    except (EOFError, KeyboardInterrupt):
        pass

"""The feeder process of a busy minute: books that go on all the time, beside orders, a chain of options and lost sessions."""

from __future__ import annotations

import socket
import time
from collections import deque
from multiprocessing.connection import Connection

from bench import minutewire, orderwire, wire
from bench.market import Market
from bench.orderfeeder import OrderClient, OrderFeeder, placed

#: Books, updates a second over all of them, and ns between two writes.
BOOKS, RATE, INTERVAL = 50, 10_000, 1_000_000
FILLED_AFTER = 1_000_000_000  # ns that an order lives which is not cancelled
#: What more than this is late is left out (ns): the candidate reads slowly for a while.
LATE = 100_000_000


class Counts(dict[str, int]):
    """What has been done so far, by name."""

    def add(self, what: str, count: int = 1) -> None:
        """So many more."""
        self[what] = self.get(what, 0) + count


class MinuteClient(OrderClient):
    """Orders whose quantity is even are filled after a while, the others live until they are cancelled."""

    def __init__(self, sock: socket.socket, orders: bytes, completed: bytes, exchange: Exchange) -> None:
        super().__init__(sock, orders, completed)
        self._exchange = exchange

    def _asked(self, fields: list[bytes]) -> None:
        exchange = self._exchange
        if self.greeted and fields[0] == orderwire.CANCEL_ORDER:
            self.sock.sendall(exchange.cancelled(int(fields[2])))
        elif self.greeted and fields[0] in (orderwire.OPEN_ORDERS, orderwire.ALL_OPEN_ORDERS):
            exchange.counts.add("lists of living orders")
            self.sock.sendall(self._orders + exchange.living() + wire.frame(53, 1))
        elif self.greeted and fields[0] == orderwire.EXECUTIONS:
            self.sock.sendall(exchange.executions(int(fields[2])) + wire.frame(55, 1, int(fields[2])))
        elif self.greeted and fields[0] == minutewire.CONTRACTS and fields[5] == b"OPT":
            exchange.counts.add("options told", minutewire.OPTIONS)
            self.sock.sendall(minutewire.options(int(fields[2])))
        elif self.greeted and fields[0] == minutewire.CHAINS:
            exchange.counts.add("chains told")
            self.sock.sendall(minutewire.chains(int(fields[1])))
        else:
            watches = self.greeted and fields[0] == wire.REQ_MKT_DEPTH
            super()._asked(fields)
            if watches:
                self.sock.sendall(exchange.shown(fields[4].decode(), int(fields[2])))

    def _place(self, fields: list[bytes], at: int) -> None:
        self.sock.sendall(self._exchange.placed(*placed(fields), at))


class Exchange:
    """What lives on beyond a connection: books, and the orders that were placed."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.market = Market(wire.symbols(BOOKS))
        self._by_symbol = {book.symbol: book for book in self.market.books}
        for _ in self.market.initial():
            pass
        self._living: dict[int, tuple[str, int, str]] = {}
        self._filled: dict[int, tuple[str, int, str]] = {}
        self._due: deque[tuple[int, int]] = deque()  # when, API id

    def placed(self, order_id: int, symbol: str, quantity: int, order_ref: str, at: int) -> bytes:
        """TWS takes an order."""
        self.counts.add("placed")
        self._living[order_id] = symbol, quantity, order_ref
        if quantity % 2 == 0:
            self._due.append((at + FILLED_AFTER, order_id))
        return self._told(order_id)

    def _told(self, order_id: int) -> bytes:
        symbol, quantity, order_ref = self._living[order_id]
        status = orderwire.order_status(order_id, 0, quantity)
        return orderwire.open_order(order_id, symbol, order_ref, quantity) + status

    def living(self) -> bytes:
        """The orders that were placed and live."""
        return b"".join(map(self._told, self._living))

    def executions(self, req_id: int) -> bytes:
        """Of today."""
        each = ((order_id, symbol, ref, shares) for order_id, (symbol, shares, ref) in self._filled.items())
        return b"".join(orderwire.executed(req_id, *one) for one in each)

    def cancelled(self, order_id: int) -> bytes:
        """Nothing for one that lives no more."""
        if order_id not in self._living:
            return b""
        self.counts.add("cancelled")
        _, quantity, _ = self._living.pop(order_id)
        return orderwire.order_status(order_id, 0, quantity, "Cancelled")

    def fills(self, now: int) -> bytes:
        """Those that are due."""
        told = b""
        while self._due and self._due[0][0] <= now:
            _, order_id = self._due.popleft()
            order = self._living.pop(order_id, None)
            if order is not None:
                self.counts.add("filled")
                self._filled[order_id] = symbol, quantity, order_ref = order
                told += orderwire.executed(-1, order_id, symbol, order_ref, quantity)
                told += orderwire.order_status(order_id, quantity, quantity, "Filled")
        return told

    def shown(self, symbol: str, req_id: int) -> bytes:
        """A book, for who asks for it."""
        return b"".join(wire.depth(req_id, change) for change in self._by_symbol[symbol].shown())

    def changes(self, requests: dict[str, int]) -> bytes:
        """One write of changes."""
        told = []
        for _ in range(RATE * INTERVAL // 1_000_000_000):
            book, change = self.market.change(self.market.stamp)
            if (req_id := requests.get(book.symbol)) is not None:
                told.append(wire.depth(req_id, change))
        self.counts.add("updates", len(told))
        return b"".join(told)


class MinuteFeeder(OrderFeeder):
    """Books go on by themselves from the first request on."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(pipe)
        self._exchange = Exchange()
        self._handlers["counts"] = self._counts

    def _counts(self) -> dict[str, int]:
        """What was done since this was last asked."""
        counts, self._exchange.counts = dict(self._exchange.counts), Counts()
        return counts

    def _new_client(self, sock: socket.socket) -> MinuteClient:
        return MinuteClient(sock, self._orders, self._completed, self._exchange)

    def run(self) -> None:
        """Until nobody asks any more."""
        for source in (self._listening, self._pipe):
            self._selector.register(source, 1)
        due = time.monotonic_ns()
        while True:
            for key, _ in self._selector.select(max(0, due - time.monotonic_ns()) / 1e9):
                self._ready(key.fileobj)
            now = time.monotonic_ns()
            if now >= due:
                self._tell(now)
                due = max(due + INTERVAL, now - LATE)

    def _tell(self, now: int) -> None:
        if self._client is None:
            return
        try:
            self._client.sock.sendall(self._exchange.fills(now) + self._exchange.changes(self._client.requests))
        except ConnectionError:
            self._drop(self._client)


def main(pipe: Connection) -> None:
    """The process."""
    try:
        MinuteFeeder(pipe).run()
    except (EOFError, KeyboardInterrupt):
        pass

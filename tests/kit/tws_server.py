"""A TWS that listens on a real socket and says what a test wants: also what ibsim, which does no wrong, would never say.

Every request is noted as texts. A request that has an entry in `on` (by its message id) is answered by that function; for the
others there is what a quiet TWS says: an account with some cash, no orders, the contracts of `contracts`.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.kit.gateway import contract_data, portfolio_row
from tests.kit.tws import tws_frame

CONTRACT, ACCOUNT, TIME, EXECUTIONS = "9", "6", "49", "7"
PLACE, DEPTH, TOP, HISTORY = "3", "10", "1", "20"
VALUES_MULTI, POSITIONS_MULTI = "76", "74"


class TWSServer:
    """One at a time: a second connection takes the place of the first."""

    def __init__(self, accounts: str = "DU1", version: int = 157) -> None:
        self.accounts = accounts
        self.version = version
        self.contracts: list[Any] = []
        self.details: dict[str, Any] = {}
        self.positions: list[Any] = []
        self.requests: list[list[str]] = []
        self.on: dict[str, Callable[[list[str]], None]] = {}
        self.connections = 0
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.close()

    def say(self, *fields: Any) -> None:
        """One message; nobody there is no fault."""
        self.say_at_once(fields)

    def say_at_once(self, *messages: tuple[Any, ...]) -> None:
        """Several messages in one write."""
        with self._lock:
            try:
                if self._connection is not None:
                    self._connection.sendall(b"".join(tws_frame(*fields) for fields in messages))
            except OSError:
                self._connection = None

    def notice(self, code: int, text: str = "text", id: int = -1) -> None:
        self.say(4, 2, id, code, text)

    def asked(self, message_id: str) -> list[list[str]]:
        """The requests of one kind so far."""
        return [request for request in list(self.requests) if request[0] == message_id]

    def wait(self, message_id: str, count: int = 1, limit: float = 15.0) -> list[list[str]]:
        """The requests of one kind, once there are so many."""
        deadline = time.monotonic() + limit
        while len(found := self.asked(message_id)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} requests {message_id} within {limit} s"
            time.sleep(0.02)
        return found

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connection = connection
            self.connections += 1
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        stream.read(4)
        try:
            (length,) = struct.unpack("!I", stream.read(4))
            stream.read(length)
            self.say(self.version, "20260405 23:49:26 CET")
            while len(head := stream.read(4)) == 4:
                payload = stream.read(struct.unpack("!I", head)[0])
                request = [field.decode() for field in payload.split(b"\0")[:-1]]
                self.requests.append(request)
                self.on.get(request[0], self.answer)(request)
        except (OSError, struct.error):
            return

    def answer(self, request: list[str]) -> None:
        """What a quiet TWS says."""
        kind = request[0]
        if kind == "71":
            self.say(15, 1, self.accounts)
            self.say(9, 1, 1)
        elif kind == TIME:
            self.say(49, 1, int(time.time()))
        elif kind == ACCOUNT and request[2] == "1":
            self.download()
        elif kind in ("5", "16"):
            self.say(53, 1)
        elif kind == "99":
            self.say(102)
        elif kind == EXECUTIONS:
            self.say(55, 1, request[2])
        elif kind == CONTRACT:
            self.tell_contracts(request)

    def download(self, cash: str = "500", ended: bool = True) -> None:
        """The first account's whole download."""
        account = self.accounts.split(",", maxsplit=1)[0]
        self.say(6, 2, "CashBalance", cash, "USD", account)
        for position in self.positions:
            self.say(*portfolio_row(position, account=account))
        if ended:
            self.say(54, 1, account)

    def tell_contracts(self, request: list[str]) -> None:
        """The contracts that fit a question by their conId, else by their symbol, and by its exchange if one is on it."""
        _, _, req_id, con_id, symbol, *_ = request
        fitting = [each for each in self.contracts if (str(each.conId) == con_id if con_id != "0" else each.symbol == symbol)]
        fitting = [each for each in fitting if each.exchange == request[10]] or fitting
        for each in fitting:
            self.say(*contract_data(req_id, each, **self.details))
        if fitting:
            self.say(52, 1, req_id)
        else:
            self.notice(200, "No security definition has been found for the request", int(req_id))

"""A TCP proxy that a test can look through: it sees every chunk before it goes on, and may keep it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Proxy:
    """Listens on `port` for a server on 127.0.0.1. `to_server(chunk)` and `to_client(chunk)` say whether a chunk goes on."""

    def __init__(self, server_port: int) -> None:
        self.to_server: Callable[[bytes], bool] = lambda chunk: True
        self.to_client: Callable[[bytes], bool] = lambda chunk: True
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            self._sockets += [client, server]
            for source, sink, goes_on in ((client, server, self._ask_server), (server, client, self._ask_client)):
                threading.Thread(target=self._pump, args=(source, sink, goes_on), daemon=True).start()

    def _ask_server(self, chunk: bytes) -> bool:
        return self.to_server(chunk)

    def _ask_client(self, chunk: bytes) -> bool:
        return self.to_client(chunk)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, goes_on: Callable[[bytes], bool]) -> None:
        try:
            while chunk := source.recv(1 << 16):
                if goes_on(chunk):
                    sink.sendall(chunk)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """End everything."""
        for each in self._sockets:
            each.close()

"""A cable between the gateway and a server that can be cut, stalled, made slow, and spoken into: a TCP proxy."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close that is a reset


class Cable:
    """Listens on `port` for a server on 127.0.0.1.

    `flows` holds back what comes while it is cleared, in both directions: nothing is lost, nothing is said (a half-open link).
    `to_client(chunk)` and `to_server(chunk)` give what goes on in its place. `refuses`: new connections are closed at once.
    """

    def __init__(self, server_port: int, host: str = "127.0.0.1") -> None:
        self.server_port = server_port
        self.flows = threading.Event()
        self.flows.set()
        self.refuses = False
        self.to_client: Callable[[bytes], bytes] = bytes
        self.to_server: Callable[[bytes], bytes] = bytes
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, at both ends."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for each in pair:
                _reset(each)

    def say(self, data: bytes) -> None:
        """Bytes of nobody's to every client."""
        for client, _ in list(self._pairs):
            try:
                client.sendall(data)
            except OSError:
                pass

    def close(self) -> None:
        self._closed = True
        self.flows.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self.refuses:
                    raise ConnectionRefusedError
                server = socket.create_connection(("127.0.0.1", self.server_port), 5)
                server.settimeout(None)
            except OSError:
                _reset(client)
                continue
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((client, server))
            for source, sink, out in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, sink, out), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, out: bool) -> None:
        try:
            while chunk := source.recv(1 << 16):
                while not self.flows.wait(0.5) and not self._closed:
                    pass
                sink.sendall(self.to_client(chunk) if out else self.to_server(chunk))
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._pairs = [pair for pair in self._pairs if source not in pair]


def _reset(each: socket.socket) -> None:
    try:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()


def pause(seconds: float) -> None:
    """A wait of a scenario, by its name."""
    time.sleep(seconds)

"""Orders: from orderStatus on the socket to hash and channel, from CMD to the bytes of placeOrder, and the start with many."""

from __future__ import annotations

import json
import socket
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import hiredis
import redis

from bench import orderfeeder, orderwire, wire
from bench.candidates import NAME, GatewayCandidate, PeerCandidate, wait_until
from bench.latency import percentile
from bench.redisserver import RedisServer
from bench.worker import Worker

SYMBOLS = wire.symbols(50)
LIVE = 50
STATUS_RATE = 500  # orderStatus a second
ORDER_RATE = 20  # PLACE_ORDER a second; TWS takes 50 messages of all kinds
_CHANNEL = f"URANUS:SEHK:{NAME}:O_channel"
_FLAG = f"URANUS:SEHK:{NAME}:OMS"


@attrs.frozen
class OrderFigures:
    """Delays in ms; `missing` counts what never arrived. `reserved`: with a client_oid, reserved in Redis before the bytes."""

    status_p50: float
    status_p99: float
    place_p50: float
    place_p99: float
    reserved_p50: float
    reserved_p99: float
    missing: int


class OrdersGateway(GatewayCandidate):
    """The gateway, without books."""

    def start_for_orders(self, tws_port: int, server: RedisServer) -> None:
        """Run it until its orders can be trusted."""
        self.start(tws_port, server, [])
        client = server.client()
        wait_until(lambda: client.get(_FLAG) == b"1", "no OMS flag", tell=self.program.output)
        # As the peer does: contracts are known before orders are timed.
        for number, symbol in enumerate(SYMBOLS):
            params = {"secType": "STK", "symbol": symbol, "exchange": "SEHK", "currency": "HKD"}
            client.publish(f"IBGateway:{NAME}:CMD", json.dumps({"id": number, "cmd": "FIND_CONTRACTS", "params": params}))
        last = f"IBGateway:Contract:SEHK:STK:HKD-{SYMBOLS[-1]}"
        wait_until(lambda: client.exists(last) == 1, "contracts are not found", tell=self.program.output)
        time.sleep(2)  # the message rate of these questions is over


def run(key: str, seconds: float) -> OrderFigures:
    """The latencies of one candidate."""
    count = int(ORDER_RATE * seconds)
    with _staged(LIVE) as (feeder, server):
        candidate = _started(key, feeder, server)
        try:
            status = _status_delays(feeder, Ear(server.port), int(STATUS_RATE * seconds))
            place = _place_delays(feeder, server.client(), count, named=False)
            reserved = _place_delays(feeder, server.client(), count, named=True)
        finally:
            candidate.stop()
    missing = int(STATUS_RATE * seconds) + 2 * count - len(status) - len(place) - len(reserved)
    delays = (sorted(status), sorted(place), sorted(reserved))
    figures = [percentile(each, percent) / 1e6 for each in delays for percent in (50, 99)]
    return OrderFigures(*figures, missing)


def _started(key: str, feeder: Worker, server: RedisServer) -> GatewayCandidate | PeerCandidate:
    if key == "gateway":
        gateway = OrdersGateway()
        gateway.start_for_orders(feeder.call("port"), server)
        return gateway
    peer = PeerCandidate("bench.peer_orders")
    peer.start(feeder.call("port"), server, SYMBOLS)
    client = server.client()
    listening = f"IBGateway:{NAME}:CMD"
    wait_until(lambda: client.pubsub_numsub(listening)[0][1] > 0, "the peer does not listen", tell=peer.program.output)
    return peer


class Ear:
    """A raw socket subscribed to the order channel: what it costs to listen is the same for all, and little."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.sendall(b"*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%b\r\n" % (len(_CHANNEL), _CHANNEL.encode()))
        self._sock.recv(1 << 12)
        self._sock.settimeout(0.5)
        self._chunks: list[tuple[int, bytes]] = []

    def listen(self, until: float) -> None:
        """Store what comes, and when, until a pause after the time `until`."""
        while True:
            try:
                data = self._sock.recv(1 << 18)
                self._chunks.append((time.monotonic_ns(), data))
            except TimeoutError:
                if time.monotonic() > until:
                    return

    def first_sights(self) -> dict[int, int]:
        """When each `executed` was seen first."""
        reader, seen = hiredis.Reader(), {}
        for at, data in self._chunks:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                seen.setdefault(int(json.loads(reply[2])["executed"]), at)
        return seen


def _status_delays(feeder: Worker, ear: Ear, count: int) -> list[int]:
    """ns from the write of each orderStatus to its first sight on the channel; the n-th says `executed` n."""
    feeder.ask("pace", count, LIVE, int(1e9 / STATUS_RATE))
    ear.listen(time.monotonic() + count / STATUS_RATE + 1)
    written, seen = array("q", feeder.answer()), ear.first_sights()
    return [seen[n + 1] - written[n] for n in range(count) if n + 1 in seen]


def _place_delays(feeder: Worker, client: redis.Redis, count: int, named: bool) -> list[int]:
    """ns from the PUBLISH of each PLACE_ORDER to its bytes at TWS; `named` ones have a client_oid.

    An order without one is known at TWS by its quantity.
    """
    sent: dict[str, int] = {}
    for number in range(count):
        quantity = (1_000_000 if named else 1) + number
        contract = {"secType": "STK", "symbol": SYMBOLS[number % 50], "exchange": "SEHK", "currency": "HKD"}
        order = {"T": "buy", "s": quantity, "p": 70.0, **({"client_oid": f"bench-{number}"} if named else {})}
        command = {"id": number, "cmd": "PLACE_ORDER", "params": {"contract": contract, "order": order}}
        text = json.dumps(command)
        sent[str(quantity)] = time.monotonic_ns()
        client.publish(f"IBGateway:{NAME}:CMD", text)
        time.sleep(1 / ORDER_RATE)
    time.sleep(0.5)
    placed = feeder.call("placed")
    return [placed[quantity] - at for quantity, at in sent.items() if quantity in placed]


def start_with(orders: int) -> float:
    """Seconds from the gateway's connection to TWS until its orders can be trusted, with so many alive."""
    with _staged(orders) as (feeder, server):
        candidate = OrdersGateway()
        client = server.client()
        try:
            candidate.start(feeder.call("port"), server, [])
            wait_until(lambda: client.get(_FLAG) == b"1", "no OMS flag", limit=60, tell=candidate.program.output)
            trusted = time.monotonic_ns()
            alive = sum(client.hlen(key) - 1 for key in client.scan_iter(f"URANUS:*:{NAME}:O:*")) // 2
            if alive != orders:
                raise RuntimeError(f"{alive} orders in the hashes, not {orders}")
            return float(trusted - feeder.call("since")) / 1e9
        finally:
            candidate.stop()


@contextmanager
def _staged(orders: int) -> Iterator[tuple[Worker, RedisServer]]:
    with RedisServer() as server:
        feeder = Worker(orderfeeder.main)
        try:
            feeder.call("orders", orders)
            yield feeder, server
        finally:
            feeder.stop()


__all__ = ["OrderFigures", "orderwire", "run", "start_with"]

"""Orders: from orderStatus on the socket to hash and channel, from CMD to the bytes of placeOrder, and the start with many.

The candidates run beside one another, each with its own Redis and its own TWS, and take turns: with slices of a second of
statuses, with every single order. What else the machine does meets both.
"""

from __future__ import annotations

import json
import socket
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import attrs
import hiredis

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
#: What the gateway of the bench is held to: limits that are looked at and refuse none of its orders.
LIMITS = ("--max-quantity=100000000", "--max-notional=100000000000", "--max-orders-per-second=1000", "--max-open-orders=100000")


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
    """The gateway, without books and with limits."""

    flags = LIMITS

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


class Contestant:
    """One candidate that runs, with its TWS and its Redis, and what was measured of it so far (ns)."""

    def __init__(self, key: str, feeder: Worker, server: RedisServer) -> None:
        self.key, self.feeder, self.server = key, feeder, server
        self.candidate = _started(key, feeder, server)
        self.client = server.client()
        self.statuses: list[int] = []
        self.told = 0
        self._sent: dict[str, int] = {}

    def statuses_for(self, count: int) -> None:
        """One slice: `count` fills, and when each was seen on the channel."""
        ear = Ear(self.server.port)
        self.feeder.ask("pace", count, LIVE, int(1e9 / STATUS_RATE), self.told)
        ear.listen(time.monotonic() + count / STATUS_RATE + 0.5)
        written, seen = array("q", self.feeder.answer()), ear.first_sights()
        first, self.told = self.told + 1, self.told + count
        self.statuses += [seen[first + n] - written[n] for n in range(count) if first + n in seen]

    def place(self, number: int, named: bool) -> None:
        """One PLACE_ORDER. An order without a client_oid is known at TWS by its quantity."""
        quantity = (1_000_000 if named else 1) + number
        contract = {"secType": "STK", "symbol": SYMBOLS[number % 50], "exchange": "SEHK", "currency": "HKD"}
        order = {"T": "buy", "s": quantity, "p": 70.0, **({"client_oid": f"bench-{number}"} if named else {})}
        text = json.dumps({"id": number, "cmd": "PLACE_ORDER", "params": {"contract": contract, "order": order}})
        self._sent[str(quantity)] = time.monotonic_ns()
        self.client.publish(f"IBGateway:{NAME}:CMD", text)

    def placed(self) -> list[int]:
        """ns from the PUBLISH of each PLACE_ORDER since the last time to its bytes at TWS."""
        placed, sent, self._sent = self.feeder.call("placed"), self._sent, {}
        return [placed[quantity] - at for quantity, at in sent.items() if quantity in placed]


def run(keys: Sequence[str], seconds: float) -> dict[str, OrderFigures]:
    """The latencies of the candidates, beside one another."""
    count, statuses = int(ORDER_RATE * seconds), int(STATUS_RATE * seconds)
    with ExitStack() as stack:
        all_ = [Contestant(key, *stack.enter_context(_staged(LIVE))) for key in keys]
        for each in all_:
            stack.callback(each.candidate.stop)
        for _ in range(max(statuses // STATUS_RATE, 1)):
            for each in all_:
                each.statuses_for(min(statuses, STATUS_RATE))
        places, named = _in_turn(all_, count, named=False), _in_turn(all_, count, named=True)
        return {each.key: _figures(each.statuses, places[each.key], named[each.key], each.told + 2 * count) for each in all_}


def _in_turn(all_: Sequence[Contestant], count: int, named: bool) -> dict[str, list[int]]:
    for number in range(count):
        for each in all_:
            each.place(number, named)
            time.sleep(1 / ORDER_RATE / len(all_))
    time.sleep(0.5)
    return {each.key: each.placed() for each in all_}


def _figures(status: list[int], place: list[int], reserved: list[int], wanted: int) -> OrderFigures:
    delays = (sorted(status), sorted(place), sorted(reserved))
    figures = [percentile(each, percent) / 1e6 for each in delays for percent in (50, 99)]
    return OrderFigures(*figures, wanted - len(status) - len(place) - len(reserved))


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
        self._sock.settimeout(0.25)
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
        """When each `executed` was seen first. The ear hears no more."""
        self._sock.close()
        reader, seen = hiredis.Reader(), {}
        for at, data in self._chunks:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                seen.setdefault(int(json.loads(reply[2])["executed"]), at)
        return seen


def start_with(orders: int) -> float:
    """Seconds from the gateway's connection to TWS until its orders can be trusted, with so many alive."""
    with _staged(orders) as (feeder, server):
        candidate = OrdersGateway()
        client = server.client()
        try:
            candidate.start(feeder.call("port"), server, [])
            wait_until(lambda: client.get(_FLAG) == b"1", "no OMS flag", limit=60, tell=candidate.program.output, pause=0.002)
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

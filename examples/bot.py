"""A careful bot on redis-py: one order below the market, told, cancelled. `python3 bot.py NAME EXCHANGE SHOWNAME`."""

import json
import os
import sys
import time
import uuid

import redis

STALE_STATUS = 3_000  # ms: an older status says nothing
STALE_BOOK = 60_000  # ms: an older book is no data
LIMIT = 20.0  # seconds any answer may take


class Gateway:
    """Commands out, everything else in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.redis = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
        self.ear = self.redis.pubsub(ignore_subscribe_messages=True)
        self.ear.subscribe(f"IBGateway:{name}:ACK")
        self.waiting: list[tuple[str, object]] = []

    def until(self, what: str, match):
        """The first message for which `match(channel, content)` is true; what came before it is let go."""
        deadline = time.monotonic() + LIMIT
        while (left := deadline - time.monotonic()) > 0:
            message = self.ear.get_message(timeout=left)
            if message is not None:
                content = json.loads(message["data"])
                if match(message["channel"].decode(), content):
                    return content
        raise SystemExit(f"no {what} within {LIMIT:.0f} s")

    def command(self, cmd: str, **params):
        """Send a command; its acknowledgement. A refusal ends the bot: it has had no effect."""
        id = str(uuid.uuid4())
        self.redis.publish(f"IBGateway:{self.name}:CMD", json.dumps({"id": id, "cmd": cmd, "params": params}))
        ack = self.until(f"ack of {cmd}", lambda _, m: isinstance(m, dict) and m.get("type") == "ack" and m["id"] == id)
        if not ack["ok"]:
            raise SystemExit(f"{cmd} refused: {ack['err']}")
        return ack

    def wait_until_trusted(self) -> None:
        """Status true and fresh. If it is not, nothing else may be believed."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            true, t = json.loads(self.redis.get(f"IBGateway:{self.name}:status") or "[false, 0]")
            if true and time.time() * 1000 - t < STALE_STATUS:
                return
            time.sleep(0.1)
        raise SystemExit("the gateway is not well")

    def wait_for_orders(self, exchange: str) -> None:
        """The cache of orders of that exchange can be trusted."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if self.redis.get(f"URANUS:{exchange}:{self.name}:OMS") == b"1":
                return
            time.sleep(0.1)
        raise SystemExit(f"the orders of {exchange} cannot be trusted")


def main(name: str, exchange: str, show_name: str) -> None:
    gateway = Gateway(name)
    gateway.wait_until_trusted()
    channel = gateway.command("SUB_ODBK", exchange=exchange, showName=show_name)["channel"]
    gateway.ear.subscribe(channel)
    gateway.wait_for_orders(exchange)

    def usable(heard: str, book) -> bool:
        return heard == channel and bool(book[0] and book[1]) and time.time() * 1000 - book[2] < STALE_BOOK

    bids, asks, _ = gateway.until("book", usable)
    print(f"{channel}: {bids[0]['p']} x {bids[0]['s']} / {asks[0]['p']} x {asks[0]['s']}")

    market = f"URANUS:{exchange}:{name}:O_channel"
    gateway.ear.subscribe(market)
    oid = f"bot-{uuid.uuid4()}"
    order = {"T": "buy", "s": int(os.environ.get("SIZE", "1000")), "p": price_below(bids), "client_oid": oid, "tif": "DAY"}
    gateway.command("PLACE_ORDER", exchange=exchange, showName=show_name, order=order)

    def ours(alive: bool):
        return lambda heard, told: heard == market and told.get("client_oid") == oid and told["alive"] is alive

    told = gateway.until("order", ours(alive=True))
    print(f"order {told['i']} {told['status']}: {told['s']} at {told['p']}")
    gateway.command("CANCEL_ORDER", client_oid=oid)
    told = gateway.until("end of the order", ours(alive=False))
    print(f"order {told['i']} {told['status']}, executed {told['executed']}")


def price_below(bids) -> float:
    """A price some levels below the best: the last level of the book is on the contract's tick by itself."""
    return bids[-1]["p"]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: bot.py NAME EXCHANGE SHOWNAME")
    main(*sys.argv[1:])

"""The careful bot on redis.asyncio. `python3 bot_asyncio.py NAME EXCHANGE SHOWNAME`."""

import asyncio
import json
import os
import sys
import time
import uuid

import redis.asyncio as redis

STALE_STATUS = 3_000  # ms: an older status says nothing
STALE_BOOK = 60_000  # ms: an older book is no data
LIMIT = 20.0  # seconds any answer may take


class Gateway:
    """One task listens; whoever waits is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.redis = redis.Redis(
            host=os.environ.get("REDIS_HOST", "127.0.0.1"), port=int(os.environ.get("REDIS_PORT", "6379"))
        )
        self.ear = self.redis.pubsub(ignore_subscribe_messages=True)
        self.waiting: list[tuple[object, asyncio.Future]] = []

    async def listen(self) -> None:
        """Every message goes to the first who waits for such a one."""
        async for message in self.ear.listen():
            channel, content = message["channel"].decode(), json.loads(message["data"])
            for match, future in list(self.waiting):
                if not future.done() and match(channel, content):
                    future.set_result(content)

    async def until(self, what: str, match):
        """The next message for which `match(channel, content)` is true."""
        waiting = (match, asyncio.get_running_loop().create_future())
        self.waiting.append(waiting)
        try:
            return await asyncio.wait_for(waiting[1], LIMIT)
        except TimeoutError:
            raise SystemExit(f"no {what} within {LIMIT:.0f} s") from None
        finally:
            self.waiting.remove(waiting)

    async def command(self, cmd: str, **params):
        """Send a command; its acknowledgement. A refusal ends the bot: it has had no effect."""
        id = str(uuid.uuid4())
        ack = asyncio.ensure_future(
            self.until(f"ack of {cmd}", lambda _, m: isinstance(m, dict) and m.get("type") == "ack" and m["id"] == id)
        )
        await asyncio.sleep(0)  # it waits before the command leaves
        await self.redis.publish(f"IBGateway:{self.name}:CMD", json.dumps({"id": id, "cmd": cmd, "params": params}))
        answer = await ack
        if not answer["ok"]:
            raise SystemExit(f"{cmd} refused: {answer['err']}")
        return answer

    async def wait_until(self, what: str, is_so) -> None:
        """Look at a key ten times a second until it is so."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if await is_so():
                return
            await asyncio.sleep(0.1)
        raise SystemExit(what)

    async def is_well(self) -> bool:
        """Status true and fresh. If it is not, nothing else may be believed."""
        true, t = json.loads(await self.redis.get(f"IBGateway:{self.name}:status") or "[false, 0]")
        return true and time.time() * 1000 - t < STALE_STATUS


async def main(name: str, exchange: str, show_name: str) -> None:
    gateway = Gateway(name)
    await gateway.ear.subscribe(f"IBGateway:{name}:ACK")
    listening = asyncio.ensure_future(gateway.listen())
    await gateway.wait_until("the gateway is not well", gateway.is_well)
    channel = (await gateway.command("SUB_ODBK", exchange=exchange, showName=show_name))["channel"]
    market = f"URANUS:{exchange}:{name}:O_channel"
    await gateway.ear.subscribe(channel, market)

    async def orders_are_trusted() -> bool:
        return await gateway.redis.get(f"URANUS:{exchange}:{name}:OMS") == b"1"

    await gateway.wait_until(f"the orders of {exchange} cannot be trusted", orders_are_trusted)

    def usable(heard: str, book) -> bool:
        return heard == channel and bool(book[0] and book[1]) and time.time() * 1000 - book[2] < STALE_BOOK

    bids, asks, _ = await gateway.until("book", usable)
    print(f"{channel}: {bids[0]['p']} x {bids[0]['s']} / {asks[0]['p']} x {asks[0]['s']}")
    oid = f"bot-{uuid.uuid4()}"
    # The book's last level is below the market, and on the contract's tick by itself.
    order = {"T": "buy", "s": int(os.environ.get("SIZE", "1000")), "p": bids[-1]["p"], "client_oid": oid, "tif": "DAY"}

    def ours(alive: bool):
        return lambda heard, told: heard == market and told.get("client_oid") == oid and told["alive"] is alive

    living = asyncio.ensure_future(gateway.until("order", ours(alive=True)))
    await gateway.command("PLACE_ORDER", exchange=exchange, showName=show_name, order=order)
    told = await living
    print(f"order {told['i']} {told['status']}: {told['s']} at {told['p']}")
    ended = asyncio.ensure_future(gateway.until("end of the order", ours(alive=False)))
    await gateway.command("CANCEL_ORDER", client_oid=oid)
    told = await ended
    print(f"order {told['i']} {told['status']}, executed {told['executed']}")
    listening.cancel()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: bot_asyncio.py NAME EXCHANGE SHOWNAME")
    asyncio.run(main(*sys.argv[1:]))

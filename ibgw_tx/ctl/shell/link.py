"""The way to Redis: keys read, commands published and waited for. Everything that can go wrong ends in one sentence and an exit
status (`Trouble`)."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import redis

from ibgw_tx.ctl.orders import Order, of_hash, with_unanswered
from ibgw_tx.ctl.shell.finding import Found, NotFound, find
from ibgw_tx.model import keys
from ibgw_tx.model.json_text import loads, text
from ibgw_tx.model.redis_access import Access

REFUSED, NO_REDIS, NO_ANSWER = 1, 3, 4


class Trouble(Exception):
    """Ends the program: its text for people, `status` for scripts."""

    def __init__(self, words: str, status: int = REFUSED) -> None:
        super().__init__(words)
        self.status = status


class Link:
    """One gateway's Redis."""

    def __init__(self, client: redis.Redis, name: str, found: Found | None = None, encrypted: bool = False) -> None:
        self.client: Any = client
        self.name = name
        #: How it was found, and whether over TLS.
        self.found, self.encrypted = found, encrypted

    def json(self, key: str) -> Any:
        """A key's value, None when there is none. Raises Trouble when it is no JSON."""
        value = self.client.get(key)
        try:
            return None if value is None else loads(value)
        except ValueError:
            raise Trouble(f"{key} does not hold JSON") from None

    def order_hashes(self) -> list[str]:
        """The keys of this gateway's order hashes."""
        found: Iterator[str] = self.client.scan_iter(keys.order_hashes(self.name), count=1000)
        return sorted({key for key in found if keys.place_of(key, self.name)})

    def orders(self) -> list[Order]:
        """Every order that Redis has, those too that TWS has not answered yet."""
        found = [order for key in self.order_hashes() for order in of_hash(self.client.hgetall(key))]
        return with_unanswered(found, self.client.hvals(keys.unanswered(self.name)))

    def exchanges(self) -> list[str]:
        """Those of the order hashes."""
        return sorted({key.split(":")[1] for key in self.order_hashes()})

    def book(self, exchange: str, pair: str) -> str | None:
        """The newest message of a book."""
        found: str | None = self.client.get(keys.book_key(exchange, pair))
        return found

    def subscribed(self, kind: str) -> list[str]:
        """The channels of what is subscribed: `odbk`, `top` or `ticks`."""
        fields = self.client.hkeys(keys.subscriptions(self.name))
        return sorted({parts[1] for parts in map(str.split, fields) if len(parts) > 1 and parts[0] == kind})

    def command(self, cmd: str, params: dict[str, Any], limit: float, result: bool = False) -> dict[str, Any]:
        """Send a command and give its ack, with `result` the result that follows it. Raises Trouble when it is refused, when
        TWS answers with an error in place of the result, when nobody listens, and after `limit` seconds without an answer."""
        own = f"ibgwctl-{uuid.uuid4().hex[:12]}"
        asked = {"id": own, "cmd": cmd, "params": params, "t": int(time.time() * 1000)}
        ends = time.monotonic() + limit
        with self.client.pubsub() as ear:
            ear.subscribe(keys.acks(self.name))
            # The command goes out when Redis has said that this end hears the answers.
            while (said := ear.get_message(timeout=max(0.0, ends - time.monotonic()))) is None:
                if time.monotonic() >= ends:
                    raise Trouble(f"Redis did not take the subscription within {limit:g} s; nothing was sent", NO_ANSWER)
            assert said["type"] == "subscribe"
            if self.client.publish(keys.commands(self.name), text(asked)) == 0:
                raise Trouble(f"no gateway named {self.name} listens; nothing was sent", NO_ANSWER)
            for answer in self._answers(ear, own, ends):
                if answer.get("type") == "ack" and not answer.get("ok"):
                    raise Trouble(f"refused ({answer.get('code')}): {answer.get('err')}")
                if answer.get("type") == "error" and result:
                    raise Trouble(f"TWS: {answer.get('code')} {answer.get('err')}")
                if answer.get("type") == ("result" if result else "ack"):
                    return answer
        raise Trouble(f"no answer within {limit:g} s: it may have been carried out, or not", NO_ANSWER)

    @staticmethod
    def _answers(ear: Any, asked: str, ends: float) -> Iterator[dict[str, Any]]:
        """What comes on ACK for one command, until the time is over."""
        while (left := ends - time.monotonic()) > 0:
            message = ear.get_message(ignore_subscribe_messages=True, timeout=left)
            try:
                found = loads(message["data"]) if message else None
            except ValueError:
                continue
            if isinstance(found, dict) and found.get("id") == asked:
                yield found

    def listen(self, channels: list[str], heard: Callable[[str, str], bool], limit: float | None) -> None:
        """Give each message's channel and text to `heard` until it says True, or for `limit` seconds."""
        ends = None if limit is None else time.monotonic() + limit
        with self.client.pubsub() as ear:
            ear.psubscribe(*channels)
            while ends is None or time.monotonic() < ends:
                wait = 1.0 if ends is None else min(1.0, max(0.0, ends - time.monotonic()))
                message = ear.get_message(ignore_subscribe_messages=True, timeout=wait)
                if message and heard(message["channel"], message["data"]):
                    return


def connect(access: Access, name: str) -> Link:
    """A link to a Redis that answers. Raises Trouble."""
    try:
        found = find(access)
    except NotFound as error:
        raise Trouble(str(error), NO_REDIS) from None
    # For CLIENT LIST; a user who may only read has no right to it, and needs none.
    with contextlib.suppress(redis.ResponseError):
        found.client.client_setname("ibgwctl")
    return Link(found.client, name, found, access.tls is not None)

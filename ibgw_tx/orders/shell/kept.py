"""What order entry keeps in Redis, and how it comes back: reserved client_oids, unanswered orders, the order id counter, HALT."""

from __future__ import annotations

from ibgw_tx.model import errors
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.shell.halt import HaltSwitch
from ibgw_tx.orders.shell.id_counter import IdCounter
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.unanswered import Unanswered
from ibgw_tx.redis.shell.link import RedisLink


class Kept:
    """`loaded` says that Redis has been read."""

    def __init__(
        self,
        name: str,
        redis: RedisLink,
        reservations: Reservations,
        unanswered: Unanswered,
        counter: IdCounter,
        halt: HaltSwitch,
    ) -> None:
        self.loaded = False
        self._keys = names.order_id_counter(name), names.halt(name)
        self._redis = redis
        self._reservations = reservations
        self._unanswered = unanswered
        self._counter = counter
        self._halt = halt

    async def redis_up(self) -> None:
        """First: read. Later: what is in memory is newer, write it. Raises RedisDown."""
        # Before anything can reserve them anew.
        await self._reservations.release(())
        if self.loaded:
            await self._reservations.clear_doubts()
            await self._reservations.rewrite()
            self._unanswered.rewrite()
            await self._counter.rewrite()
            await self._halt.rewrite()
            return
        counter, halt = await self._redis.call("MGET", *self._keys)
        if halt is None and await self._redis.call("EXISTS", self._keys[1]):
            # MGET gives nothing for it. Whoever has written there, it is no RESUME.
            halt = jsontext.dumps({"reason": f"{self._keys[1]} is a key of another type"})
        self._counter.restore(counter)
        self._halt.restore(halt)
        self.loaded = True

    def check(self) -> None:
        """Raise CommandError (unavailable) until Redis has been read, and while another gateway may have this one's name."""
        if not self._redis.is_ours:
            raise CommandError(errors.UNAVAILABLE, "the lease of this gateway's name is not renewed: another may work under it")
        if not self.loaded:
            raise CommandError(errors.UNAVAILABLE, "what the gateway keeps in Redis has not been read yet")

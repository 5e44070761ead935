"""A hundred cut cables: of two gateways of one name, on hosts of their own, one works and one stands by. Cables of the working
one to Redis or to TWS are cut, in both directions or in one only."""

from __future__ import annotations

import json
import random
import time
from typing import Any

from ibgw_tx.demo.embedded_redis import EmbeddedRedis
from tests.faults import checks
from tests.faults.gateway import Gateway
from tests.faults.lanes import Campaign, Tally
from tests.faults.stage import START, Stage, Violation
from tests.kit.namespaces import Host

REDIS_NET, TWS_NET = 87, 88
TAKEN_OVER = 25.0  # seconds from a cut to trusted orders by the other one
BACK = 240.0  # seconds from the end of a cut until one that was cut off stands by again, or is trusted: TWS may have kept its id
SILENCE = 12.0  # seconds: a silent TWS is known as one after 10
KINDS = tuple((what, way) for what in ("redis", "tws") for way in ("both", "out", "in"))


class Apart(Stage):
    """A stage whose two gateways run on hosts of their own, each with one cable to Redis and one to TWS."""

    def __init__(self, seed: int, version: int, lane: int) -> None:
        super().__init__(seed, version, cables=False, sim_options=("--interface=0.0.0.0",))
        self.hosts = [Host(60 + 2 * lane + number, (REDIS_NET, TWS_NET)) for number in (0, 1)]
        self._ends += [host.remove for host in self.hosts]
        addresses = [host.far(REDIS_NET) for host in self.hosts]
        self.server = EmbeddedRedis("--bind", "127.0.0.1", *addresses, "--protected-mode", "no")

    def another(self, *flags: str) -> Gateway:
        """Both of them; the first one is given."""
        self.both = []
        for host in self.hosts:
            env = {**self.env, "REDIS_HOST": host.far(REDIS_NET), "TWS_API_ADDR": host.far(TWS_NET)}
            made = Gateway(self.name, self.folder, env, ("--standby",), tuple(host.prefix))
            made.log = self.folder / f"gateway-{self.seed}-{host.name}.log"
            self._ends.append(made.kill)
            self.both.append(made)
        return self.both[0]

    def next_day(self, seed: int) -> None:
        for gateway in self.both:
            gateway.kill()
        super().next_day(seed)

    def said(self, key: str) -> Any:
        """`lease` or `standby`: {} when there is none."""
        return json.loads(self.client.get(f"IBGateway:{self.name}:{key}") or "{}")

    def working(self) -> int:
        """Which of the two has the lease."""
        pid = self.said("lease").get("pid")
        return next((number for number, each in enumerate(self.both) if each.pid == pid), -1)

    def trusted_since(self, began: float) -> bool:
        return self.view is not None and self.view.whole and self.view.status[1] > began


def day(stage: Stage, cuts: int) -> Tally:
    """A busy day with so many cut cables. Raises Violation."""
    assert isinstance(stage, Apart)
    dice, tally = random.Random(stage.seed), Tally(days=1)
    stage.begin()
    stage.watch.one_life = True
    stage.both[1].start()
    stage.until(lambda: stage.said("standby"), START, "a gateway that stands by")
    stage.wait(2)  # the holder hears of it with a renewal
    while tally.strokes < cuts:
        stage.wait(dice.uniform(0.5, 2.0))
        what, way = dice.choice(KINDS)
        seconds = _redis(stage, dice, way) if what == "redis" else _tws(stage, dice, way)
        tally.strokes += 1
        tally.seconds.append(seconds)
        tally.seen.setdefault(f"{what}, {way}", []).append(seconds)
        stage.fail_on(stage.watch.wrong)
    stage.whole(90)
    stage.fail_on(stage.watch.wrong)
    for gateway in stage.both:
        stage.fail_on(checks.log(gateway.lines(), len(stage.bot.commands)))
        stage.fail_on([] if gateway.alive else ["a process has ended"])
    tally.count(stage)
    return tally


def _redis(stage: Apart, dice: random.Random, way: str) -> float:
    """The working gateway is cut off from Redis, until the other one has taken over, or for less than its lease."""
    here, began, number = stage.working(), time.time(), stage.said("lease")["number"]
    host, old = stage.hosts[here], stage.both[here]
    host.cut(REDIS_NET, way)
    if dice.random() < 0.25:
        stage.wait(dice.uniform(1.0, 6.0))
        host.mend(REDIS_NET)
        mended = time.time()
        stage.until(lambda: stage.trusted_since(mended + 1), BACK, "trusted after a short cut")
        stage.gap(began, acks=True, bytes=True)
        _stands_by(stage)
        return time.time() - mended
    stood = len(stage.watch.stood)
    stage.until(lambda: stage.said("lease").get("number", number) > number and stage.trusted_since(began + 3), BACK,
                f"the other one trusted after the cable to Redis was cut ({way})")  # fmt: skip
    took = time.time() - began
    # The promise is not for a machine that stands still; how long it took is told all the same.
    if took > TAKEN_OVER and len(stage.watch.stood) == stood and stage.watch.late < 1:
        raise Violation(f"taken over {took:.1f} s after the cable to Redis was cut ({way}); within {TAKEN_OVER:g} s is promised")
    stage.wait(dice.uniform(0.0, 5.0))
    host.mend(REDIS_NET)
    stage.gap(began, acks=True, bytes=True)
    stage.until(lambda: stage.said("standby").get("pid") == old.pid, BACK, "the one that was cut off stands by")
    stage.gateway = stage.both[1 - here]
    stage.gap(began, acks=True, bytes=True)
    stage.wait(2)
    return took


def _tws(stage: Apart, dice: random.Random, way: str) -> float:
    """The working gateway is cut off from TWS for a while; it keeps its lease."""
    host, began = stage.hosts[stage.working()], time.time()
    stage.watch.allow = SILENCE
    host.cut(TWS_NET, way)
    stage.wait(dice.choice((dice.uniform(1.0, 9.0), dice.uniform(12.0, 45.0))))
    host.mend(TWS_NET)
    mended = time.time()
    stage.until(lambda: stage.trusted_since(mended + 1), BACK, f"trusted after the cable to TWS was cut ({way})")
    stage.gap(began, bytes=True)
    stage.wait(SILENCE)
    stage.watch.allow = 0.0
    return time.time() - mended - SILENCE


def _stands_by(stage: Apart) -> None:
    """Whoever works, the other one stands by."""
    stage.until(lambda: stage.working() >= 0, BACK, "a gateway that works")
    other = stage.both[1 - stage.working()]
    stage.until(lambda: stage.said("standby").get("pid") == other.pid, BACK, "a gateway that stands by")
    stage.gateway = stage.both[stage.working()]


PARTITIONS = Campaign("partitions", Apart, day, 5)

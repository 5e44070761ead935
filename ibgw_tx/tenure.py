"""One gateway works under one name: a Gateway is there while its name's lease is held (section 9).

It begins when the lease is taken, and ends when the process stops, when another gateway has taken the lease, or when the lease
can not be renewed while another gateway stands by for it. With nobody standing by, a Redis that is away only keeps orders back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from ibgw_tx.config import Config
from ibgw_tx.gateway import Gateway
from ibgw_tx.lease.claim import PACE
from ibgw_tx.lease.shell.lease import Lease
from ibgw_tx.lease.shell.process import lasting_seconds, this_process
from ibgw_tx.redis.shell.master_way import make_way
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.supervisor import Supervisor


class Tenure(MultiService):
    """The service tree of a process: the lease, and the gateway while it is held.

    `make(lease)` makes a gateway; `end(status)` ends the process.
    """

    log = Logger()

    def __init__(
        self,
        config: Config,
        lease: Lease,
        make: Callable[[Lease], Gateway],
        reactor: Any,
        end: Callable[[int], None],
        supervisor: Supervisor,
    ) -> None:
        super().__init__()
        self.setName(f"tenure-{config.name}")
        self.gateway: Gateway | None = None
        self.lease = lease
        self._config, self._make, self._end, self._supervisor = config, make, end, supervisor
        self._ending: Deferred[Any] | None = None
        #: Whether it has been said that the lease is not sure.
        self._unsure = False
        lease.on_taken, lease.on_lost, lease.on_given_up = self._taken, self._lost, self._given_up
        lease.on_standing_by = self._standing_by
        for child in (supervisor, lease.way, lease):
            child.setServiceParent(self)
        self._watch = LoopingCall(self._look)
        self._watch.clock = reactor

    def startService(self) -> None:
        super().startService()
        self._supervisor.state(f"waits for the lease of {self._config.name} on Redis at {self._config.redis_address}")
        self._watch.start(PACE).addErrback(lambda failure: self.log.failure("the lease is watched no longer", failure))

    def stopService(self) -> Deferred[Any]:
        """The gateway tells its end; then the lease is given back."""
        self._supervisor.stopping()
        if self._watch.running:
            self._watch.stop()
        ended = DeferredList([self._end_gateway()], consumeErrors=True)
        return ended.addCallback(lambda _: super(Tenure, self).stopService())

    def _taken(self) -> None:
        self._unsure = False
        if self._ending is not None:
            # The former gateway of this process is still closing its connections.
            self._ending.addBoth(lambda _: self._begin())
        else:
            self._begin()

    def _begin(self) -> None:
        if self.running and self.gateway is None and self.lease.holder is not None:
            self.gateway = self._make(self.lease)
            self.gateway.setServiceParent(self)

    def _standing_by(self, words: str) -> None:
        """Redis knows that this one waits: that is what it was started for."""
        self._supervisor.state(f"stands by for {self._config.name}: {words}")
        self._supervisor.alive(ready=True)

    def _lost(self, words: str) -> None:
        name = self._config.name
        self.log.warn("{name} has lost its lease to another gateway ({words}): it stops here", name=name, words=words)
        self._cut_off()
        if not self._config.standby:
            self._end(1)

    def _given_up(self, words: str) -> None:
        self.log.error(
            "another gateway works under the name {name} ({words}); start this one with --standby to wait for its end",
            name=self._config.name,
            words=words,
        )
        self._end(1)

    def _look(self) -> None:
        """A lease that is not renewed may become another's."""
        if self.gateway is None:
            self._supervisor.alive(ready=False)
            self._unsure = False
            if self.lease.is_held and self._ending is None:
                # It has left TWS to another gateway, which has not come: the lease is renewed again, and nobody else's.
                self._begin()
            return
        if self.lease.is_held:
            if self._unsure:
                self._unsure = False
                self.log.info("the lease of {name} is renewed again", name=self._config.name)
                self.gateway.assembly.alerts.changed("lease", self._config.name, False, "the lease is renewed again")
            return
        if not self._unsure:
            self._unsure = True
            self.log.warn("the lease of {name} is not renewed: no order leaves until it is", name=self._config.name)
            text = "the lease is not renewed: no order leaves until it is"
            self.gateway.assembly.alerts.changed("lease", self._config.name, True, text)
        if self.lease.has_standby:
            self.log.warn("{name} leaves TWS to the gateway that stands by", name=self._config.name)
            self._cut_off()

    def _cut_off(self) -> None:
        """The gateway ends without a word on Redis: its keys are another's, or will be."""
        if self.gateway is not None:
            self.gateway.cut()
            self._end_gateway()

    def _end_gateway(self) -> Deferred[Any]:
        gateway, self.gateway = self.gateway, None
        if gateway is not None:
            ended = gateway.disownServiceParent()
            self._ending = ended
            ended.addErrback(self._not_ended).addCallback(self._has_ended)
        return self._ending or Deferred.fromCoroutine(_nothing())

    def _not_ended(self, failure: Failure) -> None:
        self.log.failure("the gateway did not end in order", failure)

    def _has_ended(self, _: Any) -> None:
        self._ending = None


async def _nothing() -> None:
    """There is nothing to end."""


def make_tenure(config: Config, reactor: Any, end: Callable[[int], None], supervisor: Supervisor) -> Tenure:
    """The service tree of one process."""
    lease = Lease(
        config.name,
        make_way(config.redis_access, reactor),
        config.standby,
        this_process(),
        reactor,
        lasting_seconds,
        lambda: int(time.time() * 1000),
    )

    def make(lease: Lease) -> Gateway:
        return Gateway(config, reactor, time.time, lease=lease, supervisor=supervisor)

    return Tenure(config, lease, make, reactor, end, supervisor)

"""Whether a holder is sure that its lease is its own, with a Redis that sentinels keep."""

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from ibgw_tx.lease.claim import LIFE, MARGIN, STANDBY_LIFE, UNCONFIRMED
from ibgw_tx.lease.holder import Holder, Process
from ibgw_tx.lease.shell.lease import Lease
from ibgw_tx.model.redis_access import Access
from ibgw_tx.redis.shell.way import Way
from tests.kit.deferreds import error, result

ME = Process("here", 1)


class Stage:
    """A holder, and a Redis that answers its renewals."""

    def __init__(self, only_master=True):
        self.clock = Clock()
        self.way = SentinelWay(Access("h", 1), self.clock) if only_master else Way(Access("h", 1), self.clock)
        self.lease = Lease("demo", self.way, False, ME, self.clock, self.clock.seconds, lambda: 0)
        self.lease.holder = Holder(1, "id", ME, 0)
        self.standby = 0

    def renew(self, **way):
        vars(self.way).update(way)
        execute = lambda *words: succeed([self.lease.holder.text.encode(), self.standby])  # noqa: E731
        result(Deferred.fromCoroutine(self.lease._renew(execute)))
        return self.lease.is_held

    def holds_for(self):
        """Seconds until it is not sure any more."""
        for tenths in range(200):
            if not self.lease.is_held:
                return tenths / 10
            self.clock.advance(0.1)
        raise AssertionError


class SentinelWay(Way):
    only_master, is_confirmed, grace = True, True, 6.0


@pytest.mark.parametrize("only_master", [False, True])
@pytest.mark.parametrize("standby", [0, 1])
def test_a_renewal_on_a_confirmed_master_holds_for_nine_seconds(only_master, standby):
    stage = Stage(only_master)
    stage.standby = standby
    assert stage.renew() and stage.holds_for() == pytest.approx(LIFE - MARGIN, abs=0.2)


def test_without_anybody_who_waits_a_master_that_nobody_confirms_is_good_enough():
    stage = Stage()
    stage.renew()
    assert stage.renew(is_confirmed=False) and stage.holds_for() == pytest.approx(LIFE - MARGIN, abs=0.2)


def test_while_who_waits_is_seen_on_this_redis_it_is_not_at_another_one():
    stage = Stage()
    stage.standby = 1
    stage.renew()
    assert stage.renew(is_confirmed=False) and stage.holds_for() == pytest.approx(UNCONFIRMED, abs=0.2)
    assert stage.renew(is_confirmed=True) and stage.holds_for() == pytest.approx(LIFE - MARGIN, abs=0.2)


def test_when_who_waited_is_gone_and_nobody_confirms_the_master_nothing_is_sure():
    stage = Stage()
    stage.standby = 1
    stage.renew()
    stage.standby = 0
    assert not stage.renew(is_confirmed=False) and stage.lease.has_standby, "TWS is left to the other one"
    assert not stage.renew()
    assert stage.renew(is_confirmed=True) and not stage.lease.has_standby


def test_one_that_waits_is_forgotten_on_an_old_master_before_it_takes_the_lease_from_a_new_one():
    assert STANDBY_LIFE + UNCONFIRMED < SentinelWay.grace
    from ibgw_tx.redis.shell.master_way import MasterWay  # noqa: PLC0415

    assert MasterWay.grace == SentinelWay.grace


def test_a_lease_that_is_another_ones_is_lost():
    stage = Stage()
    lost = []
    stage.lease.on_lost = lost.append
    other = Holder(2, "other", Process("there", 2), 0)
    error(Deferred.fromCoroutine(stage.lease._renew(lambda *words: succeed([other.text.encode(), 0]))))
    assert lost == ["host there, pid 2"] and not stage.lease.is_held

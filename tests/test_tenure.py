"""A gateway while its name's lease is held: what is said when it is not."""

from types import SimpleNamespace

import pytest
from twisted.application.service import MultiService, Service
from twisted.internet.task import Clock

from ibgw_tx.config import configure
from ibgw_tx.runtime.supervisor import Supervisor
from ibgw_tx.tenure import Tenure


class FakeLease(Service):
    """Held as a test says."""

    is_held, has_standby, holder = True, False, object()

    def __init__(self):
        self.way = Service()


class FakeGateway(MultiService):
    """Remembers that it was cut off."""

    was_cut = False

    def __init__(self):
        super().__init__()
        self.told = []
        self.assembly = SimpleNamespace(alerts=SimpleNamespace(changed=lambda *said: self.told.append(said[:3])))

    def cut(self):
        self.was_cut = True


class Stage:
    def __init__(self, monkeypatch, *flags):
        self.clock, self.lease, self.made, self.ended = Clock(), FakeLease(), [], []
        config = configure({"name": "demo", **dict.fromkeys(flags, "1")}, {})
        self.tenure = Tenure(config, self.lease, self.make, self.clock, self.ended.append, Supervisor(None))
        self.said = []
        monkeypatch.setattr(self.tenure, "log", self)
        self.tenure.startService()
        self.lease.on_taken()

    def make(self, lease):
        self.made.append(FakeGateway())
        return self.made[-1]

    def warn(self, text, **facts):
        self.said.append(text.format(**facts))

    info = error = warn

    def seconds(self, count):
        self.clock.pump([1] * count)


def test_a_lease_that_is_not_renewed_is_told_once_and_so_is_its_renewal(monkeypatch):
    stage = Stage(monkeypatch)
    stage.lease.is_held = False
    stage.seconds(3)
    stage.lease.is_held = True
    stage.seconds(3)
    assert stage.said == [
        "the lease of demo is not renewed: no order leaves until it is",
        "the lease of demo is renewed again",
    ]
    assert not stage.made[0].was_cut
    assert stage.made[0].told == [("lease", "demo", True), ("lease", "demo", False)]


@pytest.mark.parametrize(("flags", "ended"), [((), [1]), (("standby",), [])])
def test_a_lost_lease_is_not_told_as_renewed(monkeypatch, flags, ended):
    stage = Stage(monkeypatch, *flags)
    stage.lease.is_held = False
    stage.seconds(2)
    stage.lease.holder = None
    stage.lease.on_lost("host b, pid 2")
    stage.seconds(5)
    assert stage.made[0].was_cut and stage.ended == ended
    assert [line for line in stage.said if "renewed again" in line] == []
    assert "has lost its lease to another gateway (host b, pid 2)" in stage.said[-1]


def test_a_gateway_leaves_when_its_lease_is_not_sure_and_another_waits(monkeypatch):
    stage = Stage(monkeypatch)
    stage.lease.is_held, stage.lease.has_standby = False, True
    stage.seconds(1)
    assert stage.made[0].was_cut and stage.tenure.gateway is None
    stage.lease.on_taken()
    assert stage.tenure.gateway is stage.made[1]


def test_one_that_left_and_whose_lease_nobody_took_begins_again(monkeypatch):
    """Redis was away for both, and came back to this one first: nobody would work."""
    stage = Stage(monkeypatch)
    stage.lease.is_held, stage.lease.has_standby = False, True
    stage.seconds(3)
    assert stage.tenure.gateway is None
    stage.lease.is_held = True
    stage.seconds(1)
    assert len(stage.made) == 2 and stage.tenure.gateway is stage.made[1] and not stage.made[1].was_cut


def test_one_whose_lease_is_another_ones_does_not_begin_again(monkeypatch):
    stage = Stage(monkeypatch, "standby")
    stage.lease.is_held, stage.lease.holder = False, None
    stage.lease.on_lost("host b, pid 2")
    stage.seconds(5)
    assert stage.tenure.gateway is None and len(stage.made) == 1

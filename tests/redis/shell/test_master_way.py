"""The way to the master: sentinels and servers in memory, words of Redis on their wires."""

import hiredis
import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock

from ibgw_tx.model.redis_access import Access
from ibgw_tx.redis.shell.master_way import PATIENCE, MasterWay, make_way
from ibgw_tx.redis.shell.way import NoMaster, Way
from tests.kit.deferreds import error, result
from tests.kit.tws import Wire

S1, S2, S3 = SENTINELS = ("s", 1), ("s", 2), ("s", 3)
A, B = ("10.0.0.1", 6379), ("10.0.0.2", 6379)


class Net:
    """Everybody that can be connected to: what a sentinel says (place, epoch), which role a server has, who is away or silent."""

    def __init__(self, **access):
        self.clock = Clock()
        self.way = MemoryWay(self, Access("", 0, sentinels=SENTINELS, master="books", **access), self.clock)
        self.words = dict.fromkeys(SENTINELS, (A, 1))
        self.roles = {A: b"master", B: b"slave"}
        self.away, self.silent, self.asked, self.wires = set(), set(), [], []

    def endpoint(self, address):
        net = self

        class Endpoint:
            def connect(self, factory):
                if address in net.away:
                    return fail(ConnectionRefusedError())
                if address in net.silent or factory is None:
                    return Deferred()
                wire, protocol = Wire(), factory.buildProtocol(None)
                wire.protocol = protocol
                reader = hiredis.Reader()

                def write(data):
                    reader.feed(data)
                    while (words := reader.gets()) is not False:
                        net.asked.append((address, *(word.decode() for word in words)))
                        if address not in net.silent:
                            protocol.dataReceived(net.answer(address, words))

                wire.write = write
                protocol.makeConnection(wire)
                net.wires.append((address, wire))
                return succeed(protocol)

        return Endpoint()

    def answer(self, address, words):
        if words[0] == b"AUTH":
            return b"+OK\r\n"
        if address in SENTINELS:
            (host, port), epoch = self.words[address]
            if words[1] == b"MASTER":
                return b"*2\r\n$12\r\nconfig-epoch\r\n$%d\r\n%d\r\n" % (len(str(epoch)), epoch)
            return b"*2\r\n$%d\r\n%s\r\n$%d\r\n%d\r\n" % (len(host), host.encode(), len(str(port)), port)
        text = b"role:" + self.roles[address] + b"\r\n"
        return b"$%d\r\n%s\r\n" % (len(text), text)

    def look(self):
        looked = self.way.look()
        self.clock.advance(1.1)
        self.clock.advance(1.1)
        result(looked)
        return self.way.master

    def fail_over(self, *told):
        self.roles = {A: b"slave", B: b"master"}
        for sentinel in told or SENTINELS:
            self.words[sentinel] = (B, 2)


class MemoryWay(MasterWay):
    """Over a Net."""

    def __init__(self, net, *rest):
        self._net = net
        super().__init__(*rest)

    def direct(self, address):
        return self._net.endpoint(address)


class Live:
    """A connection of the gateway."""

    def __init__(self, way):
        self.cuts, self.transport = 0, self
        way.made(self)

    def abortConnection(self):
        self.cuts += 1


@pytest.fixture
def net():
    return Net()


def test_settings_without_sentinels_have_a_fixed_address():
    assert type(make_way(Access("h", 1), None)) is Way
    way = make_way(Access("", 0, sentinels=SENTINELS, master="books"), Clock())
    assert isinstance(way, MasterWay) and way.address == "books@s:1,s:2,s:3"


def test_the_master_is_asked_for_and_looked_at_and_told_once(net, lines):
    assert net.look() == A and net.way.address == "10.0.0.1:6379" and net.way.is_confirmed
    assert (A, "INFO", "replication") in net.asked
    net.look()
    assert lines == ["info the master books of Redis is at 10.0.0.1:6379"]


def test_a_fail_over_cuts_every_connection_once(net, lines):
    net.look()
    live = [Live(net.way), Live(net.way)]
    net.fail_over()
    assert net.look() == B
    assert [each.cuts for each in live] == [1, 1]
    assert lines[1:] == ["warn the master books of Redis is at 10.0.0.2:6379 now, no longer at 10.0.0.1:6379"]


def test_one_that_leads_is_enough_when_the_new_one_is_a_master(net):
    net.look()
    net.fail_over(S2)
    assert net.look() == B and not net.way.is_confirmed


def test_one_that_lies_moves_nobody_and_is_told_in_the_end(net, lines):
    net.look()
    live = Live(net.way)
    net.words[S3] = (B, 99)
    for _ in range(PATIENCE):
        assert net.look() == A
    assert live.cuts == 0 and net.way.is_confirmed
    assert lines[1:] == ["warn sentinel s:3 names 10.0.0.2:6379 as the master; 3 of 3 can be asked"]
    net.words[S3] = (A, 1)
    net.look()
    assert lines[2:] == ["info sentinel s:3 is as the others again"]


def test_a_lagging_one_alone_with_a_new_one_that_cannot_be_reached_gives_no_old_master(net):
    """Cut off with the old master, which still says that it is one."""
    net.fail_over(S1)
    net.roles[A] = b"master"
    net.away |= {S3, B}
    assert net.look() is None
    connected = Deferred.fromCoroutine(net.way.connect(None))
    assert "10.0.0.2:6379 cannot be reached" in str(error(connected, NoMaster))


@pytest.mark.parametrize("how", ["away", "silent"])
def test_sentinels_that_are_away_are_one_line_each_and_the_next_is_asked(net, lines, how):
    getattr(net, how).update({S1, S2})
    for _ in range(3):
        assert net.look() == A
    assert not net.way.is_confirmed
    told = [line for line in lines if "can be asked" in line]
    assert len(told) == 2 and all("1 of 3 can be asked" in line for line in told)
    assert sum("no majority of the 3 sentinels names 10.0.0.1:6379" in line for line in lines) == 1
    getattr(net, how).clear()
    net.look()
    assert sum("is as the others again" in line for line in lines) == 2
    assert any("most sentinels name 10.0.0.1:6379 as the master again" in line for line in lines)


def test_a_sentinel_that_falls_silent_on_a_kept_connection_is_left(net):
    net.look()
    net.silent |= {S1, S2, S3}
    net.look()
    net.silent.clear()
    assert net.look() == A and net.way.is_confirmed


def test_the_sentinels_keep_one_connection_each(net):
    for _ in range(5):
        net.look()
    assert sum(address in SENTINELS for address, _ in net.wires) == 3


def test_no_sentinel_at_all_is_no_master(net):
    net.away |= set(SENTINELS)
    connected = Deferred.fromCoroutine(net.way.connect(None))
    assert "none of 3 sentinels names a master" in str(error(connected, NoMaster))


def test_logins_are_each_their_own():
    net = Net(password="redis-pw", sentinel_user="watcher", sentinel_password="sentinel-pw")
    net.look()
    assert {asked for asked in net.asked if asked[1] == "AUTH"} == {
        *((sentinel, "AUTH", "watcher", "sentinel-pw") for sentinel in SENTINELS),
        (A, "AUTH", "redis-pw"),
    }


def test_an_attempt_at_the_old_master_ends_when_it_has_moved(net):
    net.look()
    connected = Deferred.fromCoroutine(net.way.connect(None))
    net.fail_over()
    net.look()
    error(connected, NoMaster)


def test_who_asks_while_a_look_is_under_way_waits_for_the_same(net):
    net.silent.add(S1)
    first, second = net.way.look(), net.way.look()
    net.clock.advance(1.1)
    result(first)
    result(second)
    assert sum(asked[0] == S2 for asked in net.asked) == 2

"""Reads take a short way through the reactor, and nothing else of it changes; what it leans on is where it is."""

import os

import pytest
from twisted.internet.base import ReactorBase
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionDone
from twisted.internet.selectreactor import SelectReactor

from ibgw_tx.runtime.quick_reads import PRIVATE_PARTS, quicken


class Pipe:
    """A selectable over the reading end of a pipe; `result` is what its next read says, or raises."""

    def __init__(self, reactor):
        self.end, self.other = os.pipe()
        self.reads, self.lost, self.result = [], [], None
        self.reactor = reactor
        reactor.addReader(self)

    def fileno(self):
        return self.end

    def logPrefix(self):
        return "pipe"

    def doRead(self):
        self.reads.append(os.read(self.end, 100))
        if isinstance(self.result, BaseException) and not isinstance(self.result, ConnectionDone):
            raise self.result
        return self.result

    def connectionLost(self, reason):
        self.lost.append(reason.value)

    def write(self, data):
        os.write(self.other, data)


@pytest.fixture(params=[False, True], ids=["Twisted's own", "quick"])
def reactor(request):
    reactor = EPollReactor()
    if request.param:
        quicken(reactor)
        assert "doIteration" in vars(reactor)
    yield reactor
    reactor._poller.close()


@pytest.fixture
def pipes(reactor):
    pipes = [Pipe(reactor), Pipe(reactor)]
    yield pipes
    reactor.removeAll()
    for pipe in pipes:
        os.close(pipe.end)
        try:
            os.close(pipe.other)
        except OSError:
            pass


def test_each_event_is_read_by_who_it_is_for(reactor, pipes):
    pipes[1].write(b"b")
    reactor.doIteration(0)
    assert pipes[0].reads == [] and pipes[1].reads == [b"b"]
    pipes[0].write(b"a")
    reactor.doIteration(None)
    assert pipes[0].reads == [b"a"] and not pipes[0].lost and not pipes[1].lost


def test_an_end_is_told_and_nothing_is_read_any_more(reactor, pipes):
    pipes[0].result = ConnectionDone()
    pipes[0].write(b"a")
    reactor.doIteration(0)
    pipes[0].write(b"b")
    reactor.doIteration(0)
    assert pipes[0].reads == [b"a"]
    assert [type(why) for why in pipes[0].lost] == [ConnectionDone]


def test_a_failure_ends_what_it_happened_to_is_logged_and_holds_up_nobody_else(reactor, pipes, failures):
    pipes[0].result = ValueError("odd")
    for pipe in pipes:
        pipe.write(b"a")
    reactor.doIteration(0)
    assert [str(why) for why in pipes[0].lost] == ["odd"] and pipes[1].reads == [b"a"]
    assert [event["failure"].getErrorMessage() for event in failures] == ["odd"]
    failures.clear()


def test_what_was_closed_in_the_same_round_is_not_read(reactor, pipes):
    for pipe, other in (pipes, pipes[::-1]):
        pipe.doRead = lambda pipe=pipe, other=other: (pipe.reads.append(os.read(pipe.end, 9)), reactor.removeReader(other))[2:]
        pipe.write(b"a")
    reactor.doIteration(0)
    assert sorted(pipe.reads for pipe in pipes) == [[], [b"a"]]


def test_a_hang_up_goes_twisteds_way(reactor, pipes):
    os.close(pipes[0].other)
    reactor.doIteration(0)
    assert len(pipes[0].lost) == 1 and not pipes[0].reads


def test_another_reactor_is_left_alone():
    class Other(EPollReactor):
        """Somebody's own."""

    for made in (SelectReactor(), Other()):
        quicken(made)
        assert "doIteration" not in vars(made)
        assert isinstance(made, ReactorBase)


@pytest.mark.parametrize("part", PRIVATE_PARTS)
def test_twisted_has_it(reactor, part):
    assert hasattr(reactor, part)

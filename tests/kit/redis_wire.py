"""Redis' end of the gateway's connections, in memory: words come, replies go."""

import hiredis
from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.model.redis_access import Access
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.redis.shell.way import Way
from tests.kit.tws import Wire


def info(run=1):
    """Redis' answer to INFO server."""
    text = b"# Server\r\nredis_version:7.0\r\nrun_id:%040d\r\n" % run
    return b"$%d\r\n%b" % (len(text), text)


class Server:
    """Redis' end of one connection: words come, replies go."""

    def __init__(self, protocol, clock):
        self.protocol, self.wire = protocol, Wire()
        self.reader = hiredis.Reader()
        self._read = 0
        protocol.callLater, protocol.seconds = clock.callLater, clock.seconds
        self.wire.protocol = protocol
        protocol.makeConnection(self.wire)

    def words(self):
        data = self.wire.value()
        self.reader.feed(data[self._read :])
        self._read = len(data)
        found = []
        while (words := self.reader.gets()) is not False:
            found.append([word.decode() for word in words])
        return found

    def reply(self, *replies):
        self.protocol.dataReceived(b"".join(reply + b"\r\n" for reply in replies))


class Place:
    """A RedisLink whose connections a test makes by hand: 0 commands, 1 subscription, 2 books."""

    def __init__(self, password=None, user=None):
        self.clock = MemoryReactorClock()
        way = Way(Access("127.0.0.1", 6379, user, password), self.clock)
        self.link = RedisLink(way, "IBGateway:demo:CMD")
        self.link.running = 1

    def connect(self, number):
        return Server(self.link._factories[number].buildProtocol(None), self.clock)

    def ready(self, number=0, run=1):
        """A connection that is ready; of another `run` of Redis than the one before, which had clients of its own.

        Commands are heard only where they can be answered: the first connection is there before the second.
        """
        if number == 1 and not self.link.up:
            self.ready(0, run)
        server = self.connect(number)
        server.reply(b"+PONG", info(run), b":11")
        if number == 1:
            server.reply(b"*3\r\n$9\r\nsubscribe\r\n$18\r\nIBGateway:demo:CMD\r\n:1")
        server.words()
        return server

"""A whole gateway in memory: its Redis is a FakeLink, its TWS is scripted, its time stands still until it is advanced."""

import json

from twisted.internet.testing import MemoryReactorClock

from ibgw_tx import gateway as gateway_module
from ibgw_tx.config import configure
from ibgw_tx.model import keys as names
from ibgw_tx.runtime.supervisor import Supervisor
from tests.kit.redis import FakeLink
from tests.kit.tws import ScriptedTWS

ACK, CMD, STATUS, BALANCE = names.acks("demo"), names.commands("demo"), names.status("demo"), names.balance("demo")


def contract_data(req_id, contract, **details):
    """A CONTRACT_DATA message at version 157."""
    given = {
        "mdSizeMultiplier": 1,
        "minTick": 0.01,
        "longName": "",
        "marketRuleIds": "",
        "validExchanges": contract.exchange,
        **details,
    }
    return (
        10,
        8,
        req_id,
        contract.symbol,
        contract.secType,
        contract.lastTradeDateOrContractMonth,
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.localSymbol,
        "market",
        contract.tradingClass,
        contract.conId,
        given["minTick"],
        given["mdSizeMultiplier"],
        contract.multiplier,
        "LMT,MKT",
        given["validExchanges"],
        1,
        0,
        given["longName"],
        contract.primaryExchange,
        "",
        "",
        "",
        "",
        "US/Eastern",
        "",
        "",
        "",
        0,
        0,
        1,
        "",
        "",
        given["marketRuleIds"],
        "",
        "COMMON",
    )


def portfolio_row(contract, pos=100, account="DU1", price="160.5"):
    """A PORTFOLIO_VALUE message; its contract is reduced, as TWS sends it."""
    named = (contract.conId, contract.symbol, contract.secType, contract.lastTradeDateOrContractMonth, contract.strike, "0")
    rest = (contract.multiplier, contract.primaryExchange, contract.currency, contract.localSymbol, contract.tradingClass)
    return (7, 8, *named, *rest, pos, price, "16050", "150.25", "1025", "0", account)


class FakeManager:
    """A service manager in memory: what it was told, datagram by datagram."""

    def __init__(self):
        self.told = []

    def __call__(self, *kind):
        return self

    def setblocking(self, flag):
        pass

    def close(self):
        pass

    def sendto(self, data, place):
        self.told.append(data.decode().split("\n"))

    def heard(self):
        """Every word since the last time, in order."""
        found, self.told = [word for words in self.told for word in words], []
        return found


class World:
    """A started gateway. Redis is up and TWS connected when a test says so."""

    def __init__(self, monkeypatch, **flags):
        self.reactor = MemoryReactorClock()
        self.reactor.advance(1_700_000_000)
        self.manager = FakeManager()
        supervisor = Supervisor("/manager", make_socket=self.manager)
        config = configure({"name": "demo", **flags}, {})
        supervisor.startService()
        self.gateway = gateway_module.Gateway(config, self.reactor, make_redis=FakeLink, supervisor=supervisor)
        self.parts = self.gateway.assembly
        self.link = self.gateway.redis
        self.gateway.startService()
        self.factory = self.reactor.tcpClients[0][2]
        self.tws = None
        self._asked = []
        self._id = 0

    def connect(self):
        """A new session in its greeting."""
        self.tws = ScriptedTWS(self.factory.buildProtocol(None))
        self._asked.clear()
        return self.tws

    def ready(self, accounts="DU1"):
        """A new session that is READY; nothing is answered yet."""
        self.connect().welcome(accounts)
        return self.tws

    def running(self):
        """Redis up, session ready, an account without positions downloaded: the status is true."""
        self.link.bring_up()
        self.ready()
        self.download()
        return self

    def answer_times(self):
        """TWS answers every question for its time, signs of life and fences alike; how many."""
        asked = self.asked("49")
        for _ in asked:
            self.tws.say(49, 1, int(self.reactor.seconds()))
        return len(asked)

    def download(self, *positions, account="DU1"):
        self.answer_times()
        self.tws.say(6, 2, "CashBalance", "500", "USD", account)
        for position in positions:
            self.tws.say(*portfolio_row(position, account=account))
        self.tws.say(54, 1, account)

    def asked(self, message_id):
        """The requests of one kind since the last time it was looked for."""
        self._asked += filter(None, self.tws.asked())
        found = [message for message in self._asked if message[0] == message_id]
        self._asked = [message for message in self._asked if message[0] != message_id]
        return found

    def answer(self, *contracts, code=None, **details):
        """Answer every open contract question with the contracts that fit it (conId, or symbol), or with an error."""
        questions = self.asked("9")
        for _, _, req_id, con_id, symbol, *_ in questions:
            fitting = [each for each in contracts if (str(each.conId) == con_id if con_id != "0" else each.symbol == symbol)]
            if code is not None or not fitting:
                self.tws.notice(code or 200, "No security definition has been found", req_id)
                continue
            for contract in fitting:
                self.tws.say(*contract_data(req_id, contract, **details))
            self.tws.say(52, 1, req_id)
        self.turn()
        return len(questions)

    def turn(self):
        """What was put off to the next turn happens."""
        self.reactor.advance(0)

    def seconds(self, count):
        """Time goes by, and TWS answers signs of life."""
        for _ in range(count * 2):
            self.reactor.advance(0.5)
            if self.tws is not None and self.tws.wire.protocol is not None:
                self.answer_times()

    def seconds_without_times(self, count):
        """Time goes by, and TWS answers nothing."""
        for _ in range(count * 2):
            self.reactor.advance(0.5)

    def answer_only(self, *contracts):
        """Answer the open questions about these contracts, and leave the others open."""
        wanted = {str(each.conId) for each in contracts}
        questions = self.asked("9")
        self._asked += [question for question in questions if question[3] not in wanted]
        for _, _, req_id, con_id, *_ in questions:
            for contract in [each for each in contracts if str(each.conId) == con_id]:
                self.tws.say(*contract_data(req_id, contract))
                self.tws.say(52, 1, req_id)
        self.turn()

    def send(self, cmd, id=None, **params):
        """A command of a bot; gives its id."""
        self._id += 1
        body = {"id": id or self._id, "cmd": cmd, "params": params}
        self.link.on_message(json.dumps(body).encode())
        return body["id"]

    def told(self, kind):
        """The messages of one type on ACK since the last time, heartbeats left out of the rest."""
        found = [message for message in self.link.on_channel(ACK) if message["type"] == kind]
        self.link.published = [
            (channel, message)
            for channel, message in self.link.published
            if channel != ACK or json.loads(message)["type"] != kind
        ]
        return found

    def ack(self):
        """The one acknowledgement since the last time."""
        (found,) = self.told("ack")
        return found

    @property
    def status(self):
        return self.link.json(STATUS)[0]

    @property
    def balance(self):
        return self.link.json(BALANCE)

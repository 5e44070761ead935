"""The ibapi seam: the official encoders and decoder, without its socket, threads or queue. No Twisted here.

`TWSClient` is ibapi's EClient over a connection of ours (three methods are all it needs, house.md 2.4). `TWSWrapper` turns
each callback into a record of events.py and hands it on. `TWSDecoder` mends what breaks a long session in ibapi 9.81
(tws-facts 9.3, 9.4): one field too many no longer drops a message, a bad one raises instead of ending everything, and texts
are decoded without interpreting backslashes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from ibgw_tx import events, jsontext
from ibgw_tx.account import Position
from ibgw_tx.contract import Contract
from ibgw_tx.translate import contract_from_ib, contract_to_ib, details_from_ib, plain

#: The dialects we speak and replay in tests: 9.81 knows no later one.
MIN_VERSION, MAX_VERSION = 100, 157

#: CONTRACT_DATA and BOND_CONTRACT_DATA, whose long name ibapi decodes in a way that stumbles over a stray backslash.
_DETAILS = (b"10", b"18")

# Each send and each callback would be logged with account data; the gateway has its own log.
logging.getLogger("ibapi").setLevel(logging.WARNING)


class Connection(Protocol):
    """What EClient needs of a connection."""

    def isConnected(self) -> bool: ...

    def sendMsg(self, msg: bytes) -> Any: ...

    def disconnect(self) -> None: ...


class TWSDecoder(Decoder):
    """ibapi's Decoder with a dispatch that one odd message cannot break."""

    def interpret(self, fields: list[bytes]) -> None:
        """Decode one message and call the wrapper. Raises whatever its fields raise; the caller skips the message."""
        info = self.msgId2handleInfo.get(int(fields[0]))
        if info is None:
            return
        if info.wrapperMeth is not None:
            self._call(fields, info)
        else:
            if fields[0] in _DETAILS:
                fields = [_ascii(field) for field in fields]
            info.processMeth(self, iter(fields))

    def _call(self, fields: list[bytes], info: Any) -> None:
        params = [param for name, param in info.wrapperParams.items() if name != "self"]
        texts = fields[2 : 2 + len(params)]
        if len(texts) < len(params):
            raise ValueError(f"{len(fields)} fields, {len(params) + 2} expected")
        args = [_argument(text, param.annotation) for text, param in zip(texts, params, strict=True)]
        getattr(self.wrapper, info.wrapperMeth.__name__)(*args)


def _argument(field: bytes, annotation: type) -> Any:
    text = _text(field)
    if annotation is int:
        return int(text)
    if annotation is float:
        return float(text)
    return text


def _text(field: bytes) -> str:
    try:
        return plain(field.decode())
    except UnicodeDecodeError:
        return field.decode("latin-1")


def _ascii(field: bytes) -> bytes:
    r"""`é` and stray backslashes as ibapi can take them back: \u escapes, which `plain` turns into text again."""
    if b"\\" not in field and field.isascii():
        return field
    return "".join(c if " " <= c <= "~" and c != "\\" else f"\\u{ord(c):04x}" for c in _text(field)).encode()


class TWSWrapper(EWrapper):
    """Each callback becomes one record for `tell`; what is not overridden here is of no interest to the gateway.

    (EWrapper's own methods only log, and below the level that is on.)
    """

    def __init__(self, tell: Callable[[Any], None]) -> None:
        super().__init__()
        self._tell = tell

    def nextValidId(self, orderId: int) -> None:
        self._tell(events.NextValidId(orderId))

    def managedAccounts(self, accountsList: str) -> None:
        accounts = tuple(account.strip() for account in accountsList.split(",") if account.strip())
        self._tell(events.ManagedAccounts(accounts))

    def error(self, reqId: int, *rest: Any) -> None:
        # 9.81: code, text; later a JSON text follows, then an error time comes first (tws-facts 10.1).
        code, text = rest[1:3] if len(rest) > 3 else rest[:2]
        self._tell(events.Notice(-1 if reqId == jsontext.UNSET_INTEGER else reqId, code, text))

    def currentTime(self, time: int) -> None:
        """The answer to the liveness probe; that any byte came is what counts."""

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        contract = contract_from_ib(contractDetails.contract)
        self._tell(events.ContractHit(reqId, contract, details_from_ib(contractDetails)))

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, reqId: int) -> None:
        self._tell(events.ContractEnd(reqId))

    def marketRule(self, marketRuleId: int, priceIncrements: list[Any]) -> None:
        ladder = tuple((step.lowEdge, step.increment) for step in priceIncrements)
        self._tell(events.MarketRule(marketRuleId, ladder))

    def updateAccountValue(self, key: str, val: str, currency: str, accountName: str) -> None:
        self._tell(events.AccountValue(key, val, currency, accountName))

    def updatePortfolio(
        self,
        contract: Any,
        position: float,
        marketPrice: float,
        marketValue: float,
        averageCost: float,
        unrealizedPNL: float,
        realizedPNL: float,
        accountName: str,
    ) -> None:
        figures = (averageCost, marketPrice, marketValue, unrealizedPNL, realizedPNL)
        row = Position(contract_from_ib(contract), jsontext.number(position) or 0, *map(jsontext.number, figures))
        self._tell(events.PortfolioRow(accountName, row))

    def accountDownloadEnd(self, accountName: str) -> None:
        self._tell(events.AccountDownloadEnd(accountName))


class TWSClient:
    """What the gateway asks TWS: the official encoders over our own connection.

    Every method queues one message; PacingFull tells that too many wait. Without a session nothing is sent (ibapi then
    answers 504 through the wrapper).
    """

    def __init__(self, connection: Connection, client_id: int, tell: Callable[[Any], None]) -> None:
        self._wrapper = TWSWrapper(tell)
        self._client = EClient(self._wrapper)
        self._client.conn = connection
        self._client.clientId = client_id
        self._decoder: TWSDecoder | None = None

    def greet(self, server_version: int) -> None:
        """The server has told its version: from now on messages can be encoded and decoded. Sends startApi."""
        self._client.serverVersion_ = server_version
        self._client.setConnState(EClient.CONNECTED)
        self._decoder = TWSDecoder(self._wrapper, server_version)
        self._client.startApi()

    @property
    def server_version(self) -> int:
        """The dialect agreed on; 0 before."""
        return self._client.serverVersion_ or 0

    def decode(self, fields: list[bytes]) -> None:
        """Decode one message; raises whatever is wrong with it."""
        assert self._decoder is not None
        self._decoder.interpret(fields)

    def ask_current_time(self) -> None:
        """A question that TWS itself answers: proves the socket, not the link to IB."""
        self._client.reqCurrentTime()

    def ask_contract(self, req_id: int, contract: Contract) -> None:
        """ContractHit for each match, then ContractEnd; or a Notice (200: none)."""
        self._client.reqContractDetails(req_id, contract_to_ib(contract))

    def ask_market_rule(self, rule_id: int) -> None:
        """One MarketRule."""
        self._client.reqMarketRule(rule_id)

    def subscribe_account(self, account: str) -> None:
        """AccountValue and PortfolioRow, then AccountDownloadEnd, then changes. One account at a time for each TWS."""
        self._client.reqAccountUpdates(True, account)

    def unsubscribe_account(self, account: str) -> None:
        """End it."""
        self._client.reqAccountUpdates(False, account)

    def subscribe_depth(self, req_id: int, contract: Contract, num_rows: int, smart: bool) -> None:
        """Rows of messages 12 or 13 from now on; `smart` must be so for exchange SMART (else 10092)."""
        self._client.reqMktDepth(req_id, contract_to_ib(contract), num_rows, smart, [])

    def cancel_depth(self, req_id: int, smart: bool) -> None:
        """End the rows of `req_id`; `smart` as when it was asked (tws-facts 5.2)."""
        self._client.cancelMktDepth(req_id, smart)

"""The ibapi seam: the official encoders and decoder, without its socket, threads or queue. No Twisted here.

`TWSClient` is ibapi's EClient over a connection of ours; three methods are all it needs. What comes back goes through
TWSDecoder (twsdecoder.py) and TWSWrapper (twswrapper.py) and is told as the records of events.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

from ibapi.client import EClient
from ibapi.execution import ExecutionFilter

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import NotEncodable
from ibgw_tx.model.events import Notice
from ibgw_tx.tws.api import generation
from ibgw_tx.tws.api.contracts import contract_to_ib
from ibgw_tx.tws.api.decoder import TWSDecoder
from ibgw_tx.tws.api.more_requests import MoreRequests
from ibgw_tx.tws.api.orders import order_to_ib
from ibgw_tx.tws.api.protobuf import ProtobufReader
from ibgw_tx.tws.api.wrapper import TWSWrapper
from ibgw_tx.tws.dialects import RAW_IDS
from ibgw_tx.tws.order_frames import Templates

#: The dialects we speak and replay in tests, as far as the installed ibapi knows them.
MIN_VERSION, MAX_VERSION = 100, min(generation.NEWEST, 226)
#: TWS's own code for a message that cannot be read; here for one that ibapi cannot write.
_CANNOT_ENCODE = 508


class Connection(Protocol):
    """What EClient needs of a connection."""

    def isConnected(self) -> bool: ...

    def sendMsg(self, msg: bytes) -> Any: ...

    def disconnect(self) -> None: ...

    #: Whether what is sent now is the gateway's own need; a bot's question may be refused where this may not.
    own: bool


class _Tape:
    """The connection that ibapi sees: it keeps what would be sent. (ibapi of today swallows whatever a connection raises.)"""

    def __init__(self, is_connected: Callable[[], bool]) -> None:
        self.sent: list[bytes] = []
        self.isConnected = is_connected

    def sendMsg(self, msg: bytes) -> None:
        self.sent.append(msg)

    def disconnect(self) -> None:
        """Nothing to end."""

    def take(self) -> list[bytes]:
        """The framed messages since the last time."""
        sent, self.sent = self.sent, []
        return sent


class TWSClient(MoreRequests):
    """What the gateway asks TWS: the official encoders over our own connection.

    Every method queues one message; PacingFull tells that too many wait. Without a session nothing is sent (ibapi then
    answers 504 through the wrapper).
    """

    def __init__(self, connection: Connection, client_id: int, tell: Callable[[Any], None]) -> None:
        self._connection = connection
        self._tell = tell
        self._wrapper = TWSWrapper(tell)
        self._tape = _Tape(connection.isConnected)
        self._client = EClient(self._wrapper)
        self._client.conn = self._tape
        self._client.clientId = client_id
        self._decoder: TWSDecoder | None = None
        self._reader: ProtobufReader | None = None
        #: How plain orders of this session are written.
        self.templates = Templates()
        #: How often TWS was asked for its time in this session.
        self.times_asked = 0
        #: The time in TWS's greeting, in the zone of its login.
        self.connection_time = ""

    def greet(self, server_version: int) -> None:
        """The server has told its version: from now on messages can be encoded and decoded. Sends startApi."""
        self._client.serverVersion_ = server_version
        self._client.setConnState(EClient.CONNECTED)
        self._decoder = TWSDecoder(self._wrapper, server_version)
        if server_version >= RAW_IDS:
            self._reader = ProtobufReader(self._wrapper, self._decoder, self._tell)
        self._ask(self._client.startApi)

    def _ask(self, ask: Callable[..., Any], *args: Any) -> None:
        """Have ibapi write one request and queue it. What it cannot write is told as an error of the request's id."""
        try:
            ask(*args)
        except Exception as error:
            # Requests in protobuf are built before ibapi guards itself.
            self._tape.take()
            req_id = args[0] if args and type(args[0]) is int else -1
            self._tell(Notice(req_id, _CANNOT_ENCODE, f"{ask.__name__} cannot be written: {type(error).__name__}: {error}"))
        for message in self._tape.take():
            self._connection.sendMsg(message)

    def _contract(self, contract: Contract) -> Any:
        return contract_to_ib(contract, self.server_version)

    @property
    def server_version(self) -> int:
        """The dialect agreed on; 0 before."""
        return self._client.serverVersion_ or 0

    @property
    def unsent(self) -> frozenset[str]:
        """Members of an order that ibapi would leave out of it without a word."""
        return generation.unsent(self.server_version)

    def decode(self, fields: list[bytes]) -> None:
        """Decode one message; raises whatever is wrong with it."""
        assert self._decoder is not None
        self._decoder.interpret(fields)

    def decode_protobuf(self, kind: int, payload: bytes) -> None:
        """Decode one protobuf message of this id (201 and more); raises whatever is wrong with it."""
        assert self._reader is not None
        self._reader.read(kind, payload)

    def ask_current_time(self) -> None:
        """A question that TWS itself answers: proves the socket, not the link to IB."""
        self._ask(self._client.reqCurrentTime)
        self.times_asked += 1

    def ask_settings(self, req_id: int) -> None:
        """OwnSettings: what TWS is set to. From server version 219 on, and in protobuf alone."""
        asked = import_module("ibapi.protobuf.ConfigRequest_pb2").ConfigRequest()
        asked.reqId = req_id
        self._ask(self._client.reqConfigProtoBuf, asked)

    def ask_contract(self, req_id: int, contract: Contract, own: bool = False) -> None:
        """ContractHit for each match, then ContractEnd; or a Notice (200: none). `own`: the gateway needs it, no bot."""
        self._connection.own = own
        try:
            self._ask(self._client.reqContractDetails, req_id, self._contract(contract))
        finally:
            self._connection.own = False

    def ask_market_rule(self, rule_id: int) -> None:
        """One MarketRule."""
        self._ask(self._client.reqMarketRule, rule_id)

    def subscribe_account(self, account: str) -> None:
        """AccountValue and PortfolioRow, then AccountDownloadEnd, then changes. One account at a time for each TWS."""
        self._ask(self._client.reqAccountUpdates, True, account)

    def unsubscribe_account(self, account: str) -> None:
        """End it."""
        self._ask(self._client.reqAccountUpdates, False, account)

    def subscribe_depth(self, req_id: int, contract: Contract, num_rows: int, smart: bool) -> None:
        """Rows of messages 12 or 13 from now on; `smart` must be so for exchange SMART (else 10092)."""
        self._ask(self._client.reqMktDepth, req_id, self._contract(contract), num_rows, smart, [])

    def cancel_depth(self, req_id: int, smart: bool) -> None:
        """End the rows of `req_id`; `smart` as when it was asked (tws-facts 5.2)."""
        self._ask(self._client.cancelMktDepth, req_id, smart)

    def subscribe_account_multi(self, req_id: int, account: str) -> None:
        """MultiValue of one account's ledger, then MultiEnd("values"), then changes."""
        self._ask(self._client.reqAccountUpdatesMulti, req_id, account, "", True)

    def cancel_account_multi(self, req_id: int) -> None:
        """End it."""
        self._ask(self._client.cancelAccountUpdatesMulti, req_id)

    def subscribe_positions_multi(self, req_id: int, account: str) -> None:
        """MultiPosition of one account, then MultiEnd("positions"), then changes."""
        self._ask(self._client.reqPositionsMulti, req_id, account, "")

    def cancel_positions_multi(self, req_id: int) -> None:
        """End it."""
        self._ask(self._client.cancelPositionsMulti, req_id)

    def ask_summary(self, req_id: int, tags: str) -> None:
        """SummaryRow of every account and tag, then SummaryEnd; then it has to be cancelled (two at most at a time)."""
        self._ask(self._client.reqAccountSummary, req_id, "All", tags)

    def cancel_summary(self, req_id: int) -> None:
        """End it."""
        self._ask(self._client.cancelAccountSummary, req_id)

    def choose_data_type(self, kind: int) -> None:
        """1: live only; 3: delayed where live is not subscribed. For the whole connection."""
        self._ask(self._client.reqMarketDataType, kind)

    def subscribe_top(self, req_id: int, contract: Contract, generic_ticks: str) -> None:
        """Ticks of level 1 from now on."""
        self._ask(self._client.reqMktData, req_id, self._contract(contract), generic_ticks, False, False, [])

    def cancel_top(self, req_id: int) -> None:
        """End them."""
        self._ask(self._client.cancelMktData, req_id)

    def subscribe_ticks(self, req_id: int, contract: Contract) -> None:
        """Every trade (AllLast: those of combos and derivatives too) from now on, as messages 99."""
        self._ask(self._client.reqTickByTickData, req_id, self._contract(contract), "AllLast", 0, False)

    def cancel_ticks(self, req_id: int) -> None:
        """End them."""
        self._ask(self._client.cancelTickByTickData, req_id)

    def ask_history(
        self,
        req_id: int,
        contract: Contract,
        end: str,
        duration: str,
        bar_size: str,
        what: str,
        use_rth: bool,
        keep: bool = False,
    ) -> None:
        """Bars in one message (17), times as epoch seconds where they are not whole days.

        `keep`: LiveBar of the last one follows, and of those after it.
        """
        self._ask(
            self._client.reqHistoricalData,
            req_id,
            self._contract(contract),
            *(end, duration, bar_size, what, int(use_rth), 2, keep, []),
        )

    def cancel_history(self, req_id: int) -> None:
        """Wait for its bars no longer."""
        self._ask(self._client.cancelHistoricalData, req_id)

    # Orders.

    def encode_order(self, order_id: int, contract: Contract, members: Mapping[str, Any]) -> bytes:
        """The framed placeOrder of a new order, or of a change of the one with this id; nothing is sent.

        Raises NotEncodable with ibapi's own code (503: not with this server version, 579: a character) and text.
        """
        return self._encoded("order", lambda client: client.placeOrder(order_id, self._contract(contract), order_to_ib(members)))

    def encode_cancel(self, order_id: int) -> bytes:
        """The framed cancel of an order of this client; nothing is sent. Raises NotEncodable."""
        return self._encoded("cancel", lambda client: client.cancelOrder(order_id, *generation.cancel_arguments()))

    def encode_cancel_all(self) -> bytes:
        """The framed cancel of every open order of the login, those of other clients and by hand too. Raises NotEncodable."""
        return self._encoded("global cancel", lambda client: client.reqGlobalCancel(*generation.cancel_arguments()))

    def _encoded(self, what: str, encode: Callable[[EClient], None]) -> bytes:
        told: list[Any] = []
        tape, usual = _Tape(lambda: True), self._client.conn
        self._client.conn = tape
        try:
            with self._wrapper.listening(told.append):
                encode(self._client)
        except Exception as error:
            raise NotEncodable(f"the {what} cannot be sent: {type(error).__name__}: {error}") from error
        finally:
            self._client.conn = usual
        if not tape.sent:
            code, text = next(((event.code, event.text) for event in told), (0, "ibapi sends nothing"))
            raise NotEncodable(f"the {what} cannot be sent: {code} {text}")
        return b"".join(tape.sent)

    def bind_manual_orders(self) -> None:
        """Be told of orders placed by hand in TWS from now on; client id 0 only (327)."""
        self._ask(self._client.reqAutoOpenOrders, True)

    def ask_open_orders(self) -> None:
        """OpenOrder and OrderStatus of every client's live orders, then OpenOrderEnd."""
        self._ask(self._client.reqAllOpenOrders)

    def ask_completed_orders(self) -> None:
        """CompletedOrder of today, then CompletedOrdersEnd. From server version 150 on."""
        self._ask(self._client.reqCompletedOrders, False)

    def ask_executions(self, req_id: int, days: int = 1) -> None:
        """Execution and Commission of today, or of the last `days` (from server version 200 on), then ExecutionsEnd."""
        chosen = ExecutionFilter()
        if days > 1:
            chosen.lastNDays = days
        self._ask(self._client.reqExecutions, req_id, chosen)

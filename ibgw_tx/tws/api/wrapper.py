"""ibapi's callbacks, each turned into a record of events.py. No state, no Redis, no Deferred."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ibapi.wrapper import EWrapper

from ibgw_tx.model import events
from ibgw_tx.model.figures import UNSET_INTEGER, number_or_none, order_id, quantity_or_none
from ibgw_tx.model.order_events import Commission, OrderStatus
from ibgw_tx.model.position import Position
from ibgw_tx.tws.api import orders as ordertranslate
from ibgw_tx.tws.api import todays
from ibgw_tx.tws.api.contracts import contract_from_ib, details_from_ib, plain
from ibgw_tx.tws.api.generation import charged


class TWSWrapper(EWrapper):
    """Each callback becomes one record for `tell`; what is not overridden here is of no interest to the gateway.

    (EWrapper's own methods only log, and below the level that is on.)
    """

    def __init__(self, tell: Callable[[Any], None]) -> None:
        super().__init__()
        self._tell = tell
        #: Of the details that come next, where ibapi passes it over (today's, up to server version 163).
        self.size_multiplier: int | None = None
        #: What ibapi passes over of the open order in protobuf that comes next.
        self._beside = todays.PassedOver()

    @contextmanager
    def listening(self, tell: Callable[[Any], None]) -> Iterator[None]:
        """Tell somebody else for a while (ibapi speaks through the wrapper while it encodes)."""
        self._tell, usual = tell, self._tell
        try:
            yield
        finally:
            self._tell = usual

    def nextValidId(self, orderId: int) -> None:
        self._tell(events.NextValidId(orderId))

    def managedAccounts(self, accountsList: str) -> None:
        accounts = tuple(account.strip() for account in accountsList.split(",") if account.strip())
        self._tell(events.ManagedAccounts(accounts))

    def error(self, reqId: int, *rest: Any) -> None:
        # 9.81: code, text; later a time stands before and, where TWS says it, a JSON text behind (tws-facts-10x, 21.1).
        at = next(place for place, part in enumerate(rest) if isinstance(part, str))
        time, reject = rest[0] if at > 1 else 0, rest[at + 1] if len(rest) > at + 1 else ""
        self._tell(events.Notice(-1 if reqId == UNSET_INTEGER else reqId, rest[at - 1], rest[at], reject or "", time or 0))

    def currentTime(self, time: int) -> None:
        self._tell(events.CurrentTime(time))

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        contract = contract_from_ib(contractDetails.contract)
        if self.size_multiplier is not None:
            contractDetails.mdSizeMultiplier = self.size_multiplier
        self._tell(events.ContractHit(reqId, contract, details_from_ib(contractDetails)))

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, reqId: int) -> None:
        self._tell(events.ContractEnd(reqId))

    def securityDefinitionOptionParameter(
        self,
        reqId: int,
        exchange: str,
        underlyingConId: int,
        tradingClass: str,
        multiplier: str,
        expirations: Any,
        strikes: Any,
    ) -> None:
        told = sorted(strike for strike in map(number_or_none, strikes) if strike is not None)
        self._tell(events.Chain(reqId, exchange, plain(tradingClass), str(multiplier), sorted(expirations), told))

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self._tell(events.ChainEnd(reqId))

    def updateNewsBulletin(self, msgId: int, msgType: int, newsMessage: str, originExch: str) -> None:
        self._tell(events.Bulletin(msgId, msgType, plain(newsMessage), originExch))

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
        row = Position(contract_from_ib(contract), position, *map(number_or_none, figures))
        self._tell(events.PortfolioRow(accountName, row))

    def accountDownloadEnd(self, accountName: str) -> None:
        self._tell(events.AccountDownloadEnd(accountName))

    def accountUpdateMulti(
        self, reqId: int, account: str, modelCode: str, key: str, value: str, currency: str
    ) -> None:
        self._tell(events.MultiValue(reqId, account, key, value, currency))

    def accountUpdateMultiEnd(self, reqId: int) -> None:
        self._tell(events.MultiEnd(reqId, "values"))

    def positionMulti(
        self, reqId: int, account: str, modelCode: str, contract: Any, pos: float, avgCost: float
    ) -> None:
        row = Position(contract_from_ib(contract), pos, number_or_none(avgCost), None, None, None, None)
        self._tell(events.MultiPosition(reqId, account, row))

    def positionMultiEnd(self, reqId: int) -> None:
        self._tell(events.MultiEnd(reqId, "positions"))

    def accountSummary(self, reqId: int, account: str, tag: str, value: str, currency: str) -> None:
        self._tell(events.SummaryRow(reqId, account, tag, value, currency))

    def accountSummaryEnd(self, reqId: int) -> None:
        self._tell(events.SummaryEnd(reqId))

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float | None, realizedPnL: float | None) -> None:
        self._tell(events.Pnl(reqId, *map(number_or_none, (dailyPnL, unrealizedPnL, realizedPnL))))

    def pnlSingle(
        self, reqId: int, pos: Any, dailyPnL: float, unrealizedPnL: float | None, realizedPnL: float | None, value: float
    ) -> None:
        figures = map(number_or_none, (dailyPnL, unrealizedPnL, realizedPnL, value))
        self._tell(events.PnlSingle(reqId, quantity_or_none(pos), *figures))

    def marketDataType(self, reqId: int, marketDataType: int) -> None:
        self._tell(events.DataType(reqId, marketDataType))

    def tickOptionComputation(self, reqId: int, tickType: int, *figures: float | None) -> None:
        # Since server version 156 an attribute stands before the eight figures.
        iv, delta, _, _, gamma, vega, theta, und_price = map(number_or_none, figures[-8:])
        told = {"iv": iv, "delta": delta, "gamma": gamma, "vega": vega, "theta": theta, "undPrice": und_price}
        self._tell(events.OptionTick(reqId, tickType, told))

    def realtimeBar(
        self, reqId: int, time: int, open_: float, high: float, low: float, close: float, volume: Any, wap: Any, count: int
    ) -> None:
        self._tell(events.LiveBar(reqId, str(time), (open_, high, low, close), volume, wap, count, closed=True))

    def historicalDataUpdate(self, reqId: int, bar: Any) -> None:
        prices = bar.open, bar.high, bar.low, bar.close
        average = getattr(bar, "wap", None) if getattr(bar, "wap", None) is not None else bar.average
        self._tell(events.LiveBar(reqId, bar.date, prices, bar.volume, average, bar.barCount, closed=False))

    # Orders.

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any, whole: bool = True) -> None:
        """`whole`: nothing of the order is unknown to us, so that a change may be built from what TWS shows."""
        if order.whatIf:
            self._tell(events.WhatIf(orderId, ordertranslate.margins(orderState)))
            return
        told = ordertranslate.open_order(orderId, contract, order, orderState)
        members, beside = ordertranslate.echo(order), self._beside
        self._tell(events.OrderEcho(orderId, told.clientId, told.contract, {**members, **beside.members}, beside.lost))
        self._tell(told)

    def openOrderProtoBuf(self, openOrder: Any) -> None:
        # Called before `openOrder`, with all that TWS has said.
        self._beside = todays.passed_over(openOrder.order)

    def configResponseProtoBuf(self, configResponse: Any) -> None:
        self._tell(events.OwnSettings(configResponse.reqId, todays.as_dict(configResponse)))

    def openOrderEnd(self) -> None:
        self._tell(events.OpenOrderEnd())

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        parentId: int,
        lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        mktCapPrice: float,
    ) -> None:
        prices = avgFillPrice, lastFillPrice, whyHeld or ""
        self._tell(OrderStatus(orderId, order_id(clientId), permId, status, filled, remaining, *prices))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        self._tell(ordertranslate.completed_order(contract, order, orderState))

    def completedOrdersEnd(self) -> None:
        self._tell(events.CompletedOrdersEnd())

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        self._tell(ordertranslate.execution(contract, execution, reqId))

    def execDetailsEnd(self, reqId: int) -> None:
        self._tell(events.ExecutionsEnd(reqId))

    def commissionReport(self, commissionReport: Any) -> None:
        report = commissionReport
        self._tell(Commission(report.execId, charged(report, "commission"), report.currency or "", report.realizedPNL))

    commissionAndFeesReport = commissionReport

"""Contract details, symbols, option parameters, market rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from ibgw_tx.sim.market.catalogue import Catalogue
from ibgw_tx.sim.market.instrument import SMART, Calendar, Instrument
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.replies import market as reply
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.requests import Request

SHOWN_DAYS = 5  # days of trading hours in contract details


def sessions(calendar: Calendar, hours: str, now: float) -> str:
    """`20250324:0400-20250324:2000;20250325:CLOSED;...` from today on, in the exchange's own clock."""
    start, _, end = hours.partition("-")
    today = times.at(now + calendar.offset * 3600)
    parts = []
    for ahead in range(SHOWN_DAYS):
        day = today + dt.timedelta(days=ahead)
        name = day.strftime("%Y%m%d")
        closed = day.weekday() >= 5 and not calendar.weekends
        parts.append(f"{name}:CLOSED" if closed else f"{name}:{start}-{name}:{end}")
    return ";".join(parts)


class ContractDesk(BaseDesk):
    """Everything about contracts that is a question and its answers."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqContractDetails": self.details,
            "reqMatchingSymbols": self.symbols,
            "reqSecDefOptParams": self.option_params,
            "reqSmartComponents": self.smart_components,
            "reqMarketRule": self.market_rule,
            "reqMktDepthExchanges": self.depth_exchanges,
        }

    def details(self, client: Conversation, request: Request) -> None:
        lookup.validate(request.contract, request.name)
        args = request.args
        found = lookup.find(self.office.catalogue, request.contract, args["sec_id_type"], args["sec_id"])
        if not found:
            client.error(request.req_id, 200)
            return
        hours: dict[str, tuple[str, str, str]] = {}
        for row in found:
            instrument = row.instrument
            if instrument.calendar not in hours:
                hours[instrument.calendar] = self.hours(instrument)
            kinds = instrument.order_types or self.office.catalogue.order_types.get(instrument.sec_type, "")
            told = reply.bond if instrument.sec_type == "BOND" else reply.contract
            open_hours = hours[instrument.calendar]
            client.send(told(request.req_id, instrument, row.exchange, open_hours, kinds, client.server_version))
        client.send(reply.contract_end(request.req_id))

    def hours(self, instrument: Instrument) -> tuple[str, str, str]:
        calendar = self.office.catalogue.calendars[instrument.calendar]
        now = self.office.now()
        return calendar.zone, sessions(calendar, calendar.trading, now), sessions(calendar, calendar.liquid, now)

    def symbols(self, client: Conversation, request: Request) -> None:
        catalogue = self.office.catalogue
        derivatives: dict[int, list[str]] = {}
        for instrument in catalogue.instruments.values():
            if instrument.sec_type in ("OPT", "FUT") and instrument.under_con_id:
                kinds = derivatives.setdefault(instrument.under_con_id, [])
                if instrument.sec_type not in kinds:
                    kinds.append(instrument.sec_type)
        found = lookup.matching(catalogue, request.args["pattern"])
        client.send(reply.symbol_samples(request.req_id, found, derivatives, client.server_version))

    def option_params(self, client: Conversation, request: Request) -> None:
        args = request.args
        for chain in self.office.catalogue.chains:
            under = self.office.catalogue.instruments[chain.under_con_id]
            if under.con_id != args["con_id_under"] and (args["con_id_under"] or under.symbol != args["symbol"]):
                continue
            for exchange in chain.valid_exchanges:
                client.send(
                    reply.option_params(
                        request.req_id, exchange, under.con_id, chain.trading_class, chain.multiplier,
                        chain.expiries, chain.strike_list(),
                    )
                )
        client.send(reply.option_params_end(request.req_id))

    def smart_components(self, client: Conversation, request: Request) -> None:
        client.send(reply.smart_components(request.req_id, smart_letters(self.office.catalogue, request.args["bbo"])))

    def market_rule(self, client: Conversation, request: Request) -> None:
        rule = self.office.catalogue.rules.rules.get(request.args["rule_id"])
        if rule is None:
            # The request has no id on the wire, so neither has the answer.
            client.error(-1, 322, say(322, name=request.name, cause="Invalid market rule id"))
        else:
            client.send(reply.market_rule(rule))

    def depth_exchanges(self, client: Conversation, request: Request) -> None:
        rows: dict[tuple[str, str], tuple[str, str, str, str, int]] = {}
        for instrument in self.office.catalogue.instruments.values():
            for exchange in instrument.books:
                kind = "Deep2" if len(instrument.books) > 1 else "Deep"
                rows.setdefault((exchange, instrument.sec_type), (exchange, instrument.sec_type, "", kind, instrument.agg_group))
        client.send(reply.depth_exchanges(rows.values()))


def bbo_code(instrument: Instrument) -> str:
    """TWS's short code for the set of exchanges behind a SMART quote: the same group, the same code."""
    return f"{instrument.agg_group:x}0001" if instrument.smart else ""


def smart_letters(catalogue: Catalogue, bbo: str) -> dict[str, str]:
    """The letter of each exchange behind a SMART quote, as ticks 32, 33 and 84 use them; empty for an unknown code."""
    for instrument in catalogue.instruments.values():
        if bbo and bbo_code(instrument) == bbo:
            names = [name for name in instrument.valid_exchanges if name != SMART]
            return {name: chr(ord("A") + place % 26) for place, name in enumerate(names)}
    return {}

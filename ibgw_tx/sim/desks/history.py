"""Historical bars, the earliest date with data, bars that keep themselves up to date, five-second bars."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from attrs import define

from ibgw_tx.sim.market import bars, hours
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.lookup import Listing
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import market as reply
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.ids import Since
from ibgw_tx.sim.wire.requests import Request

REAL_TIME = 5  # seconds of a real-time bar, the only size TWS has
SMALL, MOST_SMALL = 30, 60  # seconds of a small bar; requests for such in ten minutes
HEAD = 20040123  # data begins here, for everything


@define(eq=False)
class Growing:
    """A subscription whose last bar grows: keepUpToDate, or real-time bars when `whole` bars only are wanted."""

    client: Conversation
    req_id: int
    instrument: Instrument
    size: int
    what: str
    format_date: int
    whole: bool
    due: float


class HistoryDesk(BaseDesk):
    """Bars of the fair value, so that they agree with the live market and with each other."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._growing: dict[Key, Growing] = {}
        self._asked: deque[tuple[float, tuple[str, ...]]] = deque()  # small bars asked for in ten minutes

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqHistoricalData": self.history,
            "cancelHistoricalData": self.cancel,
            "reqHeadTimeStamp": self.head,
            "cancelHeadTimeStamp": self.nothing,
            "reqRealTimeBars": self.real_time,
            "cancelRealTimeBars": self.cancel_real_time,
        }

    def history(self, client: Conversation, request: Request) -> None:
        args, now = request.args, self.office.now()
        listing, size, span = self._checked(client, request)
        self._pace(request, size, now)
        instrument, what = listing.instrument, args["what"].upper()
        end = self._end(request, now)
        begin = end - span
        calendar = self.office.catalogue.calendars[instrument.calendar]
        if what == "SCHEDULE":
            days = hours.schedule(calendar, bool(args["rth"]), begin, end)
            client.send(reply.historical_schedule(
                request.req_id, days[0][0] if days else "", days[-1][1] if days else "", calendar.zone, days
            ))
            return
        ladder, fair = self.office.catalogue.rules.ladder(instrument.rule), self.office.market.fair(instrument)
        version, lot = client.server_version, _lot(instrument, client)
        rows = [
            (
                bars.label(when, size, args["format_date"], version),
                *bars.bar(instrument, ladder, fair, when, size, what, now, lot),
            )
            for when in bars.starts(calendar, bool(args["rth"]), begin, min(end, now), size)
        ]
        if not rows:
            self._none(request, listing, "HMDS query returned no data: ")
        start, stop = times.told(begin, version), times.told(end, version)
        for fields in reply.historical_data(request.req_id, start, stop, rows, version):
            client.send(fields)
        if args["keep"]:
            growing = Growing(client, request.req_id, instrument, size, what, args["format_date"], False, now + REAL_TIME)
            self._growing[id(client), request.req_id] = growing

    def _checked(self, client: Conversation, request: Request) -> tuple[Listing, int, int]:
        """Listing, bar seconds and span seconds; raises Refused with TWS's codes."""
        args = request.args
        listing = lookup.resolve(self.office.catalogue, request.contract, request.name)
        size = bars.SIZES.get(args["bar_size"].strip())
        if size is None:
            cause = f"Historical data bar size setting is invalid. Legal ones are: {', '.join(bars.SIZES)}"
            raise Refused(321, say(321, name=request.name, cause=cause))
        span = bars.duration_seconds(args["duration"])
        if not span:
            cause = "Historical data query duration is invalid. Legal ones are: {integer}{SPACE}{unit (S|D|W|M|Y)}"
            raise Refused(321, say(321, name=request.name, cause=cause))
        old = client.server_version < Since.HISTORICAL_SCHEDULE
        if args["what"].upper() not in bars.SHOWS or (old and args["what"].upper() == "SCHEDULE"):
            raise Refused(321, say(321, name=request.name, cause=f"Invalid whatToShow {args['what']}"))
        if listing.instrument.sec_type in bars.QUOTED_ONLY and args["what"].upper() == "TRADES":
            self._none(request, listing, "No historical market data for ")
        if not self.office.faults.link_up:
            raise Refused(162, say(162, cause="HMDS connection attempt failed.  Connection will be re-attempted"))
        if span // size > bars.MOST_BARS * 5:
            raise Refused(162, say(162, cause="invalid step: the duration holds too many bars of this size"))
        return listing, size, span

    def _pace(self, request: Request, size: int, now: float) -> None:
        """IB's pacing of small bars (tws-facts 3.2): 60 in ten minutes, none twice within 15 s, over all clients."""
        if size > SMALL or not self.office.settings.history_pacing:
            return
        while self._asked and self._asked[0][0] <= now - 600.0:
            self._asked.popleft()
        same = request.fields[2:]  # all but message and request id
        again = any(fields == same and when > now - 15.0 for when, fields in self._asked)
        if again or len(self._asked) >= MOST_SMALL:
            raise Refused(162, say(162, cause="Historical data request pacing violation"))
        self._asked.append((now, same))

    def _none(self, request: Request, listing: Listing, why: str) -> None:
        instrument = listing.instrument
        cause = f"{why}{instrument.symbol}/{instrument.sec_type}@{listing.exchange} {request.args['what']}"
        raise Refused(162, say(162, cause=cause))

    def _end(self, request: Request, now: float) -> float:
        try:
            return times.parse_end(request.args["end"], now)
        except ValueError:
            raise Refused(10314, say(10314)) from None

    def cancel(self, client: Conversation, request: Request) -> None:
        if self._growing.pop((id(client), request.req_id), None) is None:
            client.error(request.req_id, 366)
        else:
            client.error(request.req_id, 162, say(162, cause=f"API historical data query cancelled: {request.req_id}"))

    def head(self, client: Conversation, request: Request) -> None:
        lookup.resolve(self.office.catalogue, request.contract, request.name)
        first = times.date_seconds(str(HEAD)) + 14.5 * 3600
        text = str(int(first)) if request.args["format_date"] == 2 else times.told(first, client.server_version)
        client.send(reply.head_timestamp(request.req_id, text))

    def real_time(self, client: Conversation, request: Request) -> None:
        instrument = lookup.resolve(self.office.catalogue, request.contract, request.name).instrument
        what, now = request.args["what"].upper(), self.office.now()
        if what not in ("TRADES", "MIDPOINT", "BID", "ASK"):
            raise Refused(321, say(321, name=request.name, cause=f"Invalid whatToShow {request.args['what']}"))
        due = now - now % REAL_TIME + REAL_TIME
        growing = Growing(client, request.req_id, instrument, REAL_TIME, what, 2, True, due)
        self._growing[id(client), request.req_id] = growing

    def cancel_real_time(self, client: Conversation, request: Request) -> None:
        self._growing.pop((id(client), request.req_id), None)

    def leave(self, client: Conversation) -> None:
        for key in [key for key in self._growing if key[0] == id(client)]:
            del self._growing[key]

    def forget_all(self) -> None:
        self._growing.clear()

    def pulse(self, now: float) -> None:
        for growing in list(self._growing.values()):
            if now >= growing.due and self.office.faults.flows(growing.instrument.farm):
                self._grow(growing, now)

    def _grow(self, growing: Growing, now: float) -> None:
        """The bar that just ended, or the one that is under way."""
        begin = growing.due - REAL_TIME if growing.whole else now - now % growing.size
        ladder, fair = self.office.catalogue.rules.ladder(growing.instrument.rule), self.office.market.fair(growing.instrument)
        lot = _lot(growing.instrument, growing.client)
        row = bars.bar(growing.instrument, ladder, fair, begin, growing.size, growing.what, now, lot)
        if growing.whole:
            opened, high, low, close, volume, average, count = row
            fields = reply.real_time_bar(growing.req_id, begin, (opened, high, low, close, volume, average, count))
        else:
            stamp = bars.label(begin, growing.size, growing.format_date, growing.client.server_version)
            fields = reply.historical_update(growing.req_id, (stamp, *row))
        growing.client.send(fields)
        growing.due = now - now % REAL_TIME + REAL_TIME


def _lot(instrument: Instrument, client: Conversation) -> int:
    """The unit of volumes: shares of US stocks only since the newest layouts."""
    return 1 if client.server_version >= Since.HMDS_MARKET_DATA_IN_SHARES else instrument.wire_lot

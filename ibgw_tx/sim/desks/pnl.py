"""Profit and loss of an account and of single positions, about once a second."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define

from ibgw_tx.sim.exchange.accounts import Account, totals, valued
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.frames import UNSET, Fields
from ibgw_tx.sim.wire.requests import Request


@define(eq=False)
class Watch:
    """`con_id` is 0 for the whole account."""

    client: Conversation
    req_id: int
    account: Account
    con_id: int
    told: Fields = ()


class PnLDesk(BaseDesk):
    """reqPnL and reqPnLSingle: the first row at once, later ones when they differ."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._held: dict[Key, Watch] = {}
        self._due = 0.0

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqPnL": self.watch,
            "reqPnLSingle": self.watch,
            "cancelPnL": lambda c, r: self.cancel(c, r, 10185),
            "cancelPnLSingle": lambda c, r: self.cancel(c, r, 10186),
        }

    def watch(self, client: Conversation, request: Request) -> None:
        account = self.office.account(request.args["account"], request)
        watch = Watch(client, request.req_id, account, request.args.get("con_id_single", 0))
        self._held[id(client), request.req_id] = watch
        self._send(watch, self.office.now())

    def cancel(self, client: Conversation, request: Request, code: int) -> None:
        if self._held.pop((id(client), request.req_id), None) is None:
            client.error(request.req_id, code)

    def leave(self, client: Conversation) -> None:
        for key in [key for key in self._held if key[0] == id(client)]:
            del self._held[key]

    def pulse(self, now: float) -> None:
        if now < self._due or not self.office.faults.link_up:
            return
        self._due = now + self.office.settings.pnl_every
        for watch in list(self._held.values()):
            self._send(watch, now)

    def _send(self, watch: Watch, now: float) -> None:
        fields = self._single(watch, now) if watch.con_id else self._whole(watch, now)
        if fields != watch.told:
            watch.told = fields
            watch.client.send(fields)

    def _whole(self, watch: Watch, now: float) -> Fields:
        rows = valued(watch.account, self.office.market, now)
        sums = totals(watch.account, rows, self.office.market, now)
        return replies.pnl(watch.req_id, round(sums.daily, 4), round(sums.unrealized, 4), round(sums.realized, 4))

    def _single(self, watch: Watch, now: float) -> Fields:
        for row in valued(watch.account, self.office.market, now):
            held = row.position
            if held.instrument.con_id == watch.con_id:
                figures = (round(row.daily, 4), round(row.unrealized, 4), held.realized, round(row.value, 4))
                return replies.pnl_single(watch.req_id, held.instrument.shown(held.amount), *figures)
        return replies.pnl_single(watch.req_id, "0", UNSET, UNSET, UNSET, UNSET)

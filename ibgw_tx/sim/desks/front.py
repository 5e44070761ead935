"""Session requests and those that TWS answers with next to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk
from ibgw_tx.sim.replies import protobuf
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire.codes import say
from ibgw_tx.sim.wire.requests import Request


class FrontDesk(BaseDesk):
    """Ids, time, accounts' names, and small things an individual's account has none of."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqIds": self.ids,
            "reqCurrentTime": self.current_time,
            "cancelContractData": self.nothing,  # details come at once: there is never anything left to cancel
            "cancelHistoricalTicks": self.nothing,
            "reqConfig": self.config,
            "updateConfig": self.update_config,
            "reqCurrentTimeInMillis": self.current_time_in_millis,
            "reqManagedAccts": self.managed_accounts,
            "setServerLogLevel": self.nothing,
            "startApi": self.nothing,
            "reqFamilyCodes": self.family_codes,
            "reqSoftDollarTiers": lambda c, r: c.send(replies.soft_dollar_tiers(r.req_id)),
            "reqNewsProviders": lambda c, r: c.send(replies.news_providers()),
            "reqHistoricalNews": lambda c, r: c.send(replies.historical_news_end(r.req_id)),
            "reqNewsArticle": lambda c, r: c.error(r.req_id, 10276, "News feed is not allowed."),
            "queryDisplayGroups": lambda c, r: c.send(replies.display_groups(r.req_id)),
            "reqScannerParameters": lambda c, r: c.send(replies.scanner_parameters()),
            "reqScannerSubscription": self.no_scanner,
            "cancelScannerSubscription": lambda c, r: c.error(r.req_id, 365, f"No scanner subscription found for "
                                                              f"ticker id:{r.req_id}"),
            "reqFundamentalData": lambda c, r: c.error(r.req_id, 430),
            "cancelFundamentalData": self.nothing,
            "reqUserInfo": lambda c, r: c.send(replies.user_info(r.req_id)),
            "reqWshMetaData": lambda c, r: c.error(r.req_id, 10276, "News feed is not allowed."),
            "reqWshEventData": lambda c, r: c.error(r.req_id, 10276, "News feed is not allowed."),
            "cancelWshMetaData": self.nothing,
            "cancelWshEventData": self.nothing,
            "requestFA": self.not_advisor,
            "replaceFA": self.not_advisor,
        }

    def ids(self, client: Conversation, request: Request) -> None:
        client.send(replies.next_valid_id(self.office.next_id(client.client_id)))

    def current_time(self, client: Conversation, request: Request) -> None:
        client.send(replies.current_time(self.office.now()))

    def current_time_in_millis(self, client: Conversation, request: Request) -> None:
        client.send(replies.current_time_in_millis(self.office.now()))

    def config(self, client: Conversation, request: Request) -> None:
        settings = self.office.settings
        told = {
            "readOnlyApi": settings.read_only or self.office.faults.read_only,
            "downloadOpenOrdersOnConnection": settings.download_open_orders,
            "masterClientId": settings.master_client, "rejectMessagesAboveMaxRate": bool(settings.message_rate),
            "useNegativeAutoRange": settings.bind_negative, "maintainAndResubmitOrdersOnReconnect": True,
            "allowLocalhostOnly": True, "sendInstrumentTimezone": "UTC",
        }
        client.send(protobuf.config(request.req_id, told))

    def update_config(self, client: Conversation, request: Request) -> None:
        """Nothing changes: the settings are those of the command line, and the answer says so."""
        client.send(protobuf.config_refused(request.req_id, "ibsim's settings are given where it is started"))

    def managed_accounts(self, client: Conversation, request: Request) -> None:
        client.send(replies.managed_accounts(list(self.office.accounts)))

    def family_codes(self, client: Conversation, request: Request) -> None:
        client.send(replies.family_codes(self.office.accounts))

    def no_scanner(self, client: Conversation, request: Request) -> None:
        client.error(request.req_id, 162, say(162, cause="no items retrieved"))

    def not_advisor(self, client: Conversation, request: Request) -> None:
        cause = "FA data operations ignored for non FA customers"
        client.error(request.req_id, 321, say(321, name=request.name, cause=cause))

"""Messages of the session, accounts, orders and errors, as fields ready for the wire.

Field order and version numbers are those TWS sends at server versions 145 to 200, checked against the Decoders of ibapi
(to 157), ib_async (from 157) and ibapi 10.50.2 (from 179).
"""

from __future__ import annotations

from collections.abc import Iterable

from ibgw_tx.sim.market.instrument import Amount, Instrument
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In, Since


def error(req_id: int, code: int, text: str, version: int, now: float, reject: str = "") -> Fields:
    """`reject`: the JSON of an order refused with choices for the client, which newer ones are sent, as is the time."""
    if version >= Since.ERROR_TIME:
        return (In.ERR_MSG, req_id, code, text, reject, int(now * 1000))
    more = (reject,) if version >= Since.ADVANCED_ORDER_REJECT else ()
    return (In.ERR_MSG, 2, req_id, code, text, *more)


def next_valid_id(order_id: int) -> Fields:
    return (In.NEXT_VALID_ID, 1, order_id)


def managed_accounts(names: list[str]) -> Fields:
    """A list of several ends with a comma, as TWS does for advisors."""
    return (In.MANAGED_ACCTS, 1, names[0] if len(names) == 1 else "".join(name + "," for name in names))


def current_time(now: float) -> Fields:
    return (In.CURRENT_TIME, 1, int(now))


def current_time_in_millis(now: float) -> Fields:
    return (In.CURRENT_TIME_IN_MILLIS, int(now * 1000))


def account_value(key: str, value: str, currency: str, account: str) -> Fields:
    return (In.ACCT_VALUE, 2, key, value, currency, account)


def account_time(text: str) -> Fields:
    return (In.ACCT_UPDATE_TIME, 1, text)


def account_end(account: str) -> Fields:
    return (In.ACCT_DOWNLOAD_END, 1, account)


def _head(instrument: Instrument) -> Fields:
    """The first fields of a contract inside account and position messages."""
    return (
        instrument.con_id, instrument.symbol, instrument.sec_type, instrument.expiry, instrument.strike,
        instrument.right or "0", instrument.multiplier,
    )


def portfolio(
    instrument: Instrument, position: Amount, price: float, value: float, cost: float, unrealized: float, realized: float,
    account: str,
) -> Fields:
    return (
        In.PORTFOLIO_VALUE, 8, *_head(instrument), instrument.exchange, instrument.currency, instrument.local_symbol,
        instrument.trading_class,
        instrument.shown(position), price, value, cost * instrument.parts, unrealized, realized, account,
    )


def _placed(instrument: Instrument) -> Fields:
    """A contract in position messages: the exchange is the listing's for stocks and empty otherwise (facts 6.1)."""
    exchange = instrument.exchange if instrument.sec_type == "STK" else ""
    right = instrument.right if instrument.sec_type == "OPT" else ""
    return (
        instrument.con_id, instrument.symbol, instrument.sec_type, instrument.expiry, instrument.strike, right,
        instrument.multiplier, exchange, instrument.currency,
        instrument.local_symbol, instrument.trading_class,
    )


def position(account: str, instrument: Instrument, amount: Amount, cost: float) -> Fields:
    return (In.POSITION_DATA, 3, account, *_placed(instrument), instrument.shown(amount), cost * instrument.parts)


def position_end() -> Fields:
    return (In.POSITION_END, 1)


def position_multi(req_id: int, account: str, instrument: Instrument, amount: Amount, cost: float, model: str) -> Fields:
    return (In.POSITION_MULTI, 1, req_id, account, *_placed(instrument), instrument.shown(amount), cost * instrument.parts, model)


def position_multi_end(req_id: int) -> Fields:
    return (In.POSITION_MULTI_END, 1, req_id)


def account_multi(req_id: int, account: str, model: str, key: str, value: str, currency: str) -> Fields:
    return (In.ACCOUNT_UPDATE_MULTI, 1, req_id, account, model, key, value, currency)


def account_multi_end(req_id: int) -> Fields:
    return (In.ACCOUNT_UPDATE_MULTI_END, 1, req_id)


def summary(req_id: int, account: str, tag: str, value: str, currency: str) -> Fields:
    return (In.ACCOUNT_SUMMARY, 1, req_id, account, tag, value, currency)


def summary_end(req_id: int) -> Fields:
    return (In.ACCOUNT_SUMMARY_END, 1, req_id)


def pnl(req_id: int, daily: float, unrealized: float, realized: float) -> Fields:
    return (In.PNL, req_id, daily, unrealized, realized)


def pnl_single(req_id: int, amount: str, daily: float, unrealized: float, realized: float, value: float) -> Fields:
    return (In.PNL_SINGLE, req_id, amount, daily, unrealized, realized, value)


def open_order_end() -> Fields:
    return (In.OPEN_ORDER_END, 1)


def executions_end(req_id: int) -> Fields:
    return (In.EXECUTION_DATA_END, 1, req_id)


def completed_orders_end() -> Fields:
    return (In.COMPLETED_ORDERS_END,)


def family_codes(accounts: Iterable[str]) -> Fields:
    names = list(accounts)
    return (In.FAMILY_CODES, len(names), *(field for name in names for field in (name, "")))


def soft_dollar_tiers(req_id: int) -> Fields:
    return (In.SOFT_DOLLAR_TIERS, req_id, 0)


def bulletin(number: int, kind: int, text: str, exchange: str) -> Fields:
    return (In.NEWS_BULLETINS, 1, number, kind, text, exchange)


def news_providers() -> Fields:
    return (In.NEWS_PROVIDERS, 0)


def historical_news_end(req_id: int) -> Fields:
    return (In.HISTORICAL_NEWS_END, req_id, False)


def display_groups(req_id: int) -> Fields:
    return (In.DISPLAY_GROUP_LIST, 1, req_id, "")


def user_info(req_id: int) -> Fields:
    """An account of IB's own brand has no white-branding id."""
    return (In.USER_INFO, req_id, "")


def scanner_parameters() -> Fields:
    return (In.SCANNER_PARAMETERS, 1, '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse/>')

"""Messages about contracts, market data and history, as fields ready for the wire (see replies.py)."""

from collections.abc import Iterable, Sequence

from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.market.ladder import Rule
from ibgw_tx.sim.replies.session import Fields
from ibgw_tx.sim.wire.ids import In, Since


def _expiry(one: Instrument) -> str:
    """Date, and for derivatives the time of the last trade: ``20250620 08:30 US/Central``."""
    return f"{one.expiry} {one.last_trade_time}".strip()


def _sec_ids(one: Instrument) -> Fields:
    return (1, "ISIN", one.isin) if one.isin else (0,)


def contract(
    req_id: int, one: Instrument, exchange: str, hours: tuple[str, str, str], order_types: str, version: int
) -> Fields:
    """One row of contract details. ``hours`` is (zone, trading hours, liquid hours)."""
    under = (one.under_symbol, one.under_sec_type) if one.under_symbol else ("", "")
    fields: Fields = (
        In.CONTRACT_DATA, *_old(8, version), req_id, one.symbol, one.sec_type, _expiry(one), one.strike or 0, one.right, exchange,
        one.currency, one.local_symbol, one.market_name, one.trading_class, one.con_id, one.min_tick,
        *_old(one.md_size_multiplier, version), one.multiplier, order_types, ",".join(one.valid_exchanges), one.price_magnifier,
        one.under_con_id, one.long_name, one.exchange if one.smart else "", one.contract_month, one.industry,
        one.category, one.subcategory, *hours, one.ev_rule, "", *_sec_ids(one), one.agg_group, *under,
        _rule_ids(one), one.expiry,
    )
    if version >= Since.STOCK_TYPE:
        fields = (*fields, one.stock_type)
    if Since.FRACTIONAL_SIZE_SUPPORT <= version < Since.SIZE_RULES:
        return (*fields, _sizes(one)[0])  # the one version that said a single size
    return (*fields, *_sizes(one)) if version >= Since.SIZE_RULES else fields


def _old(value: object, version: int) -> Fields:
    """A field that contract details had until the size rules came."""
    return (value,) if version < Since.SIZE_RULES else ()


def _sizes(one: Instrument) -> Fields:
    """The smallest size, its increment, and the suggested one. US stocks trade in single shares, whatever their lot."""
    least = one.shown(1 if one.wire_lot > 1 else one.lot)
    return (least, least, one.shown(max(one.lot, one.wire_lot)))


def bond(req_id: int, one: Instrument, exchange: str, order_types: str, version: int) -> Fields:
    return (
        In.BOND_CONTRACT_DATA, *_old(6, version), req_id, one.symbol, one.sec_type, one.cusip, one.coupon, one.expiry,
        one.issue_date, one.ratings, one.bond_type, one.coupon_type, False, False, False, one.desc_append, exchange, one.currency,
        one.market_name, one.trading_class, one.con_id, one.min_tick, *_old(one.md_size_multiplier, version), order_types,
        ",".join(one.valid_exchanges), "", "", False, "", one.long_name, one.ev_rule, "", *_sec_ids(one),
        one.agg_group, _rule_ids(one), *(_sizes(one) if version >= Since.SIZE_RULES else ()),
    )


def _rule_ids(one: Instrument) -> str:
    return ",".join([str(one.rule)] * len(one.valid_exchanges))


def contract_end(req_id: int) -> Fields:
    return (In.CONTRACT_DATA_END, 1, req_id)


def market_rule(rule: Rule) -> Fields:
    return (In.MARKET_RULE, rule.id, len(rule.steps), *(text for step in rule.steps for text in step))


def symbol_samples(
    req_id: int, found: Sequence[Instrument], derivatives: dict[int, list[str]], version: int
) -> Fields:
    rows: list[object] = []
    for one in found:
        kinds = derivatives.get(one.con_id, [])
        rows += [one.con_id, one.symbol, one.sec_type, one.exchange, one.currency, len(kinds), *kinds]
        rows += [one.long_name, ""] if version >= Since.BOND_ISSUERID else []
    return (In.SYMBOL_SAMPLES, req_id, len(found), *rows)


def option_params(
    req_id: int, exchange: str, under: int, trading_class: str, multiplier: str, expiries: Sequence[str],
    strikes: Sequence[float],
) -> Fields:
    return (
        In.SECURITY_DEFINITION_OPTION_PARAMETER, req_id, exchange, under, trading_class, multiplier,
        len(expiries), *expiries, len(strikes), *strikes,
    )


def option_params_end(req_id: int) -> Fields:
    return (In.SECURITY_DEFINITION_OPTION_PARAMETER_END, req_id)


def smart_components(req_id: int, exchanges: Sequence[str]) -> Fields:
    rows = [field for bit, name in enumerate(exchanges) for field in (bit, name, chr(65 + bit % 26))]
    return (In.SMART_COMPONENTS, req_id, len(exchanges), *rows)


def depth_exchanges(rows: Iterable[tuple[str, str, str, str, int]]) -> Fields:
    """Rows of (exchange, secType, listing exchange, Deep or Deep2, aggregation group)."""
    table = list(rows)
    return (In.MKT_DEPTH_EXCHANGES, len(table), *(field for row in table for field in row))


def tick_price(req_id: int, kind: int, price: object, size: object, attributes: int = 0) -> Fields:
    return (In.TICK_PRICE, 6, req_id, kind, price, size, attributes)


def tick_size(req_id: int, kind: int, size: object) -> Fields:
    return (In.TICK_SIZE, 6, req_id, kind, size)


def tick_string(req_id: int, kind: int, text: str) -> Fields:
    return (In.TICK_STRING, 6, req_id, kind, text)


def tick_generic(req_id: int, kind: int, value: float) -> Fields:
    return (In.TICK_GENERIC, 6, req_id, kind, value)


def tick_option(
    req_id: int, kind: int, values: tuple[float, float, float, float, float, float, float, float], version: int
) -> Fields:
    """``values``: implied volatility, delta, option price, present value of dividends, gamma, vega, theta, underlying."""
    if version >= Since.PRICE_BASED_VOLATILITY:
        return (In.TICK_OPTION_COMPUTATION, req_id, kind, 0, *values)
    return (In.TICK_OPTION_COMPUTATION, 6, req_id, kind, *values)


def tick_params(req_id: int, min_tick: str, bbo: str, permissions: int = 3) -> Fields:
    return (In.TICK_REQ_PARAMS, req_id, min_tick, bbo, permissions)


def market_data_type(req_id: int, kind: int) -> Fields:
    return (In.MARKET_DATA_TYPE, 1, req_id, kind)


def snapshot_end(req_id: int) -> Fields:
    return (In.TICK_SNAPSHOT_END, 1, req_id)


def tick_by_tick(req_id: int, kind: int, when: float, *rest: object) -> Fields:
    """kind 1 Last, 2 AllLast, 3 BidAsk, 4 MidPoint; ``rest`` are that kind's fields."""
    return (In.TICK_BY_TICK, req_id, kind, int(when), *rest)


def historical_data(req_id: int, start: str, end: str, bars: Sequence[Fields]) -> Fields:
    """Bars of (date, open, high, low, close, volume, average, count)."""
    return (In.HISTORICAL_DATA, req_id, start, end, len(bars), *(field for bar in bars for field in bar))


def historical_update(req_id: int, bar: Fields) -> Fields:
    """The same bar in the order of message 90: count, date, open, close, high, low, average, volume."""
    date, opened, high, low, close, volume, average, count = bar
    return (In.HISTORICAL_DATA_UPDATE, req_id, count, date, opened, close, high, low, average, volume)


def real_time_bar(req_id: int, when: float, bar: Fields) -> Fields:
    return (In.REAL_TIME_BARS, 3, req_id, int(when), *bar)


def historical_schedule(req_id: int, start: str, end: str, zone: str, days: Sequence[tuple[str, str, str]]) -> Fields:
    """Trading days as (opens, closes, date), in the exchange's zone."""
    return (In.HISTORICAL_SCHEDULE, req_id, start, end, zone, len(days), *(text for day in days for text in day))


def head_timestamp(req_id: int, text: str) -> Fields:
    return (In.HEAD_TIMESTAMP, req_id, text)

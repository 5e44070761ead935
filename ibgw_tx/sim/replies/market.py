"""Messages about contracts, market data and history, as fields ready for the wire (see replies.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.market.ladder import Rule
from ibgw_tx.sim.replies import protobuf_contracts
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In, Since


def _expiry(instrument: Instrument) -> str:
    """Date, and for derivatives the time of the last trade: `20250620 08:30 US/Central`."""
    return f"{instrument.expiry} {instrument.last_trade_time}".strip()


def _sec_ids(instrument: Instrument) -> Fields:
    return (1, "ISIN", instrument.isin) if instrument.isin else (0,)


def contract(
    req_id: int, instrument: Instrument, exchange: str, hours: tuple[str, str, str], order_types: str, version: int
) -> Fields:
    """One row of contract details. `hours` is (zone, trading hours, liquid hours)."""
    if version >= Since.PROTOBUF_CONTRACT_DATA:
        return _protobuf(req_id, instrument, exchange, hours, order_types, version)
    under = (instrument.under_symbol, instrument.under_sec_type) if instrument.under_symbol else ("", "")
    fields: Fields = (
        In.CONTRACT_DATA, *_old(8, version), req_id, instrument.symbol, instrument.sec_type, _expiry(instrument),
        *((instrument.expiry,) if version >= Since.LAST_TRADE_DATE else ()),
        instrument.strike or 0, instrument.right, exchange,
        instrument.currency, instrument.local_symbol, instrument.market_name, instrument.trading_class,
        instrument.con_id, instrument.min_tick,
        *_old(instrument.md_size_multiplier, version), instrument.multiplier, order_types,
        ",".join(instrument.valid_exchanges), instrument.price_magnifier,
        instrument.under_con_id, instrument.long_name, instrument.exchange if instrument.smart else "",
        instrument.contract_month, instrument.industry,
        instrument.category, instrument.subcategory, *hours, instrument.ev_rule, "", *_sec_ids(instrument),
        instrument.agg_group, *under,
        _rule_ids(instrument), instrument.expiry,
    )
    if version >= Since.STOCK_TYPE:
        fields = (*fields, instrument.stock_type)
    if Since.FRACTIONAL_SIZE_SUPPORT <= version < Since.SIZE_RULES:
        return (*fields, _sizes(instrument)[0])  # the one version that said a single size
    ineligible = (0,) if version >= Since.INELIGIBILITY_REASONS else ()
    return (*fields, *_sizes(instrument), *ineligible) if version >= Since.SIZE_RULES else fields


def _old(value: object, version: int) -> Fields:
    """A field that contract details had until the size rules came."""
    return (value,) if version < Since.SIZE_RULES else ()


def _sizes(instrument: Instrument) -> Fields:
    """The smallest size, its increment, and the suggested one, which for US stocks is the lot that they need not be of."""
    least = instrument.shown(instrument.step if instrument.step < 1 else instrument.lot)
    return (least, least, instrument.shown(max(instrument.lot, instrument.wire_lot)))


def bond(
    req_id: int, instrument: Instrument, exchange: str, hours: tuple[str, str, str], order_types: str, version: int
) -> Fields:
    """As `contract`."""
    if version >= Since.PROTOBUF_CONTRACT_DATA:
        return _protobuf(req_id, instrument, exchange, hours, order_types, version)
    zoned = hours if version >= Since.BOND_TRADING_HOURS else ()
    return (
        In.BOND_CONTRACT_DATA, *_old(6, version), req_id, instrument.symbol, instrument.sec_type, instrument.cusip,
        instrument.coupon, instrument.expiry,
        instrument.issue_date, instrument.ratings, instrument.bond_type, instrument.coupon_type, False, False, False,
        instrument.desc_append, exchange, instrument.currency,
        instrument.market_name, instrument.trading_class, instrument.con_id, instrument.min_tick,
        *_old(instrument.md_size_multiplier, version), order_types,
        ",".join(instrument.valid_exchanges), "", "", False, "", instrument.long_name, *zoned,
        instrument.ev_rule, "", *_sec_ids(instrument),
        instrument.agg_group, _rule_ids(instrument), *(_sizes(instrument) if version >= Since.SIZE_RULES else ()),
    )


def _protobuf(
    req_id: int, instrument: Instrument, exchange: str, hours: tuple[str, str, str], order_types: str, version: int
) -> Fields:
    rules, sizes, expiry = _rule_ids(instrument), _sizes(instrument), _expiry(instrument)
    return protobuf_contracts.details(req_id, instrument, exchange, hours, order_types, expiry, rules, sizes, version)


def _rule_ids(instrument: Instrument) -> str:
    return ",".join([str(instrument.rule)] * len(instrument.valid_exchanges))


def contract_end(req_id: int) -> Fields:
    return (In.CONTRACT_DATA_END, 1, req_id)


def market_rule(rule: Rule) -> Fields:
    return (In.MARKET_RULE, rule.id, len(rule.steps), *(text for step in rule.steps for text in step))


def symbol_samples(
    req_id: int, found: Sequence[Instrument], derivatives: dict[int, list[str]], version: int
) -> Fields:
    rows: list[object] = []
    for instrument in found:
        kinds = derivatives.get(instrument.con_id, [])
        rows += [instrument.con_id, instrument.symbol, instrument.sec_type, instrument.exchange, instrument.currency,
        len(kinds), *kinds]
        rows += [instrument.long_name, ""] if version >= Since.BOND_ISSUERID else []
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


def smart_components(req_id: int, letters: Mapping[str, str]) -> Fields:
    """`letters`: by the exchange's name."""
    rows = [field for bit, (name, letter) in enumerate(letters.items()) for field in (bit, name, letter)]
    return (In.SMART_COMPONENTS, req_id, len(letters), *rows)


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
    """`values`: implied volatility, delta, option price, present value of dividends, gamma, vega, theta, underlying."""
    if version >= Since.PRICE_BASED_VOLATILITY:
        return (In.TICK_OPTION_COMPUTATION, req_id, kind, 0, *values)
    return (In.TICK_OPTION_COMPUTATION, 6, req_id, kind, *values)


def tick_params(req_id: int, instrument: Instrument, bbo: str, version: int, permissions: int = 3) -> Fields:
    """From 206 on there is a place for the steps of prices and sizes, from 224 on they stand in it."""
    precisions = instrument.precisions if version >= Since.PRECISION else ("", "")
    more = precisions if version >= Since.PROTOBUF_MARKET_DATA else ()
    return (In.TICK_REQ_PARAMS, req_id, instrument.min_tick, bbo, permissions, *more)


def market_data_type(req_id: int, kind: int) -> Fields:
    return (In.MARKET_DATA_TYPE, 1, req_id, kind)


def snapshot_end(req_id: int) -> Fields:
    return (In.TICK_SNAPSHOT_END, 1, req_id)


def tick_by_tick(req_id: int, kind: int, when: float, *rest: object) -> Fields:
    """kind 1 Last, 2 AllLast, 3 BidAsk, 4 MidPoint; `rest` are that kind's fields."""
    return (In.TICK_BY_TICK, req_id, kind, int(when), *rest)


def historical_data(req_id: int, start: str, end: str, bars: Sequence[Fields], version: int) -> list[Fields]:
    """Bars of (date, open, high, low, close, volume, average, count); the stretch is told with them, later in an end."""
    rows = (len(bars), *(field for bar in bars for field in bar))
    if version < Since.HISTORICAL_DATA_END:
        return [(In.HISTORICAL_DATA, req_id, start, end, *rows)]
    return [(In.HISTORICAL_DATA, req_id, *rows), (In.HISTORICAL_DATA_END, req_id, start, end)]


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

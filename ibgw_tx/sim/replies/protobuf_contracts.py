"""Contract details in the protobuf dialect, bonds among them."""

from __future__ import annotations

from typing import Any

from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import In, Since
from ibgw_tx.sim.wire.protobuf import encode


def details(
    req_id: int, instrument: Instrument, exchange: str, hours: tuple[str, str, str], order_types: str, expiry: str,
    rules: str, sizes: Fields, version: int,
) -> Fields:
    """`expiry`, `rules` and `sizes` as replies/market.py tells them in text."""
    zone, trading, liquid = hours
    primary = instrument.exchange if instrument.smart and instrument.sec_type != "BOND" else ""
    contract: dict[str, Any] = {
        "conId": instrument.con_id, "symbol": instrument.symbol, "secType": instrument.sec_type,
        "lastTradeDateOrContractMonth": expiry, "lastTradeDate": instrument.expiry, "strike": instrument.strike or None,
        "right": instrument.right, "multiplier": instrument.multiplier, "exchange": exchange,
        "primaryExch": primary, "currency": instrument.currency,
        "localSymbol": instrument.local_symbol, "tradingClass": instrument.trading_class,
    }
    least, step, suggested = sizes
    about: dict[str, Any] = {
        "marketName": instrument.market_name, "minTick": instrument.min_tick, "orderTypes": order_types,
        "validExchanges": ",".join(instrument.valid_exchanges), "priceMagnifier": instrument.price_magnifier,
        "underConId": instrument.under_con_id, "longName": instrument.long_name, "contractMonth": instrument.contract_month,
        "industry": instrument.industry, "category": instrument.category, "subcategory": instrument.subcategory,
        "timeZoneId": zone, "tradingHours": trading, "liquidHours": liquid, "evRule": instrument.ev_rule,
        "secIdList": {"ISIN": instrument.isin} if instrument.isin else {}, "aggGroup": instrument.agg_group,
        "underSymbol": instrument.under_symbol, "underSecType": instrument.under_sec_type, "marketRuleIds": rules,
        "realExpirationDate": instrument.expiry, "stockType": instrument.stock_type, "minSize": least,
        "sizeIncrement": step, "suggestedSizeIncrement": suggested,
    }
    if version >= Since.PRECISION:
        about["lastPricePrecision"], about["lastSizePrecision"] = instrument.precisions
    if instrument.sec_type != "BOND":
        return In.CONTRACT_DATA, encode("ContractData", {"reqId": req_id, "contract": contract, "contractDetails": about})
    about |= {
        "cusip": instrument.cusip, "coupon": instrument.coupon, "issueDate": instrument.issue_date, "ratings": instrument.ratings,
        "bondType": instrument.bond_type, "couponType": instrument.coupon_type, "descAppend": instrument.desc_append,
    }
    return In.BOND_CONTRACT_DATA, encode("ContractData", {"reqId": req_id, "contract": contract, "contractDetails": about})

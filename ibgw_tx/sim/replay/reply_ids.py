"""Where a frame of TWS has the id of the request that it answers, in either dialect; and the frame under another id. No I/O."""

from __future__ import annotations

import attrs

from ibgw_tx.sim.replay.recording import Sent
from ibgw_tx.sim.wire.ids import In, Since
from ibgw_tx.sim.wire.protobuf import ProtobufError, first_number, with_first_number

# Where the request's id is in a frame: second field behind a message version, first without one.
SECOND = frozenset({
    In.TICK_PRICE, In.TICK_SIZE, In.ERR_MSG, In.MARKET_DEPTH, In.MARKET_DEPTH_L2, 20, In.TICK_GENERIC, In.TICK_STRING, 47,
    In.REAL_TIME_BARS, 51, In.CONTRACT_DATA_END, In.EXECUTION_DATA_END, 56, In.TICK_SNAPSHOT_END, In.MARKET_DATA_TYPE,
    In.ACCOUNT_SUMMARY, In.ACCOUNT_SUMMARY_END, In.DISPLAY_GROUP_LIST, 68, In.POSITION_MULTI, In.POSITION_MULTI_END,
    In.ACCOUNT_UPDATE_MULTI, In.ACCOUNT_UPDATE_MULTI_END,
})
FIRST = frozenset({
    In.EXECUTION_DATA, In.HISTORICAL_DATA, In.SECURITY_DEFINITION_OPTION_PARAMETER,
    In.SECURITY_DEFINITION_OPTION_PARAMETER_END, In.SOFT_DOLLAR_TIERS, In.SYMBOL_SAMPLES, In.TICK_REQ_PARAMS,
    In.SMART_COMPONENTS, 83, 84, 86, In.HISTORICAL_NEWS_END, In.HEAD_TIMESTAMP, 89, In.HISTORICAL_DATA_UPDATE, 91, 92, In.PNL,
    In.PNL_SINGLE, 96, 97, 98, In.TICK_BY_TICK, 104, 105, In.HISTORICAL_SCHEDULE, In.USER_INFO,
    In.HISTORICAL_DATA_END, In.CONFIG_RESPONSE, In.UPDATE_CONFIG_RESPONSE,
})
# In protobuf it is member 1 of each of these.
WITH_ID = SECOND | FIRST | {In.CONTRACT_DATA, In.BOND_CONTRACT_DATA, In.TICK_OPTION_COMPUTATION}


def id_place(fields: tuple[str, ...], version: int) -> int:
    """The index of the request's id in the fields of a text; 0 when it has none."""
    kind = int(fields[0]) if fields[0].isdecimal() else 0
    if kind in (In.CONTRACT_DATA, In.BOND_CONTRACT_DATA):
        return 2 if version < Since.SIZE_RULES else 1
    if kind == In.TICK_OPTION_COMPUTATION:
        return 2 if version < Since.PRICE_BASED_VOLATILITY else 1
    if kind == In.ERR_MSG:
        return 2 if version < Since.ERROR_TIME else 1
    return 2 if kind in SECOND else 1 if kind in FIRST else 0


def id_of(sent: Sent, version: int) -> int | None:
    """The id of the request; None where there is none."""
    if sent.data is not None:
        try:
            return first_number(sent.data) if sent.kind in WITH_ID else None
        except ProtobufError:
            return None
    place = id_place(sent.fields, version)
    if not place or place >= len(sent.fields):
        return None
    raw = sent.fields[place]
    return int(raw) if raw.lstrip("-").isdecimal() else None


def under(sent: Sent, version: int, req_id: int) -> Sent:
    """A frame that has an id, under another."""
    if sent.data is not None:
        return attrs.evolve(sent, data=with_first_number(sent.data, req_id))
    place = id_place(sent.fields, version)
    return attrs.evolve(sent, fields=(*sent.fields[:place], str(req_id), *sent.fields[place + 1 :]))

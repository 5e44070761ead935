"""Who is told which record of TWS, and which messages are read straight from their frames. Part of the assembly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibgw_tx.books.top_messages import takers
from ibgw_tx.model import events
from ibgw_tx.model import order_events as told
from ibgw_tx.tws.api.hot import HotProtobuf, hot_protobuf


def listeners(parts: Any) -> dict[type, Callable[[Any], None]]:
    """Who is told which record of TWS; `parts` is the assembly."""
    take, take_ours = parts.orders.take, parts.order_told
    return {
        events.Notice: parts.noticed,
        events.NextValidId: lambda event: parts.order_entry.ids.next_valid_id(event.order_id),
        events.ContractHit: parts.contracts.hit,
        events.ContractEnd: parts.contracts.end,
        events.Bulletin: parts.bulletins.told,
        events.LiveBar: parts.bars.told,
        events.Chain: parts.chains.chain,
        events.ChainEnd: parts.chains.chain_end,
        events.MarketRule: parts.rules.told,
        events.AccountValue: parts.account.value,
        events.PortfolioRow: parts.account.row,
        events.CurrentTime: parts.account.current_time,
        events.Unreadable: lambda event: parts.asker.spoil(event.fields, event.error),
        events.AccountDownloadEnd: parts.account.download_end,
        events.MultiValue: parts.account.multi_value,
        events.MultiPosition: parts.account.multi_position,
        events.MultiEnd: parts.account.multi_end,
        events.Pnl: parts.pnl.told,
        events.PnlSingle: parts.pnl.told_single,
        events.SummaryRow: parts.account_commands.summary_row,
        events.SummaryEnd: parts.account_commands.summary_end,
        events.OptionTick: parts.greeks.option_tick,
        events.DataType: parts.top.data_type,
        events.OpenOrderEnd: lambda end: parts.orders.then(lambda: parts.order_questions.open_end(end)),
        events.CompletedOrdersEnd: lambda end: parts.orders.then(lambda: parts.order_questions.completed_end(end)),
        events.ExecutionsEnd: lambda end: parts.orders.then(lambda: parts.order_questions.executions_end(end)),
        events.WhatIf: parts.order_followups.previewed,
        events.OwnSettings: parts.self_check.told,
        events.OrderEcho: parts.order_entry.echoed,
        told.OpenOrder: take,
        told.OrderStatus: take_ours,
        told.CompletedOrder: take,
        told.Execution: take_ours,
        told.Commission: take,
    }


def hot_messages(parts: Any) -> dict[bytes, Callable[[list[bytes]], None]]:
    """Messages that are decoded straight from their frames, by id."""
    return {
        b"12": parts.hot_depth.depth,
        b"13": parts.hot_depth.depth_l2,
        b"1": parts.hot_top.tick_price,
        b"2": parts.hot_top.tick_size,
        b"46": parts.hot_top.tick_string,
        b"99": parts.hot_top.tick_by_tick,
        b"17": parts.history_commands.bars,
        b"50": parts.bars.closed,
        b"90": parts.bars.forming,
    }


def protobuf_messages(parts: Any) -> HotProtobuf:
    """The same in protobuf; bars that form come through ibapi's decoder."""
    return hot_protobuf({**takers(parts.hot_depth, parts.hot_top), 17: parts.history_commands.bars_message})

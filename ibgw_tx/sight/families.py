"""The metrics: families of prometheus-client made of plain numbers when Prometheus asks. Pure.

`figures` is what `ibgw_tx/facts.py` gives. Every name here is documented in docs/operations.md; rules and dashboard use no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from ibgw_tx.model.tally import Histogram

_Samples = Iterable[tuple[tuple[str, ...], float]]


def families(figures: Mapping[str, Any], latencies: Mapping[str, Histogram]) -> Iterator[Metric]:
    """Everything; a metric that says nothing now (an age without a session) has no sample."""
    yield _build(figures["versions"])
    yield from _state(figures)
    yield from _wire(figures)
    yield from _settings(figures)
    yield from _redis(figures)
    yield from _books(figures)
    yield from _orders(figures)
    yield _latency(latencies)


def _build(versions: Mapping[str, Any]) -> Metric:
    found = {name: "" if value is None else str(value) for name, value in versions.items()}
    return InfoMetricFamily("ibgateway_build", "Versions; server is what TWS speaks, empty without a session.", found)


def _state(figures: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauge("ibgateway_status", "1 while everything on Redis can be trusted.", figures["status"])
    yield _gauge("ibgateway_uptime_seconds", "Since the start of the gateway.", figures["ages"]["gateway"])
    session, heard = figures["ages"]["session"], figures["ages"]["heard"]
    yield _gauge("ibgateway_tws_session_ready", "1 while there is a session with TWS.", session is not None)
    yield _gauge("ibgateway_tws_session_age_seconds", "Since the session with TWS got ready.", session)
    yield _gauge("ibgateway_tws_silence_seconds", "Since TWS was heard last.", heard)
    yield _gauge("ibgateway_tws_link_up", "1 while TWS has its link to IB.", figures["link"])
    farms = (((kind, name), works) for kind, name, works in figures["farms"])
    yield _gauges("ibgateway_farm_up", "1 while a farm that TWS spoke of works.", ("kind", "farm"), farms)


def _wire(figures: Mapping[str, Any]) -> Iterator[Metric]:
    received, sent = figures["received"], figures["sent"]
    yield _counters("ibgateway_tws_received_messages", "Messages from TWS.", ("kind",), _one(received))
    yield CounterMetricFamily("ibgateway_tws_unreadable_messages", "Messages from TWS skipped.", figures["unreadable"])
    yield _counters("ibgateway_tws_sent_messages", "Messages to TWS.", ("kind",), _one(sent))
    budget = figures["messages"]
    yield _gauge("ibgateway_message_rate_limit", "Messages a second that may go to TWS.", budget["rate"])
    yield _gauge("ibgateway_message_rate_used", "Messages that count against it now.", budget.get("sent", 0))
    lanes = _one(budget.get("waiting", {}))
    yield _gauges("ibgateway_lane_messages", "Messages that wait for the rate.", ("lane",), lanes)


def _settings(figures: Mapping[str, Any]) -> Iterator[Metric]:
    text = "1 while a setting of TWS is known to hurt."
    yield _gauges("ibgateway_tws_setting_hurts", text, ("setting",), _one(figures["settings"]))


def _redis(figures: Mapping[str, Any]) -> Iterator[Metric]:
    redis = figures["redis"]
    up, waiting = _one(redis["connections"]), _one(redis["unanswered"])
    yield _gauges("ibgateway_redis_connection_up", "1 while a connection can be used.", ("connection",), up)
    text = "Commands that Redis has not answered."
    yield _gauges("ibgateway_redis_unanswered_commands", text, ("connection",), waiting)
    yield CounterMetricFamily("ibgateway_redis_unsent_commands", "Commands not sent: away or too slow.", redis["refused"])


def _books(figures: Mapping[str, Any]) -> Iterator[Metric]:
    wanted = {kind: len(names) for kind, names in figures["subscriptions"].items()}
    yield _gauges("ibgateway_subscriptions", "Books wanted, by kind of feed.", ("kind",), _one(wanted))
    yield _gauges("ibgateway_books", "Channels, by what their last message is worth.", ("state",), _one(figures["bookStates"]))
    ages = _one(figures["bookAges"])
    yield _gauges("ibgateway_book_age_seconds", "Since a book was published last.", ("channel",), ages)
    yield CounterMetricFamily("ibgateway_publications", "Books and trades published.", figures["published"])
    text = "Turns in which changed books had to wait for Redis, and went out later with what came meanwhile."
    yield CounterMetricFamily("ibgateway_conflations", text, figures["heldBack"])


def _orders(figures: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauges("ibgateway_orders", "Orders of the login, by state.", ("state",), _one(figures["ordersByState"]))
    yield _gauge("ibgateway_orders_trusted", "1 while the orders on Redis are complete.", figures["orders"]["trusted"])
    yield _gauge("ibgateway_halted", "1 while HALT is in force.", figures["halt"] is not None)
    yield _gauge("ibgateway_commands_under_way", "Commands without an ack so far.", figures["underWay"])
    yield _counters("ibgateway_ack_messages", "Messages on the ACK channel.", ("kind",), _one(figures["said"]))
    yield _counters("ibgateway_refusals", "Commands refused.", ("code",), _one(figures["refusals"]))


def _latency(latencies: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(
        "ibgateway_command_duration_seconds", "From a command's coming to its ack or refusal.", labels=("command",)
    )
    for command, histogram in sorted(latencies.items()):
        if histogram.count:
            buckets = [("+Inf" if math.isinf(end) else str(end), float(count)) for end, count in histogram.buckets()]
            family.add_metric([command], buckets, histogram.total)
    return family


def _one(values: Mapping[str, float]) -> _Samples:
    return (((label,), value) for label, value in values.items())


def _gauge(name: str, text: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, text, labels=())
    if value is not None:
        family.add_metric((), float(value))
    return family


def _gauges(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=labels), samples)


def _counters(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: _Samples) -> Metric:
    for values, number in samples:
        family.add_metric(values, float(number))
    return family

"""The metrics, from plain numbers."""

from prometheus_client import CollectorRegistry, generate_latest

from ibgw_tx.model.tally import BOUNDS, Histogram
from ibgw_tx.sight.families import families


def figures(**other):
    return {
        "versions": {"ibgateway": "1", "ibapi": "9.81", "server": None},
        "status": False,
        "ages": {"gateway": 5.0, "session": None, "heard": None},
        "link": False,
        "settings": {"settings.readOnlyApi": True, "precautions.bypassOrderPrecautions": False},
        "farms": [("data", "usfarm", False), ("other", "ushmds", True)],
        "received": {"market_data": 7, "orders": 2},
        "sent": {"order": 3},
        "unreadable": 1,
        "messages": {"rate": 45},
        "redis": {"connections": {"books": True}, "unanswered": {"books": 4}, "refused": 2},
        "subscriptions": {"odbk": ["a", "b"]},
        "bookStates": {"speaking": 1},
        "bookAges": {'a"b': 1.5},
        "published": 9,
        "heldBack": 8,
        "ordersByState": {"live": 6},
        "orders": {"trusted": True, "open": 6},
        "halt": "",
        "underWay": 0,
        "said": {"ack": 1},
        "refusals": {"limit": 2},
        **other,
    }


def told(latencies=(), **other):
    class Collector:
        def collect(self):
            return families(figures(**other), dict(latencies))

    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry).decode().splitlines()


def test_each_fact_is_a_sample():
    lines = told()
    for line in (
        "ibgateway_status 0.0",
        'ibgateway_build_info{ibapi="9.81",ibgateway="1",server=""} 1.0',
        'ibgateway_farm_up{farm="usfarm",kind="data"} 0.0',
        'ibgateway_tws_received_messages_total{kind="market_data"} 7.0',
        'ibgateway_tws_sent_messages_total{kind="order"} 3.0',
        'ibgateway_redis_unanswered_commands{connection="books"} 4.0',
        'ibgateway_subscriptions{kind="odbk"} 2.0',
        'ibgateway_book_age_seconds{channel="a\\"b"} 1.5',
        "ibgateway_publications_total 9.0",
        "ibgateway_conflations_total 8.0",
        'ibgateway_orders{state="live"} 6.0',
        'ibgateway_refusals_total{code="limit"} 2.0',
    ):
        assert line in lines


def test_a_halt_without_a_reason_is_a_halt_and_an_age_that_is_not_there_no_sample():
    assert "ibgateway_halted 1.0" in told()
    assert 'ibgateway_tws_setting_hurts{setting="settings.readOnlyApi"} 1.0' in told()
    assert 'ibgateway_tws_setting_hurts{setting="precautions.bypassOrderPrecautions"} 0.0' in told()
    assert "ibgateway_halted 0.0" in told(halt=None)
    assert not [line for line in told() if line.startswith("ibgateway_tws_silence_seconds ")]
    assert "ibgateway_tws_silence_seconds 2.0" in told(ages={"gateway": 1, "session": 3, "heard": 2.0})


def test_latencies_are_a_histogram_of_what_was_asked():
    histogram = Histogram()
    for seconds in (0.0005, 0.001, 0.3, 1000):
        histogram.add(seconds)
    lines = told({"PLACE_ORDER": histogram, "RESET": Histogram()})
    assert 'ibgateway_command_duration_seconds_bucket{command="PLACE_ORDER",le="0.001"} 2.0' in lines
    assert f'ibgateway_command_duration_seconds_bucket{{command="PLACE_ORDER",le="{BOUNDS[-1]}"}} 3.0' in lines
    assert 'ibgateway_command_duration_seconds_count{command="PLACE_ORDER"} 4.0' in lines
    assert not [line for line in lines if "RESET" in line]

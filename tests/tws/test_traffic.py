"""Kinds of messages are told by their ids, in text and behind four bytes (server version 201 on)."""

import pytest

from ibgw_tx.tws.messages import lane_of
from ibgw_tx.tws.pacing import Lane
from ibgw_tx.tws.traffic import Traffic


@pytest.mark.parametrize(
    ("number", "lane"), [(3, Lane.ORDER), (4, Lane.CANCEL), (10, Lane.FEED), (9, Lane.QUESTION), (49, Lane.OWN)]
)
def test_a_sent_message_has_one_lane_however_it_is_framed(number, lane):
    texts = b"1\x0077\x00"
    raw, protobuf = (each.to_bytes(4, "big") + texts for each in (number, number + 200))
    for payload in (b"%d\x00" % number + texts, raw, protobuf):
        assert lane_of(len(payload).to_bytes(4, "big") + payload) is lane


def test_what_is_no_other_kind_is_market_data():
    traffic = Traffic()
    traffic.messages = 10
    traffic.received["orders"] = 3
    assert traffic.received_by_kind()["market_data"] == 7
    assert sum(traffic.received_by_kind().values()) == 10
    traffic.sent[Lane.ORDER] += 1
    assert traffic.sent_by_kind() == {"cancel": 0, "order": 1, "own": 0, "feed": 0, "question": 0}

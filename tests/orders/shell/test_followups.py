"""What TWS says later about an order command, and previews."""

import json

import pytest

from ibgw_tx.commands.message import Command
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.model.events import Notice, WhatIf
from ibgw_tx.orders.shell import followups as orderwords
from ibgw_tx.orders.shell.followups import EXERCISE_LIMIT, PREVIEW_LIMIT, OrderFollowups

PLACE, CANCEL = Command(1, "PLACE_ORDER", {}), Command(2, "CANCEL_ORDER", {})
FIGURES = {"initMarginChange": 10.0, "commission": 1.0}


@pytest.fixture
def said():
    return []


@pytest.fixture
def words(clock, said):
    return OrderFollowups(AckChannel(lambda kind, message: said.append(json.loads(message)), lambda: 5), clock)


def test_a_code_carries_the_id_of_the_last_command_about_its_order(words, said):
    words.owns(7, PLACE)
    assert words.noticed(Notice(7, 399, "advice"))
    words.owns(7, CANCEL)
    assert words.noticed(Notice(7, 202, "gone")) and words.owner(7).cmd == "CANCEL_ORDER"
    assert [(told["id"], told["cmd"], told["code"]) for told in said] == [(1, "PLACE_ORDER", 399), (2, "CANCEL_ORDER", 202)]
    assert said[0] == {"type": "error", "id": 1, "cmd": "PLACE_ORDER", "code": 399, "err": "advice", "t": 5}


def test_a_code_of_an_order_of_no_command_is_left_to_others(words, said):
    assert not words.noticed(Notice(7, 399, "advice")) and not said


def test_a_lost_session_ends_what_ids_mean(words, said):
    words.owns(7, PLACE)
    words.session_lost()
    assert not words.noticed(Notice(7, 202, "gone")) and words.owner(7) is None and not said


def test_what_was_not_sent_is_told_to_its_command(words, said):
    words.not_sent(PLACE, "order 7")
    assert said[0]["code"] == 504 and said[0]["id"] == 1 and said[0]["err"].startswith("order 7 was not sent")


def test_the_oldest_orders_are_forgotten_first(words, monkeypatch):
    monkeypatch.setattr(orderwords, "MAX_OWNERS", 3)
    for order_id in (1, 2, 3, 1, 4):
        words.owns(order_id, PLACE)
    assert [words.owner(order_id) is not None for order_id in (1, 2, 3, 4)] == [True, False, True, True]


# Previews.


def test_the_first_figures_with_a_margin_are_the_result(words, said, clock):
    words.preview(7, PLACE)
    words.previewed(WhatIf(7, {**FIGURES, "initMarginChange": None}))
    assert not said
    words.previewed(WhatIf(7, FIGURES))
    words.previewed(WhatIf(7, FIGURES))
    assert [(told["type"], told["initMarginChange"]) for told in said] == [("result", 10.0)] and not clock.getDelayedCalls()


def test_figures_of_nobodys_preview_are_left_alone(words, said):
    words.previewed(WhatIf(7, FIGURES))
    assert not said


def test_a_preview_without_an_answer_is_told_after_its_limit(words, said, clock):
    words.preview(7, PLACE)
    clock.advance(PREVIEW_LIMIT)
    assert said[0]["code"] is None and "30 s" in said[0]["err"]


def test_figures_without_a_margin_are_the_result_when_nothing_better_comes(words, said, clock):
    words.preview(7, PLACE)
    words.previewed(WhatIf(7, {**FIGURES, "initMarginChange": None}))
    clock.advance(PREVIEW_LIMIT)
    assert [told["type"] for told in said] == ["result"] and said[0]["commission"] == 1.0


@pytest.mark.parametrize("code", [201, 321, 110, 460, 202])
def test_a_refused_preview_is_over(words, said, code):
    words.preview(7, PLACE)
    assert words.noticed(Notice(7, code, "no"))
    words.previewed(WhatIf(7, FIGURES))
    assert [(told["type"], told["code"]) for told in said] == [("error", code)]


@pytest.mark.parametrize("code", [399, 10349, 2109, 31337])
def test_a_notice_does_not_end_a_preview(words, said, code):
    words.preview(7, PLACE)
    assert words.noticed(Notice(7, code, "by the way"))
    words.previewed(WhatIf(7, FIGURES))
    assert [told["type"] for told in said] == ["error", "result"]


def test_a_lost_session_ends_every_preview_once(words, said, clock):
    words.preview(7, PLACE)
    words.preview(8, PLACE)
    words.session_lost()
    words.session_lost()
    assert len(said) == 2 and not clock.getDelayedCalls()


EXERCISE = Command(3, "EXERCISE", {})


def test_an_exercise_of_which_tws_says_nothing_is_told_and_one_of_which_it_does_is_not(words, said, clock):
    for order_id in (7, 8, 9):
        words.owns(order_id, EXERCISE)
        words.expect(order_id, EXERCISE)
    words.heard(7)
    words.noticed(Notice(8, 322, "no position"))
    clock.advance(EXERCISE_LIMIT)
    assert [(told["code"], told["err"][:30]) for told in said] == [
        (322, "no position"), (None, "TWS said nothing of it within "),
    ]  # fmt: skip
    words.expect(10, EXERCISE)
    words.session_lost()
    assert said[-1]["code"] is None and "the session with TWS ended" in said[-1]["err"] and not clock.getDelayedCalls()

"""Questions with an end: an answer, a refusal, a limit, or the end of the session."""

import pytest
from twisted.internet.defer import CancelledError

from ibgw_tx.model.errors import PacingFull, RequestTimeout, SessionLost, TWSError
from ibgw_tx.tws.shell.asker import ANSWER_LIMIT, FIRST_REQUEST_ID, Asker
from tests.kit.deferreds import error, result


@pytest.fixture
def asker(clock):
    return Asker(clock)


@pytest.fixture
def sent():
    return []


def test_request_ids_stand_above_any_order_id_and_are_never_used_twice(asker):
    ids = [asker.next_id() for _ in range(100)]
    assert ids[0] == FIRST_REQUEST_ID > 10**9 and len(set(ids)) == 100


def test_answers_come_as_a_list_at_the_end(asker, sent, clock):
    asked = asker.ask("it", sent.append)
    asker.add(sent[0], "a")
    asker.add(sent[0], "b")
    assert not asked.called and asker.is_open(sent[0])
    asker.end(sent[0])
    assert result(asked) == ["a", "b"] and not asker.is_open(sent[0]) and not clock.getDelayedCalls()


def test_no_answer_at_all_is_an_empty_list(asker, sent):
    asked = asker.ask("it", sent.append)
    asker.end(sent[0])
    assert result(asked) == []


def test_two_questions_do_not_mix(asker, sent):
    first, second = asker.ask("1", sent.append), asker.ask("2", sent.append)
    asker.add(sent[1], "b")
    asker.add(sent[0], "a")
    asker.end(sent[1])
    asker.end(sent[0])
    assert (result(first), result(second)) == (["a"], ["b"])


def test_a_refusal_fails_the_question(asker, sent):
    asked = asker.ask("it", sent.append)
    assert asker.refuse(sent[0], 200, "none")
    found = error(asked, TWSError)
    assert (found.code, found.text) == (200, "none")


def test_a_refusal_of_something_else_is_none_of_ours(asker):
    assert not asker.refuse(7, 200, "none")


def test_the_limit_fails_the_question_and_names_it(asker, sent, clock):
    asked = asker.ask("contract details of X", sent.append)
    clock.advance(ANSWER_LIMIT)
    assert "contract details of X within 30 s" in str(error(asked, RequestTimeout))


def test_a_late_answer_meets_nobody(asker, sent, clock):
    asked = asker.ask("it", sent.append, 5)
    clock.advance(6)
    error(asked, RequestTimeout)
    asker.add(sent[0], "late")
    asker.end(sent[0])
    assert not asker.refuse(sent[0], 200, "late")


def test_a_lost_session_fails_every_question_with_its_own_name(asker, sent, clock):
    questions = [asker.ask(name, sent.append) for name in ("this", "that")]
    asker.session_lost()
    assert ["this" in str(error(questions[0], SessionLost)), "that" in str(error(questions[1], SessionLost))] == [True, True]
    assert not clock.getDelayedCalls()


def test_what_cannot_be_sent_fails_and_leaves_nothing(asker, clock):
    def send(req_id):
        raise PacingFull("full")

    error(asker.ask("it", send), PacingFull)
    assert not clock.getDelayedCalls() and not asker.is_open(FIRST_REQUEST_ID)


def test_an_answer_on_the_spot_leaves_no_timer(asker, clock):
    asked = asker.ask("it", lambda req_id: asker.refuse(req_id, 504, "Not connected"))
    assert error(asked, TWSError).code == 504 and not clock.getDelayedCalls()


def test_a_cancelled_question_is_forgotten(asker, sent, clock):
    asked = asker.ask("it", sent.append)
    asked.cancel()
    error(asked, CancelledError)
    asker.end(sent[0])
    assert not clock.getDelayedCalls()


# Request ids beside order ids.


@pytest.mark.parametrize("order_id", [999_999_999, 10**9, 10**9 + 50, 1_700_000_000, 2 * 10**9 - 1, 2 * 10**9 + 1, 2**31 - 2])
def test_requests_move_aside_and_no_id_is_both(asker, order_id):
    given_before = [asker.next_id() for _ in range(100)]
    lowest, highest = asker.make_room(order_id)
    given_after = [asker.next_id() for _ in range(1000)]
    assert lowest >= order_id and not [each for each in (*given_before, *given_after) if lowest <= each <= highest]
    assert not set(given_before) & set(given_after)


def test_room_that_is_used_up_is_made_again(asker):
    first = [asker.next_id() for _ in range(5)]
    _, highest = asker.make_room(1_000_000_000)
    second = [asker.next_id() for _ in range(5)]
    lowest, last = asker.make_room(highest + 1)
    third = [asker.next_id() for _ in range(5)]
    assert len({*first, *second, *third}) == 15 and last == 2**31 - 2
    assert not [each for each in (*first, *second, *third) if lowest <= each <= last]

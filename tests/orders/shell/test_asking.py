"""The question "what orders are there?": steps, ends that carry no id, limits, and who is told what."""

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.model import events
from ibgw_tx.model.errors import PacingFull, SessionLost
from ibgw_tx.orders.cache.question import Step
from ibgw_tx.orders.shell.asking import STEP_LIMIT, OrderQuestions
from ibgw_tx.tws.shell.asker import Asker
from tests.kit.deferreds import error, result

OPEN, COMPLETED = events.OpenOrderEnd(), events.CompletedOrdersEnd()


class Client:
    server_version = 157

    def __init__(self):
        self.asked = []
        self.full = None

    def _note(self, *call):
        if self.full:
            raise self.full
        self.asked.append(call)

    def ask_open_orders(self):
        self._note("open")

    def ask_completed_orders(self):
        self._note("completed")

    def ask_executions(self, req_id, days):
        self._note("executions", req_id, *(days,) * (days > 1))


@pytest.fixture
def asker(clock):
    return Asker(clock)


@pytest.fixture
def asking(asker, clock):
    return OrderQuestions(asker, clock)


@pytest.fixture
def client():
    return Client()


def ask(asking, client, step):
    return Deferred.fromCoroutine(asking.ask(client, step))


@pytest.mark.parametrize(("step", "end"), [(Step.OPEN, "open_end"), (Step.COMPLETED, "completed_end")])
def test_a_step_is_over_with_its_end(asking, client, step, end):
    asked = ask(asking, client, step)
    assert not asked.called and len(client.asked) == 1
    getattr(asking, end)(OPEN)
    assert result(asked) is True


def test_executions_end_with_their_own_id(asking, client):
    asked = ask(asking, client, Step.EXECUTIONS)
    ((_, req_id),) = client.asked
    asking.executions_end(events.ExecutionsEnd(req_id + 1))
    assert not asked.called
    asking.executions_end(events.ExecutionsEnd(req_id))
    assert result(asked) is True


def test_the_end_of_another_kind_of_list_ends_nothing(asking, client):
    asked = ask(asking, client, Step.OPEN)
    asking.completed_end(COMPLETED)
    assert not asked.called


def test_a_step_without_an_end_is_not_answered(asking, client, clock):
    asked = ask(asking, client, Step.OPEN)
    clock.advance(STEP_LIMIT)
    assert result(asked) is False


def test_after_a_limit_the_next_end_is_the_answer(asking, client, clock):
    ask(asking, client, Step.OPEN)
    clock.advance(STEP_LIMIT)
    again = ask(asking, client, Step.OPEN)
    asking.open_end(OPEN)
    assert result(again) is True


def test_the_end_of_an_abandoned_list_is_not_taken_for_that_of_the_next(asking, client):
    first = ask(asking, client, Step.OPEN)
    asking.abandon()
    assert result(first) is False
    second = ask(asking, client, Step.OPEN)
    asking.open_end(OPEN)
    assert not second.called
    asking.open_end(OPEN)
    assert result(second) is True


def test_a_new_question_abandons_the_old_one(asking, client):
    first = ask(asking, client, Step.OPEN)
    second = ask(asking, client, Step.COMPLETED)
    assert result(first) is False
    asking.completed_end(COMPLETED)
    assert result(second) is True


def test_an_end_that_nobody_waits_for_is_left_alone(asking):
    asking.open_end(OPEN)
    asking.completed_end(COMPLETED)
    asking.abandon()


def test_no_end_of_a_lost_session_is_waited_for(asking, asker, client):
    lost = ask(asking, client, Step.OPEN)
    asker.session_lost()
    error(lost, SessionLost)
    asking.session_lost()
    again = ask(asking, client, Step.OPEN)
    asking.open_end(OPEN)
    assert result(again) is True


def test_an_old_server_has_no_completed_orders(asking, client):
    client.server_version = 149
    assert result(ask(asking, client, Step.COMPLETED)) is True and not client.asked


@pytest.mark.parametrize(("version", "days", "asked"), [(199, 3, ()), (200, 3, (3,)), (200, 1, ()), (226, 7, (7,))])
def test_executions_of_several_days_are_asked_for_where_tws_knows_them(asker, clock, client, version, days, asked):
    client.server_version = version
    ask(OrderQuestions(asker, clock, days), client, Step.EXECUTIONS)
    assert client.asked[0][0] == "executions" and client.asked[0][2:] == asked


def test_no_room_is_no_answer(asking, client):
    client.full = PacingFull("full")
    assert result(ask(asking, client, Step.OPEN)) is False
    client.full = None
    again = ask(asking, client, Step.OPEN)
    asking.open_end(OPEN)
    assert result(again) is True


def test_executions_that_tws_refuses_are_not_answered(asking, asker, client):
    asked = ask(asking, client, Step.EXECUTIONS)
    asker.refuse(client.asked[0][1], 322, "no")
    assert result(asked) is False


def test_a_pause_is_as_long_as_it_is_said(asking, clock):
    waited = asking.pause(2)
    clock.advance(1.9)
    assert not waited.called
    clock.advance(0.2)
    assert waited.called

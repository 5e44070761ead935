"""Commands about feeds wait until their bytes have left; each wait has an end."""

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ibgw_tx.model.errors import CommandError, PacingFull
from ibgw_tx.tws.shell.asker import Asker
from ibgw_tx.tws.shell.departures import PATIENCE, Departures
from tests.kit.deferreds import error, result


@attrs.define(eq=False)
class Book:
    req_id: int | None = None
    sent: bool = False
    unasked: Exception | None = None


class Desk:
    """Books whose requests wait or have left."""

    def __init__(self):
        self.clock, self.waiting, self.back = Clock(), set(), []
        asker = Asker(self.clock)
        asker.is_waiting = self.waiting.__contains__
        self.departures = Departures(asker, lambda: int(self.clock.seconds() * 1000), self.back.append)

    def ask(self, req_id, waits=True):
        book = Book(req_id)
        if waits:
            self.waiting.add(req_id)
        self.departures.asked(book)
        return book

    def begun(self, book, age_left=None):
        return Deferred.fromCoroutine(self.departures.begun(book, age_left))

    def sends(self, req_id, book=None):
        self.waiting.discard(req_id)
        self.departures.sent(req_id, book)


@pytest.fixture
def desk():
    return Desk()


def test_what_has_left_at_once_waits_for_nothing(desk):
    book = desk.ask(1, waits=False)
    assert book.sent and result(desk.begun(book)) is None


def test_everybody_waits_until_it_has_left(desk):
    book = desk.ask(1)
    first, second = desk.begun(book), desk.begun(book)
    assert not first.called and not second.called and not book.sent
    desk.sends(1, book)
    assert result(first) is result(second) is None and book.sent and desk.back == []


def test_patience_ends_and_an_old_command_is_refused_before(desk):
    book = desk.ask(1)
    patient, old = desk.begun(book), desk.begun(book, age_left=2000)
    desk.clock.advance(2)
    desk.departures.check()
    assert error(old, CommandError).code == "expired" and desk.back == [], "another one still wants it"
    desk.clock.advance(PATIENCE / 1000)
    desk.departures.check()
    assert "message rate" in str(error(patient, PacingFull)) and desk.back == [book]


def test_a_lost_link_refuses_what_waits_and_keeps_what_tws_had_once(desk):
    new, known = desk.ask(1), desk.ask(2)
    known.sent = True
    waits = desk.begun(new), desk.begun(known)
    desk.departures.link_down(session_lost=False)
    assert [error(each, CommandError).code for each in waits] == ["not_connected"] * 2 and desk.back == [new]


def test_a_full_lane_is_the_answer_of_who_waits_and_of_who_comes_next(desk):
    book = Book()
    assert not desk.departures.not_asked(book, PacingFull("full"))
    assert "full" in str(error(desk.begun(book), PacingFull)) and desk.back == [book]


def test_an_end_is_waited_for_until_it_has_left_or_its_session_is_over(desk):
    desk.waiting |= {1, 2}
    one, two = (Deferred.fromCoroutine(desk.departures.ended(req_id)) for req_id in (1, 2))
    desk.sends(1)
    assert result(one) is None and not two.called
    desk.departures.link_down(session_lost=False)
    assert not two.called
    desk.departures.link_down(session_lost=True)
    assert result(two) is None
    assert result(Deferred.fromCoroutine(desk.departures.ended(None))) is None


def test_what_is_ended_while_it_waits_is_refused(desk):
    book = desk.ask(1)
    waits = desk.begun(book)
    desk.departures.taken_away(book)
    assert "ended before it left" in error(waits, CommandError).text

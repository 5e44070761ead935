"""The open pages: the same document for all, bounds for each."""

import json

import pytest
from twisted.internet.defer import Deferred

from ibgw_tx.sight.shell.events import PATIENCE, READERS, Events


class Request:
    def __init__(self):
        self.written, self.aborted, self.producer, self._finish = [], False, None, Deferred()
        self.transport = self

    def notifyFinish(self):
        return self._finish

    def registerProducer(self, producer, streaming):
        self.producer = producer

    def write(self, data):
        self.written.append(data)

    def abortConnection(self):
        self.aborted = True


@pytest.fixture
def made():
    return []


@pytest.fixture
def events(clock, made):
    def document():
        made.append(1)
        return {"name": "<b>"}

    return Events(document, clock)


def test_a_page_gets_the_document_at_once_and_then_with_the_others(events, made):
    pages = [Request(), Request()]
    for page in pages:
        events.join(page)
    events.tick()
    assert len(made) == 3
    assert json.loads(pages[0].written[-1].removeprefix(b"data: ")) == {"name": "<b>"}
    assert pages[0].written[-1] is pages[1].written[-1]


def test_without_a_page_nothing_is_made(events, made):
    events.tick()
    page = Request()
    events.join(page)
    page.notifyFinish().callback(None)
    events.tick()
    assert len(made) == 1
    assert events.count == 0


def test_a_page_that_takes_nothing_gets_no_more_and_is_cut_off(events, clock):
    page = Request()
    events.join(page)
    page.producer.pauseProducing()
    clock.advance(PATIENCE - 1)
    events.tick()
    assert len(page.written) == 1
    assert not page.aborted
    clock.advance(1)
    events.tick()
    assert page.aborted
    assert (events.count, events.cut_off) == (0, 1)


def test_a_page_that_takes_again_goes_on(events, clock):
    page = Request()
    events.join(page)
    page.producer.pauseProducing()
    clock.advance(PATIENCE - 1)
    page.producer.resumeProducing()
    clock.advance(PATIENCE)
    events.tick()
    assert len(page.written) == 2
    assert not page.aborted


def test_only_so_many_pages(events):
    for _ in range(READERS):
        assert events.has_room
        events.join(Request())
    assert not events.has_room

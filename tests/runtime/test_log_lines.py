"""What a line of the log looks like, in each form, whatever others have put into it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger as TwistedLogger
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.failure import Failure

from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.log_lines import (
    FIRST_LINES,
    LAST_LINES,
    LINE_LIMIT,
    as_json,
    for_journal,
    for_people,
    json_for_journal,
)

FORGED = "bad\r\n2026-01-31T09:00:00+0000 [status] \x1b[2Jstatus of demo is true\n<0>emergency\u2028next\x85"


@pytest.fixture
def events(failures):
    """Every event of this test; failing ones are what it is about."""
    seen = []
    globalLogPublisher.addObserver(seen.append)
    yield seen
    globalLogPublisher.removeObserver(seen.append)
    failures.clear()


def failure(error):
    try:
        raise error
    except type(error):
        return Failure()


def event(level=LogLevel.warn, **more):
    plain = {"log_level": level, "log_time": 1769850000.25, "log_namespace": "ibgw_tx.redis"}
    return {**plain, "log_format": "{text}", "text": "said", **more}


def test_a_line_for_people_is_twistds():
    assert for_people(event()).endswith(" [ibgw_tx.redis#warn] said\n")
    assert for_people(event()).startswith("2026-01-31T")


@pytest.mark.parametrize(
    ("level", "number"),
    [(LogLevel.debug, 7), (LogLevel.info, 6), (LogLevel.warn, 4), (LogLevel.error, 3), (LogLevel.critical, 2)],
)
def test_a_line_for_the_journal_has_syslogs_number_and_no_time(level, number):
    assert for_journal(event(level)) == f"<{number}>said\n"
    assert json_for_journal("demo")(event(level)).startswith(f'<{number}>{{"time":')


def test_what_has_no_level_is_info():
    assert for_journal(event(None)) == "<6>said\n"
    assert json.loads(as_json("demo")(event(None)))["level"] == "info"


def test_an_event_that_says_nothing_is_no_line():
    silent = {"log_level": LogLevel.info, "log_time": 1.0}
    assert not for_people(silent) and not for_journal(silent) and as_json("demo")(silent) is None


def test_each_line_of_a_traceback_has_its_priority_and_is_escaped(events):
    Logger().failure("order {order} failed", failure(ValueError(FORGED)), order=7)
    (seen,) = events
    lines = for_journal(seen).split("\n")
    assert lines.pop() == ""
    assert lines[0] == "<2>order 7 failed" and len(lines) > 4
    assert all(line.startswith("<2>    ") for line in lines[1:])
    assert all(line.isprintable() for line in lines)
    assert any("builtins.ValueError: bad\\r" in line for line in lines)


def test_nobody_can_forge_a_line_for_people(events):
    Logger().failure("it failed", failure(ValueError(FORGED)))
    first, *others = for_people(events[0]).rstrip("\n").split("\n")
    assert first.endswith("it failed")
    assert others and all(line.startswith("\t") and line[1:].isprintable() for line in others)


def test_what_a_library_prints_is_escaped_too():
    text = for_people(event(log_format="{text}", text="one\ntwo\x1b[2J\r", log_system="-"))
    assert text.endswith("[-] one\n\ttwo\\x1b[2J\\r\n")


def test_a_traceback_without_end_keeps_its_ends(events):
    def deeper(n):
        if n:
            deeper(n - 1)
        raise RuntimeError("deep down")

    try:
        deeper(300)
    except RuntimeError:
        Logger().failure("it failed")
    lines = for_people(events[0]).rstrip("\n").split("\n")
    assert len(lines) == FIRST_LINES + LAST_LINES + 2
    assert "deep down" in lines[-1] and any(" lines)" in line for line in lines)


def test_a_failure_that_cannot_be_told_is_told_as_that(events):
    class Sore:
        def getTraceback(self):
            raise ZeroDivisionError

    assert for_journal(event(log_failure=Sore())) == "<4>said\n<4>    (no traceback: ZeroDivisionError)\n"


def test_json_is_one_object_a_line_with_the_fields(events):
    Logger("ibgw_tx.status").warn("{count} of {what!r}", count=3, what="a\nb", of=None, list=[1])
    Logger().failure("it failed", failure(ValueError(FORGED)))
    form = as_json("demo")
    first, second = (json.loads(text) for text in map(form, events) if text.count("\n") == 1)
    assert first["message"] == "3 of 'a\\nb'" and first["fields"]["count"] == 3 and first["fields"]["of"] is None
    assert (first["level"], first["name"], first["namespace"]) == ("warn", "demo", "ibgw_tx.status")
    assert first["time"].endswith("Z") and "traceback" not in first
    assert second["level"] == "critical"
    assert any("bad\\r" in line for line in second["traceback"]) and all(line.isprintable() for line in second["traceback"])


def test_json_of_what_twisted_says(events):
    TwistedLogger("twisted.internet").info("Main loop terminated.")
    content = json.loads(as_json("demo")(events[0]))
    assert content["message"] == "Main loop terminated." and "fields" not in content


@given(st.text(), st.sampled_from([for_people, for_journal, as_json("x"), json_for_journal("x")]))
def test_no_text_breaks_a_line(text, form):
    written = form(event(text=text)) or ""
    assert written == "" or written.endswith("\n")
    for line in written.split("\n")[:-1]:
        assert line.lstrip("\t").isprintable() and len(line) < 2 * LINE_LIMIT + 400
    if form in (for_people, for_journal):
        others = written.split("\n")[1:-1]
        assert all(line.startswith(("\t", "<4>    ")) for line in others)

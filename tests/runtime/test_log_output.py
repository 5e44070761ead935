"""Under twistd a gateway's lines look as its settings want them, wherever twistd puts them."""

import io
import json
import os
import sys

import pytest
from twisted.application.service import Application
from twisted.logger import ILogObserver, LogLevel

from ibgw_tx.runtime.log_lines import for_journal, for_people
from ibgw_tx.runtime.log_output import Logged, form_of, observer, read_by_journal

EVENT = {"log_level": LogLevel.warn, "log_time": 1769850000.25, "log_namespace": "n", "log_format": "said"}
SCREEN = {"nodaemon": True, "logfile": None}


def stream_name(stream):
    found = os.fstat(stream.fileno())
    return f"{found.st_dev}:{found.st_ino}"


def test_the_journal_reads_what_journal_stream_names(tmp_path):
    with (tmp_path / "a").open("w") as mine, (tmp_path / "b").open("w") as other:
        environ = {"JOURNAL_STREAM": stream_name(mine)}
        assert read_by_journal(mine, environ)
        assert not read_by_journal(other, environ)
        assert not read_by_journal(mine, {}) and not read_by_journal(mine, {"JOURNAL_STREAM": ""})
    assert not read_by_journal(mine, environ), "closed"
    assert not read_by_journal(io.StringIO(), environ)


def test_each_form():
    assert form_of("text", "demo", journal=False) is for_people
    assert form_of("text", "demo", journal=True) is for_journal
    assert json.loads(form_of("json", "demo", journal=False)(EVENT))["name"] == "demo"
    assert form_of("json", "demo", journal=True)(EVENT).startswith("<4>{")


@pytest.mark.parametrize(
    ("kind", "journal", "begins"),
    [("text", True, "<4>said"), ("text", False, "2026-"), ("json", True, "<4>{"), ("json", False, "{")],
)
def test_on_the_screen_of_twistd(tmp_path, monkeypatch, kind, journal, begins):
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        environ = {"JOURNAL_STREAM": stream_name(out)} if journal else {}
        observer(SCREEN, kind, "demo", environ)(EVENT)
    assert (tmp_path / "out").read_text().startswith(begins)


def test_a_file_has_no_priorities_even_when_the_journal_reads_the_rest(tmp_path, monkeypatch):
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        file = tmp_path / "log"
        write = observer({**SCREEN, "logfile": str(file)}, "text", "demo", {"JOURNAL_STREAM": stream_name(out)})
        write(EVENT)
    assert file.read_text().endswith("[n#warn] said\n") and (tmp_path / "out").read_text() == ""


@pytest.mark.parametrize("flag", ["syslog", "logger"])
def test_what_twistd_is_told_to_write_another_way_is_left_alone(flag):
    assert observer({**SCREEN, flag: "something"}, "text", "demo", {}) is None


def test_twistd_finds_the_observer_at_its_application():
    application = Application("x")
    mine = observer(SCREEN, "text", "demo", {})
    Logged(mine).setServiceParent(application)
    assert application.getComponent(ILogObserver) is mine
    other = Application("y")
    Logged(None).setServiceParent(other)
    assert other.getComponent(ILogObserver, None) is None

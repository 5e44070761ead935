"""A flood of rows is taken from several reads before anything is told; whatever else comes is told with its read."""

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock

from ibgw_tx.tws.reads import LARGE
from ibgw_tx.tws.shell.flood import READS
from ibgw_tx.tws.shell.link import IBSessionFactory
from ibgw_tx.tws.shell.session import IBSession
from tests.kit.tws import ScriptedTWS, tws_frame
from tests.tws.shell.test_session import Listener

ROW = tws_frame(12, 1, 7, 0, 1, 1, "10.25", 5)
OTHER = tws_frame(49, 1, 1_700_000_000)
#: Rows of a full read, and some of the next.
FULL = LARGE // len(ROW) + 1


def rows_only(frames):
    """A shortcut for rows."""
    return next((frame for frame in frames if not frame.startswith(b"12\0")), None)


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def tws(listener):
    clock = Clock()
    shortcuts = rows_only, rows_only
    session = IBSession(7, listener, {}, clock, shortcuts=shortcuts)
    session.factory = IBSessionFactory(lambda: session, clock, "tws.example:4002")
    made = ScriptedTWS(session)
    made.welcome()
    listener.turns = 0
    return made


def pour(tws, data):
    """Give what waits in the socket as the reactor does, read by read; how many of its turns it takes."""
    waiting = bytearray(data)

    def read():
        if waiting:
            piece = bytes(waiting[: tws.wire.bufferSize])
            del waiting[: len(piece)]
            tws.session.dataReceived(piece)

    tws.wire.bufferSize, tws.wire.doRead = LARGE, read
    turns = 0
    while waiting:
        read()
        turns += 1
    return turns


def test_several_full_reads_of_rows_are_told_once(tws, listener):
    assert pour(tws, ROW * (FULL - 1) * READS) == 1 and listener.turns == 1


def test_there_is_an_end_to_it(tws, listener):
    assert pour(tws, ROW * (FULL - 1) * READS * 3) == 3 and listener.turns == 3


def test_a_read_that_was_not_full_is_told_at_once(tws, listener):
    assert pour(tws, ROW * (FULL - 1)) == 1 and listener.turns == 1


def test_a_full_read_behind_which_nothing_came_is_told(tws, listener):
    assert pour(tws, (ROW * FULL)[:LARGE]) == 1 and listener.turns == 1


def test_the_rest_behind_full_reads_is_told_with_them(tws, listener):
    assert pour(tws, ROW * (FULL + 6)) == 1 and listener.turns == 1


def test_a_read_with_more_than_rows_in_it_is_told_at_once(tws, listener):
    turns = pour(tws, (ROW * 6 + OTHER) * FULL)
    assert turns == listener.turns > READS


def test_a_stream_out_of_step_in_a_later_read_is_told_with_what_was_whole(tws, listener, lines):
    pour(tws, ROW * FULL + b"\xff\xff\xff\xff" + ROW)
    assert tws.wire.aborted and listener.turns == 1 and listener.lost


def test_an_end_found_by_a_later_read_is_the_reactors(tws, listener):
    tws.wire.bufferSize, tws.wire.doRead = LARGE, ConnectionDone
    tws.session.dataReceived((ROW * FULL)[:LARGE])
    assert listener.turns == 1 and not listener.lost

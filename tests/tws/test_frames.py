"""The framing: the same frames however the bytes arrive."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.tws.frames import MAX_LENGTH, FrameSplitter, FrameTooLong, fields_of, frame


def fed(*pieces):
    splitter = FrameSplitter()
    return [payload for piece in pieces for payload in splitter.feed(piece)]


@given(st.lists(st.binary(max_size=50)))
def test_frames_come_back_whole_and_byte_by_byte(payloads):
    stream = b"".join(map(frame, payloads))
    assert fed(stream) == payloads
    assert fed(*(stream[i : i + 1] for i in range(len(stream)))) == payloads


@given(st.lists(st.binary(max_size=30), max_size=8), st.lists(st.integers(0, 400)))
def test_frames_do_not_depend_on_where_the_stream_is_cut(payloads, cuts):
    stream = b"".join(map(frame, payloads))
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    assert fed(*(stream[a:b] for a, b in pairwise(edges))) == payloads


def test_an_incomplete_frame_is_kept_and_nothing_more():
    splitter = FrameSplitter()
    assert splitter.feed(frame(b"one\0") + frame(b"two\0")[:5]) == [b"one\0"]
    assert splitter.feed(frame(b"two\0")[5:]) == [b"two\0"]


def test_an_empty_frame_is_a_frame():
    assert fed(frame(b"") + frame(b"x")) == [b"", b"x"]


def test_the_longest_frame_is_taken_and_one_byte_more_is_refused():
    assert [len(payload) for payload in fed(frame(b"x" * MAX_LENGTH))] == [MAX_LENGTH]
    with pytest.raises(FrameTooLong) as refused:
        fed(struct.pack("!I", MAX_LENGTH + 1))
    assert refused.value.length == MAX_LENGTH + 1


@pytest.mark.parametrize(
    ("payload", "fields"), [(b"4\0002\0", [b"4", b"2"]), (b"9\0\0", [b"9", b""]), (b"9\0rest", [b"9"]), (b"", [])]
)
def test_what_follows_the_last_nul_is_no_field(payload, fields):
    assert fields_of(payload) == fields

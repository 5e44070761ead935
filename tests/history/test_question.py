"""What FIND_HISTORY may ask."""

import pytest

from ibgw_tx.history.question import Question, question_of
from ibgw_tx.model.errors import CommandError

GOOD = {"duration": "2 D", "barSize": "1 min"}


@pytest.mark.parametrize(
    ("more", "question"),
    [
        ({}, ("", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": None}, ("", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": "20240430 10:30:00 US/Eastern"}, ("20240430 10:30:00 US/Eastern", "2 D", "1 min", "TRADES", True)),
        ({"endDateTime": "20240430-14:30:00", "useRTH": False}, ("20240430-14:30:00", "2 D", "1 min", "TRADES", False)),
        ({"whatToShow": "BID_ASK", "barSize": "1 day"}, ("", "2 D", "1 day", "BID_ASK", True)),
    ],
)
def test_a_question_that_ib_takes(more, question):
    assert question_of({**GOOD, **more}) == Question(*question)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("duration", None), ("duration", "2D"), ("duration", "0 D"), ("duration", "2 H"), ("duration", 2), ("duration", "2 D\n"),
        ("barSize", None), ("barSize", "7 mins"), ("barSize", []), ("barSize", 60),
        ("whatToShow", "EVERYTHING"), ("whatToShow", None), ("whatToShow", {}),
        ("useRTH", 1), ("useRTH", "true"), ("useRTH", None),
        ("endDateTime", "yesterday"), ("endDateTime", "20240430 10:30:00"), ("endDateTime", "20240430"),
        ("endDateTime", "2024-04-30"), ("endDateTime", 5), ("endDateTime", "20240430 10:30:00 \n"),
    ],
)  # fmt: skip
def test_a_question_that_ib_would_refuse_is_refused_here_by_name(member, value):
    with pytest.raises(CommandError) as refused:
        question_of({**GOOD, member: value})
    assert member in refused.value.text

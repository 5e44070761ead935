"""A trouble is told when it begins, changes and ends, not while it lasts."""

from ibgw_tx.model.trouble import Trouble


def test_each_change_is_news_once():
    trouble = Trouble()
    assert [trouble.begins("OOM"), trouble.begins("OOM"), trouble.begins("READONLY")] == [True, False, True]
    assert [trouble.ends(), trouble.ends()] == [True, False]
    assert trouble.begins("READONLY")

"""The balance on Redis: whole or not at all, and the status that vouches for it. Through a whole gateway in memory."""

import pytest

from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL, BRR5
from tests.kit.gateway import BALANCE, World, portfolio_row

APPLE = "NASDAQ:STK:USD-AAPL"


@pytest.fixture
def world(monkeypatch):
    """Redis up and the session ready; the account has been asked for and nothing has come."""
    made = World(monkeypatch)
    made.link.bring_up()
    made.ready()
    return made


def test_the_account_is_asked_for_when_the_session_is_ready(world):
    assert world.asked("6") == [["6", "2", "1", "DU1"]]
    assert BALANCE not in world.link.keys and not world.status


def test_nothing_is_written_before_the_download_has_ended(world):
    world.tws.say(6, 2, "CashBalance", "500", "USD", "DU1")
    world.tws.say(*portfolio_row(AAPL))
    world.seconds(5)
    assert BALANCE not in world.link.keys and not world.status


def test_a_download_without_positions_is_written_at_its_end(world):
    world.download()
    assert world.balance == {"USD": {"type": "cash", "currency": "USD", "balance": 500}} and world.status


def test_positions_are_written_under_the_names_of_their_details(world):
    world.download(AAPL)
    assert BALANCE not in world.link.keys
    world.answer(AAPL)
    assert world.balance[APPLE]["pos"] == 100 and world.balance[APPLE]["contract"]["exchange"] == "SMART"
    assert world.status


def test_a_balance_is_not_written_with_reduced_contracts_while_details_are_asked_for(world):
    world.download(BRR5)
    world.seconds(4)
    assert BALANCE not in world.link.keys, world.balance
    world.answer(BRR5)
    assert "CMECRYPTO:FUT:USD-BRR@20210625@5" in world.balance


def test_a_position_tws_knows_no_details_of_goes_by_its_own_row(world, lines):
    world.download(AAPL)
    world.answer()
    assert APPLE in world.balance and world.status and any("reduced contract" in line for line in lines)


def test_values_of_another_account_do_not_count(world):
    world.tws.say(6, 2, "CashBalance", "999", "EUR", "DU9")
    world.tws.say(*portfolio_row(AAPL, account="DU9"))
    world.tws.say(54, 1, "DU9")
    world.seconds(3)
    assert BALANCE not in world.link.keys
    world.download()
    assert set(world.balance) == {"USD"}


def test_an_end_before_the_values_is_not_believed_at_once(world):
    world.tws.say(54, 1, "DU1")
    world.seconds(1)
    assert BALANCE not in world.link.keys
    world.tws.say(6, 2, "CashBalance", "500", "USD", "DU1")
    world.seconds(3)
    assert world.balance["USD"]["balance"] == 500 and world.status


def test_an_empty_account_is_believed_in_the_end(world):
    world.tws.say(54, 1, "DU1")
    world.seconds(4)
    assert world.balance == {} and world.status


def test_a_download_without_an_end_is_asked_again_and_is_not_taken_for_empty(world, lines):
    world.tws.say(6, 2, "CashBalance", "500", "USD", "DU1")
    world.asked("6")
    world.seconds(31)
    assert BALANCE not in world.link.keys and not world.status
    assert world.asked("6") == [["6", "2", "0", "DU1"], ["6", "2", "1", "DU1"]]
    assert any("has not ended within" in line for line in lines)
    world.download()
    assert world.status


def test_an_account_that_is_not_ready_is_waited_for(world):
    world.tws.say(6, 2, "accountReady", "false", "", "DU1")
    world.download()
    world.seconds(3)
    assert BALANCE not in world.link.keys and not world.status
    world.seconds(30)
    world.tws.say(6, 2, "accountReady", "true", "", "DU1")
    world.download()
    assert world.status


def test_a_value_that_is_no_number_is_skipped_and_told(world, lines):
    world.tws.say(6, 2, "CashBalance", "n/a", "EUR", "DU1")
    world.download()
    assert set(world.balance) == {"USD"} and any("no number; skipped" in line for line in lines)


def test_the_status_is_true_only_after_redis_has_confirmed_the_snapshot(world):
    world.link.hold = True
    world.download()
    world.seconds(3)
    assert not world.gateway.status
    world.link.hold = False
    world.link.answer()
    assert world.gateway.status


def test_a_snapshot_that_redis_refused_is_written_again(world):
    world.link.refuse["SET"] = RuntimeError("OOM")
    world.download()
    assert not world.gateway.status
    world.link.refuse.clear()
    world.seconds(2)
    assert world.balance and world.status


def test_a_snapshot_taken_while_redis_is_away_is_written_on_its_return(monkeypatch):
    world = World(monkeypatch)
    world.ready()
    world.download()
    world.seconds(3)
    assert not world.gateway.status
    world.link.bring_up()
    world.seconds(2)
    assert world.balance and world.status


def test_changes_are_written_once_a_second_as_a_whole(world):
    world.download()
    written = world.link.sets(BALANCE)
    for amount in range(100):
        world.tws.say(6, 2, "CashBalance", amount, "USD", "DU1")
    world.seconds(2)
    assert world.balance["USD"]["balance"] == 99 and world.link.sets(BALANCE) == written + 1
    world.seconds(10)
    assert world.link.sets(BALANCE) == written + 1


def test_a_position_that_is_new_is_asked_for_before_it_is_written(world):
    world.download()
    world.tws.say(*portfolio_row(BRR5))
    world.seconds(2)
    assert set(world.balance) == {"USD"}
    world.answer(BRR5)
    world.seconds(2)
    assert set(world.balance) == {"USD", "CMECRYPTO:FUT:USD-BRR@20210625@5"}


def test_the_balance_follows_a_redis_that_came_back_empty(world):
    world.download()
    world.link.go_down()
    world.link.keys.clear()
    world.link.bring_up()
    world.seconds(2)
    assert world.balance and world.status


def test_a_new_session_takes_the_snapshot_anew_and_the_old_one_stays_readable(world):
    world.download()
    world.tws.wire.end()
    assert not world.status and world.balance["USD"]["balance"] == 500
    world.ready()
    assert world.asked("6")[0] == ["6", "2", "1", "DU1"] and not world.status
    world.tws.say(6, 2, "CashBalance", "1", "HKD", "DU1")
    world.seconds(3)
    assert set(world.balance) == {"USD"}
    world.tws.say(54, 1, "DU1")
    assert set(world.balance) == {"HKD"} and world.status


def test_a_link_back_takes_the_snapshot_anew(world):
    world.download()
    world.tws.notice(1100)
    assert not world.status
    world.asked("6")
    world.tws.notice(1102)
    assert world.asked("6") == [["6", "2", "0", "DU1"]] and not world.status
    world.answer_times()
    assert world.asked("6") == [["6", "2", "1", "DU1"]] and not world.status
    world.download()
    assert world.status


def test_a_contract_without_an_answer_holds_no_balance_back(world):
    world.download(BRR5, AAPL)
    world.answer_only(AAPL)
    world.seconds(6)
    assert world.status and APPLE in world.balance and "SMART:FUT:USD-BRR@20210625@5" in world.balance
    world.answer(BRR5)
    world.seconds(2)
    assert "CMECRYPTO:FUT:USD-BRR@20210625@5" in world.balance and "SMART:FUT:USD-BRR@20210625@5" not in world.balance


# Two downloads in one session: what answers the first is not taken for the second.


@pytest.mark.parametrize("again", ["RESET", "1102"])
def test_the_tail_of_an_earlier_download_is_no_part_of_the_next(world, again):
    world.tws.say(6, 2, "CashBalance", "1", "EUR", "DU1")
    if again == "RESET":
        world.send("RESET")
    else:
        world.tws.notice(1100)
        world.tws.notice(1102)
    # The first one's tail and end, sent before TWS has read that it is over.
    world.tws.say(6, 2, "CashBalance", "2", "USD", "DU1")
    world.tws.say(54, 1, "DU1")
    world.seconds_without_times(3)
    assert not world.status and BALANCE not in world.link.keys
    assert world.answer_times() >= 1
    for currency, amount in (("EUR", "10"), ("USD", "20")):
        world.tws.say(6, 2, "CashBalance", amount, currency, "DU1")
    world.tws.say(54, 1, "DU1")
    world.turn()
    assert {name: found["balance"] for name, found in world.balance.items()} == {"EUR": 10, "USD": 20} and world.status


def test_the_answer_to_a_sign_of_life_opens_no_fence(world):
    world.seconds_without_times(5)  # TWS is silent: it is asked for a sign of life
    world.send("RESET")
    asked = len(world.asked("49"))
    assert asked >= 2
    for _ in range(asked - 1):
        world.tws.say(49, 1, 1_700_000_000)
    assert ["6", "2", "1", "DU1"] not in world.asked("6")[1:]
    world.tws.say(49, 1, 1_700_000_000)
    assert world.asked("6") == [["6", "2", "1", "DU1"]]


# What ends the data.


@pytest.mark.parametrize("code", [2100, 2101])
def test_data_that_tws_ends_is_asked_for_again_and_not_vouched_for_when_it_ends_again(world, code, lines):
    world.download()
    assert world.status
    world.asked("6")
    world.tws.notice(code)
    world.answer_times()
    assert world.asked("6")[-1] == ["6", "2", "1", "DU1"]
    world.download()
    assert world.status
    world.tws.notice(code)
    world.seconds(1)
    assert not world.status and any("keeps ending" in line for line in lines)
    world.seconds(61)
    world.download()
    assert world.status


@pytest.mark.parametrize("figure", ["nan", "1.7976931348623157E308", "2147483647", "170141183460469231731687303715884105727"])
def test_a_position_whose_size_cannot_be_read_is_not_told_as_closed(world, figure, lines):
    world.tws.say(6, 2, "CashBalance", "500", "USD", "DU1")
    row = list(portfolio_row(AAPL))
    world.tws.say(*[figure if field == 100 else field for field in row])
    world.tws.say(54, 1, "DU1")
    world.answer(AAPL)
    assert "pos" not in world.balance[APPLE] and world.balance[APPLE]["avgCost"] == 150.25
    assert any("cannot be read" in line for line in lines)


def test_redis_that_comes_back_empty_has_the_balance_before_the_status_is_true(world):
    world.download()
    assert world.status
    world.link.go_down()
    world.link.keys.clear()
    world.link.hold = True
    world.link.bring_up()
    world.seconds(2)
    said = [words for words in world.link.calls if words[0] == "SET" and words[1].endswith(":status")]
    assert said[-1][2].startswith(b"[false")
    world.link.hold = False
    world.link.answer()
    world.seconds(1)
    assert world.status and BALANCE in world.link.keys


def test_an_account_of_nobody_keeps_the_status_false(monkeypatch, lines):
    world = World(monkeypatch, account="DU7")
    world.link.bring_up()
    world.ready()
    world.download()
    world.seconds(5)
    assert BALANCE not in world.link.keys and not world.status
    assert any("none of this login's" in line for line in lines)


def test_the_wanted_account_is_the_one_of_the_plain_key(monkeypatch):
    world = World(monkeypatch, account="DU2")
    world.link.bring_up()
    world.ready("DU1,DU2")
    assert world.asked("6") == [["6", "2", "1", "DU2"]]
    world.download(account="DU2")
    world.seconds(2)
    assert world.balance["USD"]["balance"] == 500
    assert world.link.json(names.balance("demo", "DU2")) == world.balance


@pytest.mark.parametrize("code", [321, 322, 10275])
def test_an_account_that_ib_refuses_does_not_hold_the_others_back(monkeypatch, code, lines):
    world = World(monkeypatch)
    world.link.bring_up()
    world.ready("DU1,DU2")
    (values,) = world.asked("76")
    world.tws.notice(code, "no", values[2])
    world.download()
    world.seconds(2)
    assert world.status and world.balance["USD"]["balance"] == 500
    assert any("account DU2 is left out" in line for line in lines)
    assert names.balance("demo", "DU2") not in world.link.keys


def test_cash_is_cash_under_todays_prefix_too(world):
    world.tws.say(6, 2, "$LEDGER-CashBalance", "500.25", "USD", "DU1")
    world.tws.say(54, 1, "DU1")
    world.seconds(3)
    assert world.balance == {"USD": {"type": "cash", "currency": "USD", "balance": 500.25}}
    assert world.link.hashes[names.account("demo", "DU1")][b"CashBalance:USD"] == b"500.25"

"""What TWS's notices say about its link and the farms."""

import pytest

from ibgw_tx.tws.connectivity import QUIET_CODES, SYSTEM_CODES, Change, Connectivity, farm_of


def changes(*notices):
    state = Connectivity()
    return state, [state.notice(code, text) for code, text in notices]


def test_the_link_counts_as_up_at_first():
    assert Connectivity().is_up


@pytest.mark.parametrize("down", [1100, 2110])
@pytest.mark.parametrize("up", [1101, 1102])
def test_the_link_is_lost_once_however_often_it_is_said(down, up):
    state, seen = changes((down, "lost"), (down, "lost"), (1100, "lost"), (up, "back"))
    assert seen == [Change.LINK_LOST, None, None, Change.LINK_RESTORED]
    assert state.is_up


@pytest.mark.parametrize("code", [1101, 1102])
def test_a_restored_link_is_a_change_even_when_its_loss_was_not_heard(code):
    assert changes((code, "back"))[1] == [Change.LINK_RESTORED]


def test_each_farm_breaks_and_heals_by_itself():
    broken, healed = "Market data farm connection is broken:", "Market data farm connection is OK:"
    state, seen = changes(
        (2104, healed + "usfarm"),
        (2103, broken + "usfarm"),
        (2103, broken + "hfarm"),
        (2103, broken + "usfarm"),
        (2104, healed + "hfarm"),
    )
    assert seen == [Change.FARM_READY, Change.FARM_BROKEN, Change.FARM_BROKEN, None, Change.FARM_OK]
    assert state.broken == {("data", "usfarm")}


@pytest.mark.parametrize(("broken", "healed"), [(2105, 2106), (2157, 2158)])
def test_historical_and_definition_farms_are_told_apart(broken, healed):
    state, seen = changes((broken, "x:ushmds"), (2104, "y:ushmds"), (healed, "z:ushmds"))
    assert seen == [Change.OTHER_FARM_BROKEN, Change.FARM_READY, Change.OTHER_FARM_OK]
    assert not state.broken


@pytest.mark.parametrize("ok", [2106, 2158])
def test_the_first_ok_of_a_historical_or_definition_farm_is_a_change_too(ok):
    """Of a new session: it may have been broken in the one before."""
    state, seen = changes((ok, "z:ushmds"), (ok, "z:ushmds"))
    assert seen == [Change.OTHER_FARM_READY, None] and state.farms() == [("other", "ushmds", True)]


@pytest.mark.parametrize(("broken", "healed", "kind"), [(2103, 2104, "data"), (2105, 2106, "other"), (2157, 2158, "other")])
def test_a_farm_that_is_back_is_still_one_that_tws_spoke_of(broken, healed, kind):
    state, seen = changes((broken, "x:f"), (healed, "y:f"), (healed, "y:f"))
    assert state.farms() == [(kind, "f", True)] and seen[2] is None


def test_a_farm_is_broken_by_its_name_while_any_of_its_kinds_is():
    state, _ = changes((2103, "x:f"), (2105, "x:f"), (2106, "x:f"))
    assert state.is_broken("f") and not state.is_broken("g")


@pytest.mark.parametrize("code", [*sorted(QUIET_CODES), 100, 200, 326, 2152, 99999])
def test_other_codes_change_nothing(code):
    state, seen = changes((code, "text:usfarm"))
    assert seen == [None] and state.is_up and not state.broken


def test_a_farm_without_a_name_is_one_farm():
    assert changes((2103, "broken"), (2104, "OK"))[1] == [Change.FARM_BROKEN, Change.FARM_OK]


@pytest.mark.parametrize(
    ("text", "farm"), [("is broken:usfarm", "usfarm"), ("a: b:  usfarm.nj ", "usfarm.nj"), ("no name", ""), ("", "")]
)
def test_the_farm_is_named_after_the_last_colon(text, farm):
    assert farm_of(text) == farm


def test_every_code_of_the_link_and_the_farms_is_a_system_code():
    assert SYSTEM_CODES == {1100, 1101, 1102, 2103, 2104, 2105, 2106, 2107, 2108, 2110, 2119, 2157, 2158}

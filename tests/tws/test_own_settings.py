"""Which of TWS's own settings hurt, and what it says where it says nothing."""

import pytest

from ibgw_tx.tws.own_settings import HURTING, hurting, settings_of


def told(name, value):
    part, _, member = name.partition(".")
    return settings_of({"reqId": 7, "api": {part: {member: value}}})


@pytest.mark.parametrize("warning", HURTING, ids=lambda warning: warning.setting)
def test_each_setting_hurts_with_one_value_only(warning):
    assert hurting(told(warning.setting, warning.value)) == (warning,)
    assert hurting(told(warning.setting, not warning.value)) == ()


def test_what_is_not_told_is_not_known():
    assert hurting({}) == hurting(settings_of({"reqId": 7})) == hurting({"settings": None}) == ()


def test_the_parts_stand_side_by_side_and_empty_ones_are_left_out():
    answer = {"reqId": 7, "api": {"settings": {"socketPort": 4002}, "precautions": {}}, "lockAndExit": {"autoLogoffType": "x"}}
    assert settings_of(answer) == {"settings": {"socketPort": 4002}, "lockAndExit": {"autoLogoffType": "x"}}


def test_names_and_sentences_are_one_each():
    assert len({warning.setting for warning in HURTING}) == len({warning.text for warning in HURTING}) == len(HURTING)

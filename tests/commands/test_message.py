"""One message in, one Command or one refusal out."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ibgw_tx.commands import message as commands
from ibgw_tx.commands import replies
from ibgw_tx.commands.message import MAX_SIZE, Command, Refused, expect_members, parse
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError

NOW = 1_700_000_000_000
KNOWN = frozenset({"SUB_ODBK", "RESET"})


def parsed(message, max_age=5000):
    return parse(message if isinstance(message, str | bytes) else json.dumps(message), KNOWN, NOW, max_age)


def refused(message, max_age=5000):
    with pytest.raises(Refused) as found:
        parsed(message, max_age)
    return found.value


@pytest.mark.parametrize("id", [1, "a", 0, "", 1.5, -7])
def test_the_id_is_any_string_or_number_and_comes_back_as_it_was(id):
    assert parsed({"id": id, "cmd": "RESET"}) == Command(id, "RESET", {})


@pytest.mark.parametrize(
    ("message", "params"),
    [
        ({"params": {"exchange": "SEHK"}}, {"exchange": "SEHK"}),
        ({"exchange": "SEHK", "showName": "HKD-1137"}, {"exchange": "SEHK", "showName": "HKD-1137"}),
        ({"params": None, "exchange": "SEHK"}, {"exchange": "SEHK"}),
        ({"params": {}}, {}),
        ({}, {}),
        ({"t": NOW, "x": 1}, {"x": 1}),
    ],
)
def test_params_may_stand_beside_cmd(message, params):
    assert parsed({"id": 1, "cmd": "RESET", **message}).params == params


@pytest.mark.parametrize(
    ("message", "id", "cmd", "code"),
    [
        ("", None, None, errors.BAD_JSON),
        ("{", None, None, errors.BAD_JSON),
        (b"\xff\xfe", None, None, errors.BAD_JSON),
        ("[1]", None, None, errors.BAD_JSON),
        ('"RESET"', None, None, errors.BAD_JSON),
        ("null", None, None, errors.BAD_JSON),
        ("[" * 3000, None, None, errors.BAD_JSON),
        (b" " * (MAX_SIZE + 1), None, None, errors.BAD_JSON),
        ('{"id":1,"cmd":"RESET","t":-1e999}', 1, "RESET", errors.BAD_JSON),
        ('{"id":"m","cmd":"RESET","a":1e999}', "m", "RESET", errors.BAD_JSON),
        ('{"id":"m","cmd":"RESET","a":"\\ud800"}', "m", "RESET", errors.BAD_JSON),
        ('{"id":"\\ud800","cmd":"RESET"}', None, "RESET", errors.BAD_JSON),
        ('{"id":[1],"cmd":{},"a":1e999}', None, None, errors.BAD_JSON),
        ('{"id":1,"cmd":"RESET","a":NaN}', None, None, errors.BAD_JSON),
        ("[1e999]", None, None, errors.BAD_JSON),
        ({"cmd": "RESET"}, None, "RESET", errors.BAD_COMMAND),
        ({"id": None, "cmd": "RESET"}, None, "RESET", errors.BAD_COMMAND),
        ({"id": True, "cmd": "RESET"}, None, "RESET", errors.BAD_COMMAND),
        ({"id": [1], "cmd": 5}, None, None, errors.BAD_COMMAND),
        ({"id": 1}, 1, None, errors.BAD_COMMAND),
        ({"id": 1, "cmd": "reset"}, 1, "reset", errors.BAD_COMMAND),
        ({"id": 1, "cmd": {"a": 1}}, 1, None, errors.BAD_COMMAND),
        ({"id": 1, "cmd": "RESET", "params": []}, 1, "RESET", errors.BAD_PARAMS),
        ({"id": 1, "cmd": "RESET", "params": {"a": 1}, "b": 2}, 1, "RESET", errors.BAD_PARAMS),
        ({"id": 1, "cmd": "RESET", "t": "now"}, 1, "RESET", errors.BAD_PARAMS),
        ({"id": 1, "cmd": "RESET", "t": True}, 1, "RESET", errors.BAD_PARAMS),
        ({"id": 1, "cmd": "RESET", "t": NOW - 5001}, 1, "RESET", errors.EXPIRED),
        ({"id": 1, "cmd": "RESET", "t": -1e300}, 1, "RESET", errors.EXPIRED),
    ],
)
def test_a_message_that_is_no_command_is_refused_with_what_could_be_read(message, id, cmd, code):
    found = refused(message)
    assert (found.id, found.cmd, found.error.code) == (id, cmd, code)
    assert found.error.text and "\n" not in found.error.text


@pytest.mark.parametrize(
    ("message", "id", "name"),
    [
        ('{"id":1,"cmd":"RESET","params":{"order":{"s":1,"s":7}}}', 1, '"s"'),
        ('{"id":1,"cmd":"RESET","params":{"orders":[{"order":{"p":1}},{"order":{"p":1,"p":1}}]}}', 1, '"p"'),
        ('{"id":1,"id":2,"cmd":"RESET"}', 2, '"id"'),
        ('{"id":1,"cmd":"SUB_ODBK","cmd":"RESET"}', 1, '"cmd"'),
        ('{"id":123456789012345678901234567890,"cmd":"RESET","s":1,"s":7}', 123456789012345678901234567890, '"s"'),
    ],
)
def test_a_member_that_is_given_twice_is_refused_by_name(message, id, name):
    refusal = refused(message)
    assert repr(refusal.id) == repr(id) and refusal.error.code == "bad_params" and refusal.error.text == f"{name} is given twice"


def test_the_same_member_of_two_objects_is_no_fault():
    assert parsed('{"id":1,"cmd":"RESET","params":{"orders":[{"order":{"s":1}},{"order":{"s":1}}]}}')


@pytest.mark.parametrize("t", [NOW, NOW - 5000, NOW + 60_000, None, float(NOW)])
def test_a_young_command_is_not_expired(t):
    assert parsed({"id": 1, "cmd": "RESET", "t": t})


@pytest.mark.parametrize(
    ("t", "code", "text"),
    [
        (NOW // 1000, errors.EXPIRED, "t is in milliseconds since 1970; 1700000000 looks like seconds"),
        (NOW / 1000, errors.EXPIRED, "t is in milliseconds since 1970; 1700000000.0 looks like seconds"),
        (NOW * 1000, errors.BAD_PARAMS, "t is in milliseconds since 1970; this one looks like micro"),
    ],
)
def test_a_time_in_another_unit_is_named(t, code, text):
    error = refused(json.dumps({"id": 1, "cmd": "RESET", "t": t})).error
    assert error.code == code and error.text.startswith(text)


def test_the_nearest_name_is_suggested():
    assert refused({"id": 1, "cmd": "RESETT"}).error.text.endswith('"RESETT"; did you mean RESET?')
    with pytest.raises(errors.CommandError) as caught:
        expect_members({"apiOrderID": 5}, "apiOrderId", "i", "client_oid")
    assert caught.value.text.endswith("; did you mean apiOrderId?")


def test_without_a_limit_no_command_is_too_old():
    assert parsed({"id": 1, "cmd": "RESET", "t": 0}, max_age=0)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=80) | st.text(max_size=80))
@example(b'{"id":1e999}')
@example('{"id":"\ud800"}')
def test_any_bytes_are_a_command_or_a_refusal(message):
    try:
        parsed(message)
    except Refused:
        pass


@given(
    st.fixed_dictionaries(
        {},
        optional={"id": JSON, "cmd": JSON | st.sampled_from(sorted(KNOWN)), "params": JSON, "t": JSON | st.just(NOW), "x": JSON},
    )
)
def test_any_json_object_is_a_command_or_a_refusal_that_can_be_told(body):
    try:
        found = parsed(json.dumps(body))
    except Refused as refusal:
        told = json.loads(replies.refusal(refusal.id, refusal.cmd, refusal.error, NOW))
        assert told["ok"] is False and told["code"] and told["err"]
    else:
        assert json.loads(replies.ack(found, NOW))["ok"] is True


def test_unknown_params_are_refused_by_name():
    commands.expect_members({"a": 1}, "a", "b")
    with pytest.raises(CommandError, match="unknown params: c, d; it takes a, b") as found:
        commands.expect_members({"d": 1, "c": 1}, "a", "b")
    assert found.value.code == errors.BAD_PARAMS
    with pytest.raises(CommandError, match="it takes none"):
        commands.expect_members({"c": 1})


def test_a_text_param_is_text_or_missing():
    assert commands.text_param({"a": "x"}, "a") == "x"
    assert commands.text_param({"a": None}, "a") == commands.text_param({}, "a") == ""
    with pytest.raises(CommandError, match="a must be a string, not 5"):
        commands.text_param({"a": 5}, "a")


@pytest.mark.parametrize(("t", "max_age", "expires"), [(None, 5000, None), (1000, 5000, 6000), (1000, 0, None)])
def test_a_command_knows_when_it_expires(t, max_age, expires):
    found = parse(json.dumps({"id": 1, "cmd": "RESET", "t": t}), frozenset({"RESET"}), 2000, max_age)
    assert found.expires == expires


IDS = "12345678901234567890123 -98765432109876543210 1.10 1e3 0 -7 9007199254740993"


@pytest.mark.parametrize("id_", IDS.split())
def test_an_id_comes_back_as_it_was_sent(id_):
    known = frozenset({"RESET"})
    command = commands.parse(b'{"id":%b,"cmd":"RESET"}' % id_.encode(), known, NOW, 0)
    assert b'"id":%b,' % id_.encode() in replies.ack(command, NOW)
    with pytest.raises(commands.Refused) as refused:
        commands.parse(b'{"id":%b,"cmd":"NONE"}' % id_.encode(), known, NOW, 0)
    assert b'"id":%b,' % id_.encode() in replies.refusal(refused.value.id, None, refused.value.error, NOW)


def test_an_id_of_thousands_of_digits_comes_back_too():
    known, digits = frozenset({"RESET"}), b"9" * 6000
    command = commands.parse(b'{"id":%b,"cmd":"RESET","params":{"a":[1,2.5]}}' % digits, known, NOW, 0)
    assert b'"id":%b,' % digits in replies.ack(command, NOW) and command.params == {"a": [1, 2.5]}


@pytest.mark.parametrize(
    "text", [b'{"id":1,"cmd":"RESET","params":{"a":1e999}}', b'{"id":1,"cmd":"RESET","x":NaN}', b'{"id":1']
)
def test_what_is_no_number_elsewhere_is_refused(text):
    with pytest.raises(commands.Refused) as refused:
        commands.parse(text, frozenset({"RESET"}), NOW, 0)
    assert refused.value.error.code == "bad_json"

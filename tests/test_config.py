"""The settings: a flag beats the environment, a bad value is one line, the password is nowhere to be seen."""

from pathlib import Path

import pytest

from ibgw_tx.config import SETTINGS, ConfigError, configure, near_misses
from ibgw_tx.model.keys import is_shared_word

SECRET = "hunter2-secret"


def refused(flags=(), env=()):
    with pytest.raises(ConfigError) as found:
        configure(dict(flags), {"TWS_GATEWAY_NAME": "demo", **dict(env)})
    return str(found.value)


def test_the_defaults_are_those_of_section_1():
    config = configure({"name": "demo"}, {})
    assert (config.name, config.tws_host, config.tws_port, config.client_id) == ("demo", "127.0.0.1", 4002, 0)
    assert (config.redis_host, config.redis_port, config.redis_password) == ("127.0.0.1", 6379, None)
    assert config.max_command_age == 5


def test_each_of_the_readmes_variables_is_read():
    env = {
        "TWS_API_ADDR": "tws", "TWS_API_PORT": "7497", "TWS_API_CLIENTID": "3", "TWS_GATEWAY_NAME": "a", "REDIS_HOST": "r",
        "REDIS_PORT": "1", "REDIS_PSWD": SECRET,
    }  # fmt: skip
    config = configure({}, env)
    assert (config.tws_host, config.tws_port, config.client_id, config.name) == ("tws", 7497, 3, "a")
    assert (config.redis_host, config.redis_port, config.redis_password) == ("r", 1, SECRET)


GOOD = {
    "name": ("one", "two"),
    "tws-host": ("h1", "h2"),
    "tws-port": ("1", "2"),
    "client-id": ("1", "2"),
    "redis-host": ("h1", "h2"),
    "redis-port": ("1", "2"),
    "account": ("DU1", "DU2"),
    "max-command-age": ("1", "2"),
    "debug": ("0", "1"),
}


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting.flag in GOOD], ids=lambda setting: setting.flag)
def test_a_flag_beats_the_environment_and_an_empty_variable_is_not_set(setting):
    def read(flags, env):
        return getattr(configure({"name": "demo", **flags}, env), setting.member)

    in_env, in_flag = GOOD[setting.flag]
    rest = {} if setting.flag == "name" else {"name": "demo"}
    from_env = getattr(configure(rest, {setting.env: in_env}), setting.member)
    assert from_env == setting.parse(in_env)
    assert read({setting.flag: in_flag}, {setting.env: in_env}) == setting.parse(in_flag) != from_env
    if setting.flag != "name":
        assert read({}, {setting.env: ""}) == read({}, {})


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("tws-port", "0"),
        ("tws-port", "65536"),
        ("tws-port", "-1"),
        ("tws-port", "http"),
        ("tws-port", ""),
        ("tws-port", " 1"),
        ("tws-port", "1\n"),
        ("client-id", "x"),
        ("client-id", "2147483648"),
        ("name", "a:b"),
        ("name", ""),
        ("name", "x" * 65),
        ("name", "a\n"),
        ("tws-host", ""),
        ("tws-host", "a\nb"),
        ("redis-port", "9" * 30),
        ("max-command-age", "-1"),
        ("max-command-age", "nan"),
        ("max-command-age", "1e9"),
        ("debug", "yes"),
        ("redis-port", "６３７９"),
        ("max-command-age", "５"),
        ("max-quantity", "１"),
        ("metrics", "９１００"),
        ("redis-sentinel", "s:１"),
        ("account", "A:B"),
        ("account", "DU1,DU2"),
        ("allowed-symbols", ":"),
        ("allowed-symbols", "AAPL,NASDAQ:"),
        ("allowed-symbols", ":USD-AAPL"),
        ("allowed-symbols", "A:B:C"),
        ("metrics-hosts", "http://x"),
        ("metrics-hosts", "ok,a b"),
        ("metrics-hosts", "x:9100"),
        ("redis-host", "a b"),
        ("redis-host", "redis:6379"),
        ("redis-host", "redis://x"),
        ("tws-host", "a b"),
        ("redis-tls-name", "a b"),
        ("history-days", "999999999999"),
        ("history-days", "3650.1"),
        ("history-days", "0"),
        ("redis-sentinel-password-file", "/dev/null"),
        ("redis-password-file", "/dev/null"),
        ("redis-password-file", "/no/such/file"),
        ("redis-password-file", "/"),
    ],
)
def test_a_bad_value_is_one_line_naming_flag_and_value(flag, value):
    line = refused({flag: value})
    assert f"--{flag}" in line and repr(value) in line and "\n" not in line


def test_a_bad_variable_is_named_as_the_variable():
    assert refused(env={"TWS_API_PORT": "x"}).startswith("TWS_API_PORT 'x': ")


def test_the_name_is_required():
    with pytest.raises(ConfigError, match=r"--name \(or TWS_GATEWAY_NAME\) is missing"):
        configure({}, {})


def test_there_is_no_flag_for_the_password():
    assert not [setting for setting in SETTINGS if setting.env == "REDIS_PSWD" or setting.flag == "redis-password"]


def test_the_password_file_beats_the_variable_and_is_stripped(tmp_path):
    (tmp_path / "password").write_text(f"{SECRET}\n")
    config = configure({"name": "demo", "redis-password-file": str(tmp_path / "password")}, {"REDIS_PSWD": "other"})
    assert config.redis_password == SECRET


def test_an_empty_password_is_none():
    assert configure({"name": "demo"}, {"REDIS_PSWD": ""}).redis_password is None


def test_a_password_file_that_is_no_text_is_told_without_its_content(tmp_path):
    (tmp_path / "password").write_bytes(b"\xff\xfe" + SECRET.encode())
    line = refused({"redis-password-file": str(tmp_path / "password")})
    assert "not UTF-8" in line and SECRET not in line


def test_the_password_is_never_in_the_repr():
    config = configure({"name": "demo"}, {"REDIS_PSWD": SECRET})
    assert SECRET not in repr(config) and SECRET not in str(config)


@pytest.mark.parametrize(
    ("variable", "near"),
    [("IBGW_MAX_QUANTTIY", "IBGW_MAX_QUANTITY"), ("IBGW_MAX_OPEN_ORDER", "IBGW_MAX_OPEN_ORDERS"), ("IBGW_Debug", "IBGW_DEBUG")],
)
def test_a_variable_that_is_no_setting_ends_the_start_and_names_the_nearest(variable, near):
    said = refused(env={variable: "5"})
    assert said == f"{variable} is no setting; did you mean {near}?"


def test_a_variable_that_is_near_nothing_is_refused_too():
    assert refused(env={"IBGW_ZZZZZZ": "1"}) == "IBGW_ZZZZZZ is no setting"


def test_a_near_miss_of_the_other_names_is_a_warning_and_a_stranger_is_nobodys_business():
    env = {"TWS_API_PROT": "1", "REDIS_PASSWD": "x", "REDIS_PSWD": "y", "TWS_API_PORT": "1", "REDIS_URL": "r", "TWS_HOME": "h"}
    said = near_misses(env)
    assert said == [("REDIS_PASSWD", "REDIS_PSWD"), ("TWS_API_PROT", "TWS_API_PORT")]
    configure({"name": "demo"}, env)


@pytest.mark.parametrize(
    ("text", "address"),
    [("9100", ("127.0.0.1", 9100)), ("0.0.0.0:9100", ("0.0.0.0", 9100)), ("[::1]:9100", ("::1", 9100)), ("h.x:1", ("h.x", 1))],
)
def test_metrics_is_a_port_or_a_host_and_a_port(text, address):
    assert configure({"name": "demo", "metrics": text}, {}).metrics == address


@pytest.mark.parametrize("text", ["", ":9100", "x", "h:", "::1:9100", "h:0", "h:70000", "a b:1", "[h]:1x"])
def test_metrics_that_is_no_address_is_refused(text):
    assert refused({"metrics": text}).startswith(f"--metrics {text!r}: must be ")


BOTH = {"redis-sentinel": "s1:26379, s2:1,[::1]:2", "redis-master": "books"}


def test_sentinels_stand_in_place_of_an_address(tmp_path):
    (tmp_path / "pw").write_text(SECRET)
    flags = {**BOTH, "redis-sentinel-user": "watch", "redis-sentinel-password-file": str(tmp_path / "pw")}
    config = configure({"name": "demo", **flags}, {"REDIS_HOST": "unused"})
    access = config.redis_access
    assert (access.sentinels, access.master) == ((("s1", 26379), ("s2", 1), ("::1", 2)), "books")
    assert access.sentinel_login == ("watch", SECRET) and access.login == ()
    assert config.redis_address == "books@s1:26379,s2:1,[::1]:2"
    assert SECRET not in repr(config) and SECRET not in repr(access)


@pytest.mark.parametrize("value", ["s1", "s1:", ":1", "s1:0", "s1:1,", "s1:1,,s2:1", "s1:1;s2:1", "::1:2", "s1:1,s1:1", "a b:1"])
def test_sentinels_that_are_no_addresses_are_refused(value):
    assert repr(value) in refused({**BOTH, "redis-sentinel": value})


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"redis-sentinel": "s:1"}, "--redis-sentinel (IBGW_REDIS_SENTINEL) needs --redis-master"),
        ({"redis-master": "books"}, "--redis-master (IBGW_REDIS_MASTER) needs --redis-sentinel"),
        ({**BOTH, "redis-sentinel-user": "w"}, "needs --redis-sentinel-password-file"),
        ({**BOTH, "redis-master": "a b"}, "--redis-master 'a b': must be"),
        ({"redis-tls-ca": "f"}, "--redis-tls-ca (IBGW_REDIS_TLS_CA) needs --redis-tls: without it nothing is encrypted"),
        ({"redis-tls-name": "n", "redis-tls": "0"}, "needs --redis-tls"),
        ({"redis-tls": "1", "redis-tls-key": "k"}, "needs --redis-tls-cert"),
    ],
)
def test_what_makes_no_sense_alone_is_refused(flags, words):
    assert words in refused(flags)


def test_tls_is_what_its_settings_say():
    assert configure({"name": "demo"}, {}).redis_access.tls is None
    env = {"IBGW_REDIS_TLS": "1", "IBGW_REDIS_TLS_CA": "ca", "IBGW_REDIS_TLS_NAME": "n"}
    access = configure({"name": "demo"}, env).redis_access
    assert access.tls is not None and (access.tls.ca, access.tls.cert, access.tls.name) == ("ca", None, "n")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("redis-host", "::1"), ("redis-host", "fe80::1%eth0"), ("redis-host", "m\u00fcnchen.example"), ("tws-host", "my_h-1.x."),
        ("account", "DU1000001"), ("allowed-symbols", "BRK B, USD-AAPL,NASDAQ:USD-AAPL"), ("metrics-hosts", "*"),
        ("metrics-hosts", "a.b, [::1],10.0.0.1"), ("history-days", "0.5"), ("history-days", "3650"), ("name", "bars"),
        ("name", "Bars2"),
    ],
)  # fmt: skip
def test_what_is_odd_and_right_is_taken(flag, value):
    configure({"name": "demo", flag: value}, {})


@pytest.mark.parametrize("name", ["Bars", "Chain", "Contract", "ContractId", "Contracts", "MarketRule", "Greeks", "OddLots"])
def test_no_gateway_is_named_like_the_keys_that_all_share(name):
    assert refused({"name": name}).startswith(f"--name '{name}': is a word of the interface's own keys")


def test_readers_of_books_see_no_key_of_a_gateway_but_its_status():
    acl = (Path(__file__).parent.parent / "etc" / "redis" / "users.acl").read_text(encoding="utf-8")
    (line,) = [line for line in acl.splitlines() if line.startswith("user ibgw-books ")]
    shared = [word[1:] for word in line.split() if word[0] in "~&" and word[1:].startswith("IBGateway:")]
    shared.remove("IBGateway:*:status")
    assert len(shared) > 5
    for pattern in shared:
        word = pattern.split(":")[1]
        # Whatever name the pattern lets stand in the place of a gateway's.
        for name in (word.replace("*", ""), word.replace("*", "x"), word.replace("*", "Id-1.x")):
            assert is_shared_word(name), pattern

"""IBGateway:{name}:tws: who is at the other end, at every version, and what of its settings hurts."""

import json

import pytest
from twisted.internet.task import Clock

from ibgw_tx.model import keys as names
from ibgw_tx.model.events import OwnSettings
from ibgw_tx.self_check import SelfCheck
from ibgw_tx.tws.shell.asker import ANSWER_LIMIT, Asker
from tests.kit.redis import FakeLink
from tests.kit.trading import OrderWorld

KEY = names.tws("demo")
NOW = 1_700_000_000_000
HURTS = {"api": {"settings": {"readOnlyApi": True, "socketPort": 4002}, "precautions": {"bypassOrderPrecautions": False}}}


class Client:
    def __init__(self, version):
        self.server_version = version
        self.asked = []

    def ask_settings(self, req_id):
        self.asked.append(req_id)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def link():
    link = FakeLink()
    link.bring_up()
    return link


@pytest.fixture
def check(clock, link):
    return SelfCheck("demo", link, Asker(clock), lambda: NOW, "ibapi-stable 10.50.2", "host:4002")


def document(link):
    return json.loads(link.keys[KEY])


@pytest.mark.parametrize("version", [145, 157, 200, 218])
def test_below_219_who_it_is_and_nothing_is_asked(check, link, version):
    client = Client(version)
    check.session_ready(client)
    assert not client.asked and document(link) == {
        "serverVersion": version, "ibapi": "ibapi-stable 10.50.2", "connectedAt": NOW, "settings": None, "warnings": [],
    }  # fmt: skip


def test_from_219_on_its_settings_are_asked_and_those_that_hurt_named(check, link, caplog):
    client = Client(219)
    check.session_ready(client)
    check.told(OwnSettings(client.asked[0], {"reqId": client.asked[0], **HURTS}))
    told = document(link)
    assert told["settings"]["settings"] == {"readOnlyApi": True, "socketPort": 4002}
    assert [warning["setting"] for warning in told["warnings"]] == ["settings.readOnlyApi", "precautions.bypassOrderPrecautions"]
    assert sorted(name for name, hurts in check.flags.items() if hurts) == sorted(w["setting"] for w in told["warnings"])


def test_nothing_of_a_session_outlives_it(check, link):
    client = Client(226)
    check.session_ready(client)
    check.told(OwnSettings(client.asked[0], HURTS))
    check.session_lost()
    told = document(link)
    assert (told["serverVersion"], told["connectedAt"], told["settings"], told["warnings"]) == (None, None, None, [])
    assert not any(check.flags.values())


def test_a_tws_that_does_not_answer_is_still_told_of(check, link, clock):
    check.session_ready(Client(226))
    clock.advance(ANSWER_LIMIT + 1)
    assert document(link)["serverVersion"] == 226 and document(link)["settings"] is None


def test_a_redis_that_comes_back_has_it_again(check, link):
    check.session_ready(Client(200))
    link.keys.clear()
    check.write()
    assert document(link)["serverVersion"] == 200


def test_the_gateway_keeps_it(monkeypatch):
    world = OrderWorld(monkeypatch).trading()
    assert document(world.link)["serverVersion"] == 157
    assert document(world.link)["ibapi"]
    world.gateway.sessionLost(world.gateway.linked_session(), "test")
    assert document(world.link)["serverVersion"] is None

"""Market rules: asked once a session, stored, asked again by the next session."""

import pytest

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.market_rules import MarketRules
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.model.events import MarketRule
from tests.kit.contracts import AAPL
from tests.kit.redis import FakeLink

LADDER = ((0, 0.01), (100, 0.05))


class Client:
    def __init__(self):
        self.asked, self.full = [], False

    def ask_market_rule(self, rule_id):
        if self.full:
            raise PacingFull("full")
        self.asked.append(rule_id)


@pytest.fixture
def link():
    link = FakeLink()
    link.up = True
    return link


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def desk(link, client):
    desk = MarketRules(link)
    desk.link_up(client)
    return desk


def named(ids):
    return KnownContract(AAPL, {"marketRuleIds": ids}, 0)


@pytest.mark.parametrize(("ids", "asked"), [("26,239, 26", [26, 239]), ("", []), ("x,,26", [26]), ("-1", [])])
def test_each_rule_is_asked_for_once(desk, client, ids, asked):
    desk.found(named(ids))
    desk.found(named(ids))
    assert client.asked == asked


def test_a_contract_without_rules_asks_nothing(desk, client):
    desk.found(KnownContract(AAPL, {}, 0))
    assert not client.asked


def test_a_ladder_is_kept_and_stored(desk, client, link):
    desk.found(named("26"))
    desk.told(MarketRule(26, LADDER))
    assert desk.rules[26] == LADDER
    assert link.json(names.market_rule(26)) == [
        {"low_edge": 0, "price_increment": 0.01},
        {"low_edge": 100, "price_increment": 0.05},
    ]
    desk.found(named("26"))
    assert client.asked == [26]


def test_what_was_not_answered_is_asked_again_by_the_next_session_only(desk, client):
    desk.found(named("26,27"))
    desk.told(MarketRule(26, LADDER))
    desk.link_down()
    desk.found(named("28"))
    assert client.asked == [26, 27]
    desk.link_up(client)
    assert client.asked == [26, 27, 27, 28]


def test_no_room_means_later(desk, client, lines):
    client.full = True
    desk.found(named("26"))
    client.full = False
    desk.found(named("26"))
    assert client.asked == [26] and any("26 is not asked for" in line for line in lines)


def test_an_empty_redis_gets_every_ladder(desk, link):
    desk.told(MarketRule(26, LADDER))
    link.keys.clear()
    desk.restore()
    assert names.market_rule(26) in link.keys

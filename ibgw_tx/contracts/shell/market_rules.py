"""Market rules: each one that a contract names is fetched once a session at most and stored (section 5).

The answers carry no request id, only the rule's; one that does not come is asked for again by the next session.
"""

from __future__ import annotations

from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient


class MarketRules:
    """`rules` maps IB's rule ids to ladders of (low edge, increment), lowest edge first."""

    log = Logger()

    def __init__(self, redis: RedisLink) -> None:
        self.rules: dict[int, tuple[tuple[float, float], ...]] = {}
        #: Rises whenever a ladder may be another one than before.
        self.told_so_far = 0
        self._redis = redis
        self._client: TWSClient | None = None
        self._wanted: set[int] = set()
        self._asked: set[int] = set()

    def link_up(self, client: TWSClient) -> None:
        """Ask for what has not been answered."""
        self._client = client
        self._asked.clear()
        for rule_id in sorted(self._wanted - set(self.rules)):
            self._ask(rule_id)

    def link_down(self) -> None:
        """Nobody can be asked."""
        self._client = None

    def found(self, known: KnownContract) -> None:
        """A contract names its rules, one for each of its exchanges."""
        for text in str(known.details.get("marketRuleIds", "")).split(","):
            if text.strip().isdigit():
                rule_id = int(text)
                self._wanted.add(rule_id)
                if rule_id not in self.rules and rule_id not in self._asked:
                    self._ask(rule_id)

    def _ask(self, rule_id: int) -> None:
        if self._client is None:
            return
        try:
            self._client.ask_market_rule(rule_id)
            self._asked.add(rule_id)
        except PacingFull as error:
            self.log.warn("market rule {rule_id} is not asked for: {error}", rule_id=rule_id, error=str(error))

    def told(self, event: events.MarketRule) -> None:
        """One ladder."""
        self.rules[event.rule_id] = event.ladder
        self.told_so_far += 1
        self._store(event.rule_id)

    def _store(self, rule_id: int) -> None:
        steps = [{"low_edge": low, "price_increment": increment} for low, increment in self.rules[rule_id]]
        self._redis.tell("SET", names.market_rule(rule_id), jsontext.dumps(steps))

    def restore(self) -> None:
        """Redis is back, perhaps empty."""
        for rule_id in self.rules:
            self._store(rule_id)

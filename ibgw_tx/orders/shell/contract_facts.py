"""What order entry needs to know of a contract: which one it is, its ticks, its last known book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ibgw_tx.books.channels import Channels
from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.market_rule import Rule, flat_rule, parse_rule, rule_id_for
from ibgw_tx.contracts.shell.contracts import FRESH, Contracts
from ibgw_tx.contracts.shell.market_rules import MarketRules
from ibgw_tx.model import figures
from ibgw_tx.model.contract import BadName, Contract
from ibgw_tx.model.errors import CommandError, PacingFull, RequestTimeout, bad_params
from ibgw_tx.orders.entry.checks import ContractFacts
from ibgw_tx.orders.entry.exposure import Exposure, KnownLeg, exposure_of
from ibgw_tx.orders.entry.plain import PlainContract, plain_contract

#: Ways of writing contracts that are remembered; then all are made ready anew.
MAX_READY = 5000
#: Contracts that are made ready in one turn ahead of their orders, some ms.
PORTION = 50
#: What no answer of TWS's has been yet.
_NEVER = -1, -1


class ContractFactsFinder:
    """Resolves contracts, and knows what an order on them is measured by."""

    def __init__(
        self, contracts: Contracts, rules: MarketRules, channels: Channels, legs_wanted: bool = False
    ) -> None:
        """`legs_wanted`: some limit looks at the legs of combos, so they are asked for."""
        self._contracts = contracts
        self._rules = rules
        self._channels = channels
        self._legs_wanted = legs_wanted
        self._legs: dict[int, Contract] = {}
        self._magnifiers: dict[int, int] = {}
        #: Contracts by conId and exchange as TWS told them: an order that is to be changed is kept with less.
        self._whole: dict[tuple[int, str], Contract] = {}
        #: By the contract as a bot writes it: on what it rests, until when (ms), and what it is.
        self._ready: dict[tuple[tuple[str, Any], ...], tuple[tuple[int, int], int, PlainContract | None]] = {}
        #: On what all of them rest, and when the first of them ends (ms).
        self._all_ready: tuple[tuple[int, int], int] = _NEVER, 0
        self._parsed: dict[tuple[tuple[float, float], ...], Rule] = {}

    async def resolve(self, given: Any) -> tuple[Contract, ContractFacts]:
        """The contract meant by a bot's contract object, with its facts. Raises CommandError."""
        if "showName" in given:
            shown = await self._contracts.find_show_name(given["exchange"], given["showName"])
            return shown.contract, self._facts(shown)
        contract = contract_from_json(given)
        if contract.secType == "BAG":
            if not contract.comboLegs:
                raise bad_params("contract.comboLegs is missing: a BAG is made of legs")
            return contract, await self._combo(contract)
        known = await self._contracts.find_one(contract)
        return known.contract, self._facts(known)

    def plain(self, given: dict[str, Any], now: int) -> PlainContract | None:
        """What plain orders on this contract are held against, where that is known without asking.

        It is made ready once for each way in which bots write a contract. Raises CommandError as `resolve` does.
        """
        for value in given.values():
            if type(value) is not str and type(value) is not int:
                return None
        key = tuple(given.items())
        stands = self._contracts.answers, self._rules.told_so_far
        ready = self._ready.get(key)
        if ready is None or ready[0] != stands or now >= ready[1]:
            ready = self._make_ready(given, stands)
            if len(self._ready) >= MAX_READY:
                self._ready.clear()
            self._ready[key] = ready
        return ready[2]

    def foresee(self, given: Any) -> None:
        """Bots have named a contract so: orders on it may come."""
        if type(given) is dict and len(self._ready) < MAX_READY and all(type(each) in (str, int) for each in given.values()):
            self._ready.setdefault(tuple(given.items()), (_NEVER, 0, None))
            self._all_ready = _NEVER, 0

    def make_some_ready(self, now: int) -> None:
        """Some of what `plain` would have to make ready when an order comes: what TWS has told since, what is new, what ends."""
        stands = self._contracts.answers, self._rules.told_so_far
        before, until = self._all_ready
        if before == stands and now < until:
            return
        # What is not known, or not plain for the time being, is looked at when TWS has told something.
        stale = [
            key for key, ready in self._ready.items() if ready[0] != stands or (ready[2] is not None and now >= ready[1])
        ]
        for key in stale[:PORTION]:
            try:
                self._ready[key] = self._make_ready(dict(key), stands)
            except CommandError:
                # Said to whoever orders it.
                self._ready[key] = stands, 0, None
        if len(stale) <= PORTION:
            ends = [ready[1] for ready in self._ready.values() if ready[2] is not None]
            self._all_ready = stands, min(ends, default=now + FRESH)

    @property
    def made_ready(self) -> Iterable[PlainContract]:
        """The plain contracts that are ready."""
        return (ready[2] for ready in self._ready.values() if ready[2] is not None)

    def _make_ready(self, given: dict[str, Any], stands: tuple[int, int]) -> tuple[tuple[int, int], int, PlainContract | None]:
        contract = contract_from_json(given) if "showName" not in given else None
        found = None if contract is None or contract.secType == "BAG" else self._contracts.known_now(contract)
        if found is None:
            return stands, 0, None
        known, until = found
        return stands, until, plain_contract(known.contract, self._facts(known))

    async def facts_of(self, contract: Contract) -> ContractFacts:
        """The facts of a contract that TWS has shown."""
        if contract.secType == "BAG":
            return await self._combo(contract)
        return self._facts(await self._contracts.find_one(Contract(conId=contract.conId, exchange=contract.exchange)))

    async def _combo(self, contract: Contract) -> ContractFacts:
        for leg in contract.comboLegs if self._legs_wanted else ():
            if leg.conId in self._legs:
                continue
            try:
                known = await self._contracts.by_id(leg.conId)
            except (CommandError, RequestTimeout, PacingFull):
                continue  # the limit that needs the leg refuses the order
            if known is not None:
                self._facts(known)
                self._legs[leg.conId] = known.contract
        return ContractFacts("BAG", legs=len(contract.comboLegs))

    def _facts(self, known: KnownContract) -> ContractFacts:
        magnifier = int(figures.number_or_none(known.details.get("priceMagnifier")) or 1)
        self._magnifiers[known.contract.conId] = magnifier
        self._whole[known.contract.conId, known.contract.exchange.upper()] = known.contract
        return ContractFacts(
            known.contract.secType,
            self._rule(known),
            magnifier,
            min_size=_size(known, "minSize"),
            size_increment=_size(known, "sizeIncrement"),
            exchange=known.contract.exchange,
        )

    def _rule(self, known: KnownContract) -> Rule:
        """The exchange's ladder; before TWS has told it the finest tick of all, which refuses less."""
        details = known.details
        rule_id = rule_id_for(
            known.contract.exchange, str(details.get("validExchanges", "")), str(details.get("marketRuleIds", ""))
        )
        ladder = self._rules.rules.get(rule_id) if rule_id is not None else None
        if ladder:
            if ladder not in self._parsed:
                steps = [{"low_edge": low, "price_increment": increment} for low, increment in ladder]
                self._parsed[ladder] = parse_rule(steps)
            return self._parsed[ladder]
        min_tick = figures.number_or_none(details.get("minTick"))
        return flat_rule(min_tick) if min_tick else ()

    def exposure(self, members: Mapping[str, Any], contract: Contract) -> Exposure:
        """What the limits look at of checked members on a resolved contract."""
        legs = [self._leg(leg.conId) for leg in contract.comboLegs]
        return exposure_of(members, self._as_told(contract), self._magnifiers.get(contract.conId, 1), legs)

    def _leg(self, con_id: int) -> KnownLeg | None:
        leg = self._legs.get(con_id)
        return None if leg is None else KnownLeg(leg, self._magnifiers.get(con_id, 1), *self.touch(leg))

    def _as_told(self, contract: Contract) -> Contract:
        return self._whole.get((contract.conId, contract.exchange.upper()), contract)

    def touch_of(self, book: str) -> tuple[float | None, float | None]:
        """(bid, ask) of the last known book on a channel."""
        channel = self._channels.by_name.get(book)
        return (None, None) if channel is None else channel.best()

    def touch(self, contract: Contract) -> tuple[float | None, float | None]:
        """(bid, ask) of the last known book. A combo has none: the book by its name is that of an underlying."""
        if contract.secType == "BAG":
            return None, None
        try:
            return self._channels.best(self._as_told(contract))
        except BadName:
            return None, None  # no book has such a name


def _size(known: KnownContract, member: str) -> figures.Quantity | None:
    """A size rule of TWS's (from server version 164 on); 0 is none."""
    found = figures.quantity_or_none(known.details.get(member))
    return found if found is not None and found > 0 else None

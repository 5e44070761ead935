"""Trouble that takes its time: restarts, the nightly reset, switches that turn back; and a line on what is wrong now."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from ibgw_tx.sim.desks.running import Running
from ibgw_tx.sim.market.book import ASK, BID

ENTRIES = 2000  # of the ledger in one answer


class Deeds(Protocol):
    """The troubles that the day puts in a row (trouble.Trouble)."""

    def lose_link(self) -> None: ...

    def restore_link(self) -> None: ...

    def farm_down(self, farm: str) -> None: ...

    def farm_up(self, farm: str) -> None: ...

    def account_ready(self, account: str, ready: bool) -> None: ...

    def error(self, code: int) -> None: ...


class DayTrouble:
    """Trouble over time, as methods. `said` logs what was done."""

    def __init__(self, simulator: Running, deeds: Deeds, said: Callable[..., None]) -> None:
        self._simulator, self._deeds, self._said = simulator, deeds, said
        self._tws, self._office = simulator.tws, simulator.tws.office

    def restart(self, next_ids_back: int = 0, shut: float = 0.0) -> int:
        """As after the nightly restart: all connections cut, and every next order id lower by so many (tws-facts 1.6).

        `shut`: seconds during which nothing listens on the port.
        """
        self._said("restart", next_ids_back=next_ids_back, shut=shut)
        self._tws.orders.restarted()
        ids = self._office.next_ids
        for client_id in ids:
            ids[client_id] = max(1, ids[client_id] - next_ids_back)
        if shut:
            self._shut(shut)
        return self._simulator.drop_all()

    def _shut(self, seconds: float) -> None:
        """Listen nowhere for so long, then where it was."""
        simulator = self._simulator
        places = [(port.getHost().port, port.getHost().host) for port in simulator.ports]
        simulator.close_ports()
        simulator.clock.callLater(seconds, lambda: [simulator.listen(*place) for place in places if simulator.running])

    # Over time

    def switch(self, deed: Callable[[bool], None], on: bool | float) -> None:
        """A trouble that has an on and an off; a number of seconds turns it on, and then off."""
        deed(on is not False and on != 0)
        if on and on is not True:
            self._simulator.clock.callLater(on, deed, False)

    def nightly_reset(self, seconds: float = 15.0) -> None:
        """IB's servers are reset: 1100 again and again, farms and accounts away, then all is back, 1102 last."""
        self._said("nightly_reset", seconds=seconds)
        farms, later = self._office.catalogue.farms(), self._simulator.clock.callLater
        self._deeds.lose_link()
        for name in self._office.accounts:
            self._deeds.account_ready(name, False)
        for farm in farms:
            self._deeds.farm_down(farm)
        for third in (1, 2):
            later(seconds * third / 3, self._deeds.error, 1100)
        later(seconds, self._morning, farms)

    def _morning(self, farms: list[str]) -> None:
        for farm in farms:
            self._deeds.farm_up(farm)
        for name in self._office.accounts:
            self._deeds.account_ready(name, True)
        self._deeds.restore_link()

    # What is asked

    def ledger(self, since: int = 0) -> list[str]:
        """The entries of the daybook (exchange/daybook.py) behind a number, a JSON object a line, at most 2000 of them."""
        return [json.dumps(entry) for entry in self._tws.orders.mail.daybook.since(since, ENTRIES)]

    def book(self, con_id: int) -> str:
        """`{"bids":[[price, size],…],"asks":…}`: rows of one price added up, best first, sizes in base units."""
        walk = self._office.market.walk(self._office.catalogue.instruments[con_id], self._office.now())
        sides: dict[str, list[list[float]]] = {}
        for name, side in (("bids", BID), ("asks", ASK)):
            sizes: dict[float, int] = {}
            for row in walk.book.rows[side]:
                price = walk.ladder.real(row.price)
                sizes[price] = sizes.get(price, 0) + row.size
            sides[name] = [[price, size] for price, size in sizes.items()]
        return json.dumps(sides)

    def freeze(self, on: bool = True) -> None:
        """The market stands still, or moves again."""
        self._said("freeze", on=on)
        self._simulator.frozen = on

    def state(self) -> str:
        """One line on who is here and what is wrong."""
        faults, orders = self._office.faults, self._tws.orders.store.live
        clients = ",".join(f"{client.client_id}@{client.server_version}" for client in self._simulator.clients) or "none"
        wrong = [name for name in ("silent", "stall_handshake", "refuse_connections", "split_bytes") if getattr(faults, name)]
        wrong += ["link down"] * (not faults.link_up) + [f"{farm} down" for farm in sorted(faults.farms_down)]
        wrong += [f"{faults.lag:g} s late"] if faults.lag else []
        return f"clients {clients}; live orders {len(orders)}; trouble: {', '.join(wrong) or 'none'}"

"""What is said of orders and of the gateway alone: rows of the table, and goals. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bench.alone import Alone
from bench.chain import Chain
from bench.goal import Goal
from bench.orders import OrderFigures

#: At most how many times the bridge's figure the gateway's may be.
_MOST = (
    ("status_p50", "orderStatus to hash and channel, p50", 0.5),
    ("status_p99", "orderStatus to hash and channel, p99", 0.5),
    ("place_p50", "CMD to bytes, p50", 1.0),
    ("place_p99", "CMD to bytes, p99", 1.0),
    ("reserved_p50", "CMD to bytes with a client_oid, p50", 1.25),
    ("reserved_p99", "CMD to bytes with a client_oid, p99", 1.0),
)
#: What the gateway alone is held to: a name, the figure, its unit, the most that it may be.
_LIMITS = (
    ("trusted", "5,000 living orders trusted, s", 1.5),
    ("first_status", "the first status after the start, s", 1.0),
    ("first_book", "the first book after the start, s", 2.5),
    ("more_mb", "ten gateways: resident a gateway more than the first, MB", 45.0),
    ("slower", "ten gateways: p50 of the slowest, times that of one alone", 2.0),
)


def order_rows(found: Mapping[str, OrderFigures]) -> list[tuple[str, dict[str, str]]]:
    """(what, figures by candidate)."""
    if not found:
        return []

    def pair(what: str, name: str) -> tuple[str, dict[str, str]]:
        return what, {
            key: f"{getattr(one, f'{name}_p50'):.2f}, {getattr(one, f'{name}_p99'):.2f}" for key, one in found.items()
        }

    return [
        pair("orderStatus to hash and channel: p50, p99, ms", "status"),
        pair("PLACE_ORDER on CMD to its bytes at TWS: p50, p99, ms", "place"),
        pair("… with a client_oid (the gateway reserves it in Redis first)", "reserved"),
    ]


def own_rows(alone: Alone, chain: Chain | None) -> list[tuple[str, dict[str, str]]]:
    """Figures of the gateway alone."""
    rows = [
        (what, {"gateway": f"{getattr(alone, name):.2f}"}) for name, what, _ in _LIMITS if getattr(alone, name) is not None
    ]
    if chain is not None:
        what = f"option chain, {chain.hits} hits: longest hold of the reactor, ms"
        rows.append((what, {"gateway": f"{chain.held_ms:.1f}"}))
    return rows


def order_goals(found: Mapping[str, OrderFigures]) -> list[Goal]:
    """Against the bridge."""
    if not {"gateway", "async"} <= found.keys():
        return []
    gateway, peer = found["gateway"], found["async"]
    goals = [Goal("orders: nothing is missing", f"{gateway.missing} missing", not gateway.missing)]
    for name, what, most in _MOST:
        ratio = getattr(gateway, name) / getattr(peer, name)
        goals.append(Goal(f"orders: {what} at most {most:g} times the bridge's", f"{ratio:.2f} times", ratio <= most))
    return goals


def own_goals(alone: Alone, chain: Chain | None) -> list[Goal]:
    """Of the gateway alone."""
    goals = []
    for name, what, most in _LIMITS:
        figure = getattr(alone, name)
        if figure is not None:
            goals.append(Goal(f"{what}: at most {most:g}", f"{figure:.2f}", figure <= most))
    if chain is not None:
        held, hits = chain.held_ms, chain.hits
        goals.append(Goal(f"chain: {hits} hits hold the reactor for at most 20 ms", f"{held:.1f} ms", hits > 500 and held <= 20))
    return goals

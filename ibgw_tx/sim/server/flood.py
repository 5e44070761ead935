"""A flood of depth messages: frames of several books woven into parcels, as a busy TWS would send them, and poured out."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from ibgw_tx.sim.desks.running import Running
from ibgw_tx.sim.office.conversation import Conversation

Parcel = tuple[Conversation, int, bytes]  # for whom, how many messages, the bytes
AT_ONCE = 8  # messages of one book in a row
STEPS = 400  # market events of each book in the stretch that is played again and again


def braid(stretches: list[tuple[Conversation, list[bytes]]]) -> list[Parcel]:
    """One parcel for each client: its books' frames in turns of a few, each book's in its own order."""
    clients = {id(client): client for client, _ in stretches}
    parcels = []
    for key, client in clients.items():
        mine = [frames for owner, frames in stretches if id(owner) == key]
        longest = max((len(frames) for frames in mine), default=0)
        woven = [f for at in range(0, longest, AT_ONCE) for frames in mine for f in frames[at : at + AT_ONCE]]
        if woven:
            parcels.append((client, len(woven), b"".join(woven)))
    return parcels


def flood(simulator: Running, updates: int) -> Deferred[int]:
    """Send at least so many depth messages as fast as the clients take them; fires with the number sent.

    The books are the same before and after: the market's own stretch is played again and again (see
    DepthDesk.cycle), so that the simulator is not what limits the speed. Freeze the market first.
    """
    done: Deferred[int] = Deferred()
    played = braid(simulator.tws.depth.cycle(simulator.tws.office.now(), STEPS))
    _pour(simulator, updates, 0, played, done)
    return done


def _pour(simulator: Running, wanted: int, sent: int, played: list[Parcel], done: Deferred[int]) -> None:
    """Play the stretch while nobody's transport is full; one parcel list a turn, so that reading goes on."""
    try:
        if not any(line.waiting for line in simulator.lines):
            for client, count, data in played:
                client.write(data)
                sent += count if client.ready else 0
    except Exception:
        done.errback()
        return
    if sent >= wanted or not simulator.clients or not played:
        done.callback(sent)
    else:
        simulator.clock.callLater(0, _pour, simulator, wanted, sent, played, done)

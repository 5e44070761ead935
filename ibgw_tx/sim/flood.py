"""Frames of several books woven into parcels, as a busy TWS would send them. Pure."""

from ibgw_tx.sim.conversation import Conversation

Parcel = tuple[Conversation, int, bytes]  # for whom, how many messages, the bytes
AT_ONCE = 8  # messages of one book in a row


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

"""Which hosts are this one, seen from nowhere else: 127.0.0.0/8, ::1 and `localhost`. Pure; a name is not looked up."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool | None:
    """Of an address or a name; None for a name whose address decides."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_address(host: str) -> bool:
    """Whether it is an address and no name."""
    return is_loopback(host) is not None and not host.rstrip(".").lower().endswith("localhost")

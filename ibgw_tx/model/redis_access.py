"""How Redis is reached, as the settings say it: an address or sentinels that know it, a login, TLS. Pure."""

from __future__ import annotations

import re

import attrs

Address = tuple[str, int]


def at(address: Address) -> str:
    """host:port, for people."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def addresses(value: str) -> tuple[Address, ...]:
    """HOST:PORT, with commas between them; an IPv6 host in [ ]. Raises ValueError."""
    found = []
    for each in value.split(","):
        match = re.fullmatch(r"(\[[A-Fa-f0-9:.%]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})", each.strip())
        if match is None or not 0 < int(match[2]) < 65536:
            raise ValueError("must be HOST:PORT, with commas between them (an IPv6 host in [ ])")
        found.append((match[1].strip("[]"), int(match[2])))
    if len(set(found)) < len(found):
        raise ValueError("must not name one twice")
    return tuple(found)


@attrs.frozen
class Tls:
    """Files: the CA that is believed (None: the system's), our own certificate and its key; `name`: what the server's
    certificate must be for (None: the host that is connected to)."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    name: str | None = None


@attrs.frozen
class Access:
    """`tls` None: not encrypted. With `sentinels` these are asked for the `master`, and host and port do not count."""

    host: str
    port: int
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    tls: Tls | None = None
    sentinels: tuple[Address, ...] = ()
    master: str = ""
    sentinel_user: str | None = None
    sentinel_password: str | None = attrs.field(default=None, repr=False)

    @property
    def login(self) -> tuple[str, ...]:
        """The words behind AUTH; none without a password."""
        return _login(self.user, self.password)

    @property
    def sentinel_login(self) -> tuple[str, ...]:
        """The same for the sentinels."""
        return _login(self.sentinel_user, self.sentinel_password)

    @property
    def address(self) -> str:
        """host:port, or the master's name at its sentinels."""
        if self.sentinels:
            return f"{self.master}@{','.join(map(at, self.sentinels))}"
        return f"{self.host}:{self.port}"


def _login(user: str | None, password: str | None) -> tuple[str, ...]:
    return (*([] if user is None else [user]), *([] if password is None else [password]))

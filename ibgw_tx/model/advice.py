"""What an operator may do next about something that cannot be reached or refuses: a few words for the end of a line. Pure."""

from __future__ import annotations

#: By the name of the error: what is wrong, as far as it is known.
_UNREACHED = {
    "DNSLookupError": "no host has that name, see {host}",
    "ConnectionRefusedError": "nothing listens there: is {what} running, and is {port} right{ports}?",
    "TimeoutError": "nobody answers there: see {host}, {port} and the firewalls between",
    "TCPTimedOutError": "nobody answers there: see {host}, {port} and the firewalls between",
    "NoRouteError": "there is no way there: see {host}, and the network",
}

#: The first words of Redis' refusals about who may do what, and which settings they speak of.
_REFUSALS = {
    "NOAUTH": "set REDIS_PSWD or REDIS_PSWD_FILE",
    "WRONGPASS": "see REDIS_PSWD or REDIS_PSWD_FILE, and IBGW_REDIS_USER",
    "ERR AUTH <password> called without any password": "this Redis has no password: unset REDIS_PSWD and REDIS_PSWD_FILE",
    "ERR wrong number of arguments for 'auth'": "this Redis knows no users: unset IBGW_REDIS_USER",
    "NOPERM": "its ACL lacks it, see etc/redis/users.acl",
}


def unreached(error: str, host: str, port: str, what: str, ports: str = "") -> str:
    """By the name of the error; `host` and `port` are the names of the settings, `ports` the usual ones of `what`."""
    words = _UNREACHED.get(error, "see {host} and {port}")
    return words.format(host=host, port=port, what=what, ports=f" ({ports})" if ports else "")


def refused(said: str) -> str:
    """For Redis' own words; "" when there is none."""
    return next((words for start, words in _REFUSALS.items() if said.startswith(start)), "")

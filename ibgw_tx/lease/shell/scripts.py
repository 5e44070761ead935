"""What has to happen in Redis in one step, as its scripts, and what their replies mean."""

from __future__ import annotations

from ibgw_tx.lease.claim import LIFE
from ibgw_tx.lease.holder import Holder
from ibgw_tx.model import keys as names

#: Take or renew. Keys: lease, number, standby. Arguments: my value, ms, my number, the value of a dead holder (or "").
#: Gives the value that stands now, and whether another gateway stands by. A Redis that has lost the lease gets it again.
_HOLD = """
local stands = redis.call('GET', KEYS[1])
if stands == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif not stands or stands == ARGV[4] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  stands = ARGV[1]
  if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[3]) then redis.call('SET', KEYS[2], ARGV[3]) end
end
return {stands, redis.call('EXISTS', KEYS[3])}
"""
#: Give back what is mine. Key: lease. Argument: my value.
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

Words = tuple[str | int, ...]


def hold(name: str, mine: Holder, dead: str = "") -> Words:
    """The command that takes the lease if it is free (or that of `dead`), and renews it if it is `mine`."""
    keys = names.lease(name), names.lease_number(name), names.standby(name)
    return "EVAL", _HOLD, len(keys), *keys, mine.text, int(LIFE * 1000), mine.number, dead


def release(name: str, mine: Holder) -> Words:
    """The command that gives it back."""
    return "EVAL", _RELEASE, 1, names.lease(name), mine.text


def client_name(name: str, number: int) -> str:
    """How the connections of one holder are called in CLIENT LIST."""
    return f"{_prefix(name)}{number}"


def ids_of_others(clients: bytes, name: str, number: int) -> list[str]:
    """The ids in a CLIENT LIST that former holders of the name have left."""
    found = []
    for line in clients.decode(errors="replace").splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        called = words.get("name", "")
        if called.startswith(_prefix(name)) and called != client_name(name, number) and "id" in words:
            found.append(words["id"])
    return found


def _prefix(name: str) -> str:
    return f"ibgateway:{name}:"

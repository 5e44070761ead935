"""Account values of one currency, and a warning when the cushion is thin: `python3 values.py NAME ACCOUNT CURRENCY [LEAST]`."""

import os
import sys
import time

import redis

name, account, currency = sys.argv[1:4]
least = float(sys.argv[4]) if len(sys.argv) > 4 else 0.1
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")), decode_responses=True)
values = client.hgetall(f"IBGateway:{name}:account:{account}")
if not values:
    raise SystemExit(f"nothing is known of {account}")
if time.time() - int(values.pop("t")) / 1000 > 600:
    raise SystemExit("the account's values are old")
for field, value in sorted(values.items()):
    key, _, of = field.partition(":")  # what belongs to no currency has none
    if of == currency:
        print(f"{key:32} {value:>20} {of}")
cushion = float(values.get("Cushion") or "nan")
print(f"cushion {cushion:.2%}" + ("" if cushion >= least else ": THIN"))
raise SystemExit(not cushion >= least)

"""Every execution in one table, with its commission: `python3 fills.py NAME [COUNT]`. Ends after COUNT commissions."""

import json
import os
import sys

import redis

name, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:fills")
held: dict[str, dict] = {}  # execId -> execution; a correction takes the place of what it corrects

print("listening", flush=True)
for message in ear.listen():
    fill = json.loads(message["data"])
    if fill.get("combo"):
        continue  # its legs come one by one
    held.pop(fill.get("corrects", ""), None)
    if fill["s"]:
        held[fill["execId"]] = fill
    what = "commission of" if fill.get("update") else "correction by" if "corrects" in fill else "execution"
    print(f"{what} {fill['execId']}: {fill['T']} {fill['s']} {fill['pair']} at {fill['p']}, {fill['commission']}", flush=True)
    count -= bool(fill.get("update"))
    if count == 0 and fill.get("update"):
        break
bought = sum(fill["s"] for fill in held.values() if fill["T"] == "buy")
print(f"{len(held)} executions, bought {bought}, commissions {sum(fill['commission'] or 0 for fill in held.values())}")

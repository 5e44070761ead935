"""Live profit and loss, and HALT when the day has lost too much: `python3 pnl.py NAME ACCOUNT MOST_LOSS [SECONDS]`."""

import json
import os
import sys
import time

import redis

name, account, most = sys.argv[1], sys.argv[2], float(sys.argv[3])
until = time.time() + (float(sys.argv[4]) if len(sys.argv) > 4 else 1e9)
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))

while time.time() < until:
    good, t = json.loads(client.get(f"IBGateway:{name}:status") or "[false, 0]")
    told = client.get(f"IBGateway:{name}:pnl:{account}")
    if not good or time.time() * 1000 - t > 3000 or told is None:
        print("no figures to trust", flush=True)
        time.sleep(1)
        continue
    pnl = json.loads(told)
    worst = min(pnl["positions"].items(), key=lambda item: item[1]["daily"] or 0, default=("none", {"daily": None}))
    print(f"daily {pnl['daily']}, unrealized {pnl['unrealized']}; worst position {worst[0]} {worst[1]['daily']}", flush=True)
    if pnl["daily"] is not None and pnl["daily"] < -most:
        halt = {"id": "stop-out", "cmd": "HALT", "params": {"reason": f"the day has lost {-pnl['daily']}"}}
        client.publish(f"IBGateway:{name}:CMD", json.dumps(halt))
        print("halted", flush=True)
        break
    time.sleep(1)

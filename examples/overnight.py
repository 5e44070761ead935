"""A limit order for the session that is on: `python3 overnight.py NAME CONID PRICE`. No text of IB's has to be read.

Within regular hours it is a plain one, else `outsideRth`, and beyond all sessions `includeOvernight` (server version 189).
"""

import json
import os
import sys
import time
import uuid

import redis

name, con_id, price = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
known = json.loads(client.get(f"IBGateway:ContractId:{con_id}") or "{}")
now = float(os.environ.get("NOW_MS") or time.time() * 1000)
within = {which: any(begin <= now < end for begin, end in known.get(which, [])) for which in ("liquidSessions", "sessions")}
extra = {} if within["liquidSessions"] else {"outsideRth": True} if within["sessions"] else {"includeOvernight": True}
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
id = str(uuid.uuid4())
order = {"T": "buy", "s": 1, "p": price, "client_oid": id, **extra}
params = {"contract": {"conId": con_id, "exchange": "SMART"}, "order": order}
client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": "PLACE_ORDER", "params": params}))
for message in ear.listen():
    said = json.loads(message["data"])
    if said.get("id") == id:
        print(f"{', '.join(extra) or 'regular'}: " + (f"order {said['apiOrderId']}" if said["ok"] else said["err"]))
        raise SystemExit(not said["ok"])

"""The tape, every print with its conditions: `python3 tape.py NAME EXCHANGE SHOWNAME [COUNT]`. IB's limits end it."""

import json
import os
import sys
import uuid

import redis

name, exchange, show_name = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 0
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
id = str(uuid.uuid4())
params = {"exchange": exchange, "showName": show_name, "tickByTick": True}
client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": "SUB_TOP", "params": params}))

for message in ear.listen():
    said = json.loads(message["data"])
    if isinstance(said, dict):
        if said.get("id") == id and said["type"] == "ack" and said["ok"]:
            ear.subscribe(said["tick_channel"])
            print("listening", flush=True)
        elif said.get("id") == id and said["type"] != "result":
            raise SystemExit(said["err"])  # 10190: no place is left; level 1 tells the trades then
        continue
    for trade in said[0]:
        if "c" in trade:
            print(f"{trade['t']} {trade['T']:4} {trade['s']} at {trade['p']} on {trade['x'] or '?'} [{trade['c']}]", flush=True)
            count -= 1
            if count == 0:
                raise SystemExit

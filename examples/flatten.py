"""Takes back a strategy's orders, by the prefix of their names: `python3 flatten.py NAME PREFIX`. Those of others stay."""

import json
import os
import sys
import uuid

import redis

name, prefix = sys.argv[1:3]
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.psubscribe(f"IBGateway:{name}:ACK", f"URANUS:*:{name}:O_channel")
ear.get_message(timeout=1)
ear.get_message(timeout=1)
id = str(uuid.uuid4())
command = {"id": id, "cmd": "CANCEL_ORDERS", "params": {"prefix": prefix}}
client.publish(f"IBGateway:{name}:CMD", json.dumps(command))
waiting, over = None, set()
while waiting is None or waiting - over:
    message = ear.get_message(timeout=15.0)
    if message is None:
        raise SystemExit(f"not told as over: {sorted(waiting - over) if waiting else 'no answer'}")
    said = json.loads(message["data"])
    if said.get("id") == id and said.get("type") == "ack":
        if not said["ok"]:
            raise SystemExit(said["err"])
        waiting = set(said["apiOrderIds"])
    elif "apiOrderId" in said and said.get("alive") is False:
        over.add(said["apiOrderId"])  # a cancel is done when the order says so
print(f"{len(waiting)} orders are over")

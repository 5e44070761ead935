"""Exercises every option in the balance that expires on a day and is worth it: `python3 exercise.py NAME YYYYMMDD LEAST`.

LEAST is what one has to be worth, by the balance's market price, to be exercised; the others are left to lapse.
"""

import json
import os
import sys

import redis

name, day, least = sys.argv[1], sys.argv[2], float(sys.argv[3])
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
waiting = set()
for row in json.loads(client.get(f"IBGateway:{name}:balance")).values():
    contract = row.get("contract", {})
    if contract.get("secType") != "OPT" or contract["lastTradeDateOrContractMonth"] != day or row["pos"] <= 0:
        continue
    action = "exercise" if (row["marketPrice"] or 0) >= least else "lapse"
    id = f"{action} {contract['localSymbol']}"
    params = {"contract": {"conId": contract["conId"]}, "quantity": row["pos"], "action": action}
    client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": "EXERCISE", "params": params}))
    waiting.add(id)
while waiting:
    message = ear.get_message(timeout=10.0)
    if message is None:
        raise SystemExit(f"no answer: {', '.join(waiting)}")
    said = json.loads(message["data"])
    if said["type"] == "ack" and said["id"] in waiting:
        waiting.discard(said["id"])
        print(said["id"], said["apiOrderId"] if said["ok"] else said["err"])

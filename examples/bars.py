"""Five-second (or other) bars into a moving average: `python3 bars.py NAME EXCHANGE SHOWNAME [BARSIZE [COUNT]]`."""

import json
import os
import sys
import uuid

import redis

name, exchange, show_name = sys.argv[1:4]
size = sys.argv[4] if len(sys.argv) > 4 else "5 secs"
count = int(sys.argv[5]) if len(sys.argv) > 5 else 0
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
id = str(uuid.uuid4())
params = {"exchange": exchange, "showName": show_name, "barSize": size}
client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": "SUB_BARS", "params": params}))

closes: list[float] = []
for message in ear.listen():
    said = json.loads(message["data"])
    if isinstance(said, dict):
        if said.get("id") == id and said["type"] == "ack" and said["ok"]:
            ear.subscribe(said["channel"])
        elif said.get("id") == id:
            raise SystemExit(said["err"])
        continue
    t, _, high, low, close, volume, _, _, final, *from_history = said
    if final:
        closes = [*closes, close][-20:]
        mark = "gap filled" if from_history else "bar"
        print(f"{mark} {t}: {low} to {high}, close {close}, average {sum(closes) / len(closes):.2f}", flush=True)
        count -= 1
        if count == 0:
            break

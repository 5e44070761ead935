"""What a gateway has, without scanning: `python3 start.py NAME`. Ends with 1 when something that must be fresh is old."""

import json
import os
import sys
import uuid

import redis

name = sys.argv[1]
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
id = str(uuid.uuid4())
client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": "SNAPSHOT"}))
for message in ear.listen():
    said = json.loads(message["data"])
    if said.get("id") == id and said["type"] == "result":
        break
for key, age in said["keys"].items():
    print(f"{'       -' if age is None else f'{age:8.1f}'} s  {key}")
raise SystemExit(said["keys"][f"IBGateway:{name}:status"] > 3)

"""Wakes somebody for a change of state, an alert or a bulletin: `python3 pager.py NAME [COUNT]`. Silence counts too."""

import json
import os
import sys

import redis

name, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)
print("watching", flush=True)
while True:
    message = ear.get_message(timeout=3.0)  # a heartbeat comes every second
    said = {"type": "silence"} if message is None else json.loads(message["data"])
    if said["type"] == "silence":
        print("PAGE: the gateway says nothing", flush=True)
    elif said["type"] == "state":
        print("PAGE: " + ("well again" if said["status"] else "; ".join(said["reasons"])), flush=True)
    elif said["type"] == "alert":
        print(f"PAGE: {said['kind']} {said['what']}: {said['text']}" + ("" if said["on"] else " (over)"), flush=True)
    elif said["type"] == "bulletin":
        print(f"PAGE: {said['exchange']}: {said['text']}", flush=True)
    else:
        continue
    count -= 1
    if count == 0:
        break

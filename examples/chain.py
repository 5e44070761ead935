"""The options of one expiry around the middle of the chain: `python3 chain.py NAME EXCHANGE SHOWNAME [EXPIRY]`."""

import json
import os
import sys
import uuid

import redis

name, exchange, show_name = sys.argv[1:4]
client = redis.Redis(os.environ.get("REDIS_HOST", "127.0.0.1"), int(os.environ.get("REDIS_PORT", "6379")))
ear = client.pubsub(ignore_subscribe_messages=True)
ear.subscribe(f"IBGateway:{name}:ACK")
ear.get_message(timeout=1)


def result(cmd: str, **params) -> dict:
    """What a question finds."""
    id = str(uuid.uuid4())
    client.publish(f"IBGateway:{name}:CMD", json.dumps({"id": id, "cmd": cmd, "params": params}))
    for message in ear.listen():
        said = json.loads(message["data"])
        if said.get("id") == id and (said["type"] in ("result", "error") or not said["ok"]):
            if said["type"] == "result":
                return said
            raise SystemExit(f"{cmd}: {said['err']}")
    raise SystemExit("Redis is away")


chains = result("FIND_CHAIN", exchange=exchange, showName=show_name)["chains"]
chain = next((each for each in chains if each["exchange"] not in ("SMART",)), None) or sys.exit("no options")
expiry = sys.argv[4] if len(sys.argv) > 4 else chain["expirations"][0]
print(f"{chain['tradingClass']} on {chain['exchange']}: {chain['expirations']}, {len(chain['strikes'])} strikes")
option = {"secType": "OPT", "symbol": show_name.split("-")[1], "exchange": chain["exchange"], "currency": "USD"}
keys = result("FIND_CONTRACTS", **option, tradingClass=chain["tradingClass"], lastTradeDateOrContractMonth=expiry)["keys"]
middle = chain["strikes"][len(chain["strikes"]) // 2]
print(f"{len(keys)} options expire on {expiry}:", *(key for key in keys if key.endswith(f":{middle:g}")))

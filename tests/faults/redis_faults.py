"""What Redis, and the way to it, does to a gateway."""

from __future__ import annotations

import os
import signal
import socket
import time

from tests.faults.scenario import fault
from tests.faults.stage import Stage, Violation
from tests.faults.view import AAPL

KEEPS = ("--appendonly", "yes", "--appendfsync", "always")


@fault("Redis restarts", "It is waited for; what it kept is brought up to date before the status is true",
       options={"redis_options": KEEPS})  # fmt: skip
def restarted(stage: Stage) -> None:
    begun = time.time()
    stage.server.stop()
    stage.wait(5)
    stage.server.start()
    stage.gap(begun, acks=True)


@fault("Redis restarts empty",
       "All is written again before the status is true, HALT and the last reserved names too")  # fmt: skip
def restarted_empty(stage: Stage) -> None:
    begun = time.time()
    stage.forgot = True
    stage.server.stop()
    stage.server.start()
    stage.wait(2)
    stage.gap(begun, acks=True)


@fault("Redis hangs for a minute (SIGSTOP)", "Nothing old is published when it wakes up: the newest book, the truth about orders",
       within=60)  # fmt: skip
def hangs(stage: Stage) -> None:
    begun = time.time()
    os.kill(stage.server.pid, signal.SIGSTOP)
    stage.wait(60)
    os.kill(stage.server.pid, signal.SIGCONT)
    stage.gap(begun, acks=True)


@fault("Redis cuts the gateway's connections (a slow reader, CLIENT KILL)", "Each is made anew, and what was missed is written")
def cut_off(stage: Stage) -> None:
    begun = time.time()
    for kind in ("pubsub", "normal", "pubsub", "normal"):
        stage.client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        stage.wait(3)
    stage.gap(begun, acks=True)


@fault("the way to Redis is cut and refuses for 15 s", "The same, when Redis can be reached again")
def unreachable(stage: Stage) -> None:
    begun = time.time()
    stage.redis_cable.refuses = True
    stage.redis_cable.cut()
    stage.wait(15)
    stage.redis_cable.refuses = False
    stage.gap(begun, acks=True)


@fault("Redis' password is changed, and changed back", "One clear line; it is tried again until it fits", within=40)
def password(stage: Stage) -> None:
    begun = time.time()
    # One connection that stays: a new one would need the password.
    with stage.client.client() as alone:
        alone.config_set("requirepass", "other")
        stage.redis_cable.cut()
        stage.wait(12)
        alone.config_set("requirepass", "")
    stage.gap(begun, acks=True)


@fault("Redis is full (OOM, noeviction)", "Nothing is trusted that could not be written; orders are refused; one line in the log")
def full(stage: Stage) -> None:
    begun = time.time()
    stage.client.config_set("maxmemory", "1mb")
    stage.wait(15)
    stage.client.config_set("maxmemory", "0")
    stage.gap(begun, acks=True)


@fault("Redis is a replica for a while (READONLY)", "The same")
def replica(stage: Stage) -> None:
    begun = time.time()
    stage.client.replicaof("127.0.0.1", "1")
    stage.wait(12)
    stage.client.replicaof("NO", "ONE")
    stage.gap(begun, acks=True)


@fault("a key of the wrong type stands where a hash should be",
       "One line names the key; it is replaced, and the orders are trusted when all is written")  # fmt: skip
def wrong_type(stage: Stage) -> None:
    begun = time.time()
    key = AAPL.hash(stage.name)
    stage.client.pipeline(transaction=True).delete(key).set(key, "a bot's mistake").execute()
    stage.wait(14)
    if not any(key in line for line in stage.gateway.lines()):
        raise Violation(f"the log does not name {key}")
    if stage.client.type(key) != "hash":
        raise Violation(f"{key} is still a {stage.client.type(key)}")
    stage.gap(begun, acks=True)


@fault("another gateway with the same name is started", "It ends with one line; the first goes on as if nothing were", once=True)
def same_name(stage: Stage) -> None:
    other = stage.another().start()
    stage.until(lambda: not other.alive, 20, "the end of the second gateway")
    told = [line for line in other.lines() if f"the name {stage.name}" in line]
    if len(told) != 1 or other.process is None or other.process.returncode == 0:
        raise Violation("the second gateway did not refuse with one line:\n" + "\n".join(other.lines()))
    stage.say(told[0].partition("] ")[2][:90])


@fault("a reader that never reads", "Redis cuts it off; the gateway and everybody else do not notice", once=True)  # fmt: skip
def never_reads(stage: Stage) -> None:
    stage.client.config_set("client-output-buffer-limit", "pubsub 262144 0 0")
    with socket.create_connection(("127.0.0.1", stage.server.port)) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(b"PSUBSCRIBE URANUS:* *:ACK a-busy-channel\r\n")
        filler = "x" * 10_000
        for _ in range(400):
            stage.client.publish("a-busy-channel", filler)
        stage.wait(15)

"""What befalls the gateway itself and its host."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.scenario import fault
from tests.faults.stage import Stage, Violation

HOUR = 3600.0
SMALL = "400k"  # the disk that fills up
#: The wall clock of a process: whatever asks for the time, Twisted's reactor too, gets it with what the file says.
SET_CLOCK = """
import time, pathlib
_true, _file = time.time, pathlib.Path({path!r})
time.time = lambda: _true() + float(_file.read_text())
"""


@fault("SIGTERM, and a start", "It ends within 5 s with exit status 0 and leaves no mark of trust; the next life has every order",
       dies=True, once=True)  # fmt: skip
def sigterm(stage: Stage) -> None:
    begun = time.time()
    status = stage.gateway.stop(5)
    took = time.time() - begun
    view = stage.watch.look()
    if status or view.fresh or any(view.flags.values()):
        raise Violation(f"exit status {status}; status {view.status}, flags {view.flags} after a stop in order")
    stage.gap(begun, acks=True, grace=1.0)
    stage.say(f"ended in {took:.1f} s")
    stage.gateway.start()


@fault("kill -9 three times in a busy moment", "Flags go by themselves; the next life has every order and fill, none twice",
       dies=True, within=60)  # fmt: skip
def killed(stage: Stage) -> None:
    dice = random.Random(stage.seed)
    for _ in range(3):
        begun = time.time()
        stage.bot.burst(dice.randint(1, 5))
        stage.gateway.kill()
        stage.wait(dice.uniform(0.0, 2.0))
        stage.gateway.start()
        stage.wait(dice.uniform(1.0, 6.0))
        stage.gap(begun, acks=True)


@fault("SIGSTOP for a minute", "Nothing old is taken for true meanwhile; it goes on by itself when it is woken", within=60)
def sigstop(stage: Stage) -> None:
    begun = time.time()
    stage.gateway.signal(signal.SIGSTOP)
    stage.wait(60)
    stage.gateway.signal(signal.SIGCONT)
    stage.gap(begun, acks=True, bytes=True)


@fault("the disk is full under the log and the recording", "The recording ends with a line, the log has a hole, trading goes on",
       dies=True, once=True)  # fmt: skip
def full_disk(stage: Stage) -> None:
    begun = time.time()
    disk = stage.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        stage.say("NOT DONE: this user may not mount a small disk")
        return
    stage._ends.append(lambda: subprocess.run(["umount", "-l", str(disk)], check=False))
    stage.gateway.stop()
    stage.gateway = stage.another(f"--record={disk / 'session.jsonl'}")
    stage.gateway.log = disk / "gateway.log"
    stage.gateway.start()
    stage.gap(begun, acks=True)
    filler = disk / "filler"
    stage.until(lambda: _fill(filler) == 0, 90, "a full disk")
    stage.wait(20)
    free = os.statvfs(disk).f_bavail
    filler.unlink(missing_ok=True)
    stage.say(f"{free} blocks were free")
    said = len(stage.gateway.lines())
    stage.until(lambda: len(stage.gateway.lines()) > said + 5, 60, "a log that goes on")


def _fill(filler: Path) -> int:
    """Write until nothing goes any more; blocks that are free."""
    try:
        with filler.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    except OSError:
        pass
    return os.statvfs(filler.parent).f_bavail


@fault("the wall clock is set by an hour, forward and back",
       "A line in the log; no session ends, no order is doubted, books go on", dies=True, once=True)  # fmt: skip
def set_clock(stage: Stage) -> None:
    begun = time.time()
    ahead = stage.folder / "ahead"
    ahead.write_text("0")
    (stage.folder / "sitecustomize.py").write_text(SET_CLOCK.format(path=str(ahead)))
    stage.gateway.stop()
    stage.gateway.start(PYTHONPATH=str(stage.folder))
    began = stage.gateway.started
    stage.until(lambda: stage.view is not None and stage.view.whole and stage.view.status[1] > began, 60, "a life with a clock")
    stage.gap(begun, acks=True)
    sessions = sum(" ready: client id" in line for line in stage.gateway.lines())
    for jump in (HOUR, -HOUR, 0.0):
        # What was written before is of the other time until it is written again.
        stage.watch.judging.clear()
        (stage.folder / "next").write_text(str(jump))
        (stage.folder / "next").rename(ahead)
        stage.watch.ahead = jump
        stage.wait(12.5)
        stage.watch.judging.set()
        stage.wait(5)
    if sum(" ready: client id" in line for line in stage.gateway.lines()) != sessions:
        raise Violation("a session ended because of the clock")
    if sum("the wall clock was set" in line for line in stage.gateway.lines()) < 3:
        raise Violation("the log does not say that the clock was set")


@fault("file descriptors are used up while connections break",
       "It goes on trying with one clear line, and is whole when there are some", within=60)  # fmt: skip
def no_descriptors(stage: Stage) -> None:
    begun = time.time()
    pid = stage.gateway.pid
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, old[1]))
    stage.tws_cable.cut()
    stage.redis_cable.cut()
    stage.wait(25)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    stage.gap(begun, acks=True, bytes=True)

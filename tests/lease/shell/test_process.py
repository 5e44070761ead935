"""Linux' own words about processes."""

import subprocess
import sys

import attrs

from ibgw_tx.lease.holder import Holder
from ibgw_tx.lease.shell import process
from ibgw_tx.lease.shell.process import is_dead, lasting_seconds, this_process


def holder(one):
    return Holder(1, "id", one, 0)


def test_this_process_is_alive_and_knows_itself():
    me = this_process()
    assert me.boot and me.space and me.born and not is_dead(holder(me))
    assert is_dead(holder(attrs.evolve(me, born="1")))


def test_a_process_that_has_ended_is_dead_even_while_nobody_has_waited_for_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    it = attrs.evolve(this_process(), pid=child.pid, born="unknown")
    assert is_dead(holder(it))
    child.kill()
    child.stdin.close()
    while not is_dead(holder(it)):
        pass
    child.wait()


def test_a_process_that_proc_does_not_show_is_not_dead_for_that(monkeypatch):
    me = this_process()
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    it = attrs.evolve(me, pid=other.pid, born="5")
    read = process._read
    monkeypatch.setattr(process, "_read", lambda path: "" if path.startswith(f"/proc/{other.pid}/") else read(path))
    assert not is_dead(holder(it))
    other.kill()
    other.stdin.close()
    other.wait()
    assert is_dead(holder(it))


def test_the_seconds_go_on():
    assert lasting_seconds() <= lasting_seconds()

"""Linux' own words about processes."""

import subprocess
import sys

import attrs

from ibgw_tx.lease.holder import Holder
from ibgw_tx.lease.shell.process import is_dead, lasting_seconds, this_process


def holder(process):
    return Holder(1, "id", process, 0)


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


def test_the_seconds_go_on():
    assert lasting_seconds() <= lasting_seconds()

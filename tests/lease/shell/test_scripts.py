"""Whose connections are cut."""

from ibgw_tx.lease.shell import scripts

CLIENTS = b"""id=3 addr=127.0.0.1:1 name=ibgateway:demo:6 age=1 cmd=ping
id=4 addr=127.0.0.1:2 name=ibgateway:demo:7 age=1 cmd=ping
id=5 addr=127.0.0.1:3 name=ibgateway:demo2:1 age=1 cmd=ping
id=6 addr=127.0.0.1:4 name= age=1 cmd=ping
id=7 addr=127.0.0.1:5 name=ibgateway:demo:5 age=1 cmd=subscribe
"""


def test_those_of_former_holders_of_this_very_name():
    assert scripts.ids_of_others(CLIENTS, "demo", 7) == ["3", "7"]
    assert scripts.ids_of_others(b"", "demo", 7) == []

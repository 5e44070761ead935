"""Hosts of their own, as network namespaces: what a test cuts is cut. Linux, root and `ip` are needed."""

from __future__ import annotations

import os
import shutil
import subprocess


def possible() -> bool:
    """Whether namespaces and pairs of interfaces can be made here."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"probe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        pair = ["ip", "link", "add", f"{name}a"[:15], "type", "veth", "peer", "name", f"{name}b"[:15]]
        made = subprocess.run(pair, capture_output=True, check=False).returncode == 0
        subprocess.run(["ip", "link", "del", f"{name}a"[:15]], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made


class Host:
    """A namespace with one cable for each of `nets` (10.{net}.{number}.0/30); our end has .1, its end .2."""

    def __init__(self, number: int, nets: tuple[int, ...]) -> None:
        self.name = f"ibgw{os.getpid()}n{number}"
        self._number, self._nets = number, nets
        _ip("netns", "add", self.name)
        self.within("ip", "link", "set", "lo", "up")
        for net in nets:
            ours, theirs = self._ends(net)
            _ip("link", "add", ours, "type", "veth", "peer", "name", theirs)
            _ip("link", "set", theirs, "netns", self.name)
            _ip("addr", "add", f"{self.far(net)}/30", "dev", ours)
            _ip("link", "set", ours, "up")
            self.within("ip", "addr", "add", f"10.{net}.{number}.2/30", "dev", theirs)
            self.within("ip", "link", "set", theirs, "up")

    def _ends(self, net: int) -> tuple[str, str]:
        tag = f"{os.getpid() % 100000}x{self._number}x{net}"
        return f"o{tag}"[:15], f"t{tag}"[:15]

    def far(self, net: int) -> str:
        """Our address at the end of its cable."""
        return f"10.{net}.{self._number}.1"

    @property
    def prefix(self) -> list[str]:
        """What goes before a command that is to run there."""
        return ["ip", "netns", "exec", self.name]

    def within(self, *words: str) -> None:
        subprocess.run([*self.prefix, *words], check=True, capture_output=True)

    def cut(self, net: int, way: str = "both") -> None:
        """Nothing passes one of its cables, in `both` directions, or `out` of the host or `in` only; connections over it are not
        told. In one direction alone what is sent goes to a card that nobody has."""
        ours, theirs = self._ends(net)
        nobody = ("lladdr", "02:00:00:00:00:99", "nud", "permanent")
        if way == "both":
            _ip("link", "set", ours, "down")
        elif way == "out":
            self.within("ip", "neigh", "replace", self.far(net), *nobody, "dev", theirs)
        else:
            _ip("neigh", "replace", f"10.{net}.{self._number}.2", *nobody, "dev", ours)

    def mend(self, net: int) -> None:
        """However it was cut."""
        ours, theirs = self._ends(net)
        _ip("link", "set", ours, "up")
        forget = ("ip", "neigh", "flush", "dev", theirs, "nud", "permanent")
        subprocess.run([*self.prefix, *forget], check=False, capture_output=True)
        subprocess.run(["ip", "neigh", "flush", "dev", ours, "nud", "permanent"], check=False, capture_output=True)

    def remove(self) -> None:
        for net in self._nets:
            subprocess.run(["ip", "link", "del", self._ends(net)[0]], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

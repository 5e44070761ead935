"""Makes an environment that was built in one place fit for another: finish.py ENVIRONMENT ITS-PLACE COMMAND...

Run by the environment's own Python. What names the place of the build goes, so that two builds are alike; the commands that are
asked for stay, the others go; the cache of Twisted's plugins is written, since the host's users may not.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path

from twisted.plugin import IPlugin, getPlugins


def main(environment: Path, place: str, commands: list[str]) -> None:
    config = environment / "pyvenv.cfg"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("command")))
    for path in (environment / "bin").iterdir():
        if path.name not in commands and not path.name.startswith("python"):
            path.unlink()
        elif path.name in commands:
            path.write_text(path.read_text().replace(f"#!{environment}/bin/", f"#!{place}/bin/", 1))
    for record in environment.rglob("*.dist-info/direct_url.json"):
        record.unlink()
    leave_out(environment)
    write_plugin_cache(environment)
    assert (environment / "bin" / commands[0]).read_text().startswith(f"#!{place}/bin/python")


def leave_out(environment: Path) -> None:
    """What nobody runs on a host: the libraries' own tests and notes."""
    for pattern in ("twisted/**/test", "twisted/**/newsfragments", "zope/**/tests", "txredisapi/tests"):
        for path in [each for each in environment.glob(f"lib/python3*/site-packages/{pattern}") if each.is_dir()]:
            shutil.rmtree(path, ignore_errors=True)
    (environment / ".gitignore").unlink(missing_ok=True)
    for path in environment.glob("lib/**/*"):
        if path.is_file():
            path.chmod(0o644)
    # A module is no program: its first line names an interpreter that a host need not have.
    for path in environment.glob("lib/**/*.py"):
        text = path.read_bytes()
        if text.startswith(b"#!"):
            path.write_bytes(b"\n" + text.partition(b"\n")[2])


def write_plugin_cache(environment: Path) -> None:
    logging.basicConfig(level=logging.WARNING)
    assert {"ibgateway", "ibsim"} <= {getattr(plugin, "tapname", None) for plugin in getPlugins(IPlugin)}
    (cache,) = environment.rglob("twisted/plugins/dropin.cache")
    assert b"ibgateway" in cache.read_bytes()
    cache.chmod(0o644)
    # In a package no file is younger than its changelog, and Twisted takes a cache for old that is not younger than its plugins.
    before = int(os.environ["SOURCE_DATE_EPOCH"]) - 60
    for plugin in cache.parent.glob("*.py"):
        os.utime(plugin, (before, before))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])

"""An ibapi that cannot be used is one line before anything else happens; what can be used is named."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from ibgw_tx.tws.api import installed
from ibgw_tx.tws.dialects import missing


def test_the_one_that_is_installed_serves():
    assert installed.trouble() is None
    (name,) = installed.distributions()
    assert installed.describe() == f"{name} {version(name)}"


def test_two_of_them_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(installed, "packages_distributions", lambda: {"ibapi": ["ibapi-stable", "ibapi", "ibapi"]})
    assert installed.trouble().startswith("ibapi and ibapi-stable are both installed")


def test_none_at_all_is_refused(monkeypatch):
    monkeypatch.setattr(installed, "packages_distributions", dict)
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    assert installed.trouble().startswith("ibapi is not installed")


def test_what_an_uninstall_has_left_behind_is_refused(monkeypatch):
    def gone(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(installed, "import_module", gone)
    assert "is not whole" in installed.trouble()


def start(tmp_path, **env):
    """The gateway's command in an environment of its own; gives its exit status and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", "from ibgw_tx.tap import main; main()", "--name=x"],
        capture_output=True, text=True, cwd=tmp_path, env=env, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr.strip()


def test_an_ibapi_that_is_no_package_is_one_line_and_status_1(tmp_path):
    (tmp_path / "ibapi").mkdir()
    (tmp_path / "ibapi" / "__init__.py").write_text("")
    status, said = start(tmp_path, PYTHONPATH=str(tmp_path))
    assert status == 1 and said.startswith("ibgateway: the ibapi that is installed is not whole") and "\n" not in said


@pytest.mark.skipif("ibapi-stable" not in installed.distributions(), reason="9.81.1 knows no protobuf")
def test_the_slow_backend_of_protobuf_is_one_line_and_status_1(tmp_path):
    status, said = start(tmp_path, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python")
    assert status == 1 and said.startswith("ibgateway: protobuf runs on its backend 'python'") and "\n" not in said


def test_two_of_them_are_one_line_and_status_1(tmp_path):
    other = next(name for name in ("ibapi", "ibapi-stable") if name not in installed.distributions())
    info = tmp_path / f"{other.replace('-', '_')}-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {other}\nVersion: 9.9\n")
    (info / "top_level.txt").write_text("ibapi\n")
    status, said = start(tmp_path, PYTHONPATH=str(tmp_path))
    assert status == 1 and said.startswith("ibgateway: ibapi and ibapi-stable are both installed") and "\n" not in said


def test_none_at_all_is_one_line_and_status_1(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ibapi'] = None\n")
    status, said = start(tmp_path, PYTHONPATH=str(tmp_path))
    assert status == 1 and said.startswith("ibgateway: ibapi is not installed: pip install ibapi-stable") and "\n" not in said


def test_what_a_version_lacks():
    assert missing(226) == ()
    assert "fractional sizes (FX, crypto, parts of shares)" in missing(157) and len(missing(145)) == 8

"""Rules and scrape configuration name metrics that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ibgw_tx.sight.families import families
from tests.sight.test_families import figures

ETC = Path(__file__).resolve().parents[2] / "etc" / "prometheus"
RULES = ETC / "ibgateway.rules.yml"


def test_every_metric_of_the_rules_exists():
    there = set()
    for family in families(figures(), {}):
        there.add(family.name + {"counter": "_total", "info": "_info"}.get(family.type, ""))
    named = set(re.findall(r"\bibgateway_\w+", RULES.read_text(encoding="utf-8")))
    assert len(named) > 7
    assert not named - there


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_them():
    assert subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, check=False).returncode == 0

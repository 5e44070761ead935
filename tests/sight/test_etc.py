"""Rules, dashboard and the metrics' table name metrics that exist; promtool tries each alert."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ibgw_tx.sight.families import families
from tests.sight.test_families import figures

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "etc" / "prometheus" / "ibgateway.rules.yml"
TRIED = ROOT / "tests" / "data" / "ibgateway.rules.test.yml"
DASHBOARD = ROOT / "etc" / "grafana" / "ibgateway.json"
OPERATIONS = ROOT / "docs" / "operations.md"

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def there():
    """Names as a query writes them, each with its text."""
    ends = {"counter": "_total", "info": "_info"}
    return {family.name + ends.get(family.type, ""): family.documentation for family in families(figures(), {})}


def named(text):
    return set(re.findall(r"\bibgateway_\w+", text))


def panels():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def test_every_metric_of_the_rules_exists():
    found = named(RULES.read_text(encoding="utf-8"))
    assert len(found) > 7
    assert not found - set(there())


def test_the_dashboard_shows_every_metric_and_no_other():
    queries = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    assert {name.removesuffix("_bucket") for name in named(queries)} == set(there())


def test_each_panel_of_the_dashboard_asks_something_of_the_chosen_gateways():
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for panel in panels():
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert 'name=~"$name"' in target["expr"]
            assert target["datasource"]["uid"] == "${datasource}"


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken = set()
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, panel["title"]
            taken.add(cell)


def test_the_dashboard_has_the_variables_it_uses():
    variables = json.loads(DASHBOARD.read_text(encoding="utf-8"))["templating"]["list"]
    assert [variable["name"] for variable in variables] == ["datasource", "name"]


def test_the_table_of_metrics_is_that_of_the_code():
    rows = re.findall(r"^\| `(ibgateway_\w+)` \| [^|]+ \| (.+) \|$", OPERATIONS.read_text(encoding="utf-8"), re.M)
    assert dict(rows) == there()
    assert len(rows) == len(there())


def test_each_alert_is_tried():
    alerts = re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))
    tried = re.findall(r"alertname: (\w+)\n        exp_alerts:\n", TRIED.read_text(encoding="utf-8"))
    assert sorted(tried) == sorted(alerts)


@promtool
def test_promtool_takes_the_rules():
    assert subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, check=False).returncode == 0


@promtool
def test_each_alert_fires_when_it_should_and_not_before():
    done = subprocess.run(["promtool", "test", "rules", TRIED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

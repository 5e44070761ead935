"""What the fuzzers begin with and what they have found, without a fuzzer: each is checked anew, on a stage of its own."""

from __future__ import annotations

import pytest

from ibgw_tx.tws.api.generation import MODERN

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")

if MODERN:
    from tests.fuzz.stage import Stage
    from tests.fuzz.targets import CASES, TARGETS

    FOUND = sorted(path for target in TARGETS for path in (CASES / target).glob("*"))
else:
    FOUND, TARGETS = [], {}


@pytest.fixture(autouse=True)
def alone(failures):
    """A stage of its own; what the checks expect in the log is theirs to judge."""
    Stage.forget()
    yield
    Stage.forget()
    failures.clear()


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_found_case_stays_mended(path):
    TARGETS[path.parent.name][0](path.read_bytes())


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_a_fuzzer_begins_with_is_well(target):
    """A fifth of it; `make fuzz` begins with all."""
    check, seeds = TARGETS[target]
    for seed in seeds()[::5]:
        check(seed)

"""What debian/ says is so: pins serve setup.py and have their licences, numbers agree, units ask for what the programs take."""

import configparser
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ibgw_tx.tap import Options

DEBIAN = Path(__file__).parent.parent.parent / "debian"
UNITS = {"ibgateway@.service": "ibgateway", "ibgateway@.ibsim.service": "ibsim"}


def pins():
    text = (DEBIAN / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


def wanted():
    """What setup.py requires, without extras, as it is installed here."""
    from importlib.metadata import requires  # noqa: PLC0415

    found = [Requirement(each) for each in requires("ibgateway") or []]
    return [each for each in found if each.marker is None or "extra" not in str(each.marker)]


def test_the_pins_serve_setup_py():
    pinned = {canonicalize_name(name): each for name, each in pins().items()}
    assert len(wanted()) > 8
    for each in wanted():
        assert each.specifier.contains(pinned[canonicalize_name(each.name)]), f"make pins: {each}"


def test_every_pin_has_a_hash():
    text = (DEBIAN / "requirements.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"== ?\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text)) == len(pins()) > 20
    assert "://" not in text


def test_every_pin_has_its_licence_and_ibs_is_the_one_of_its_version():
    text = (DEBIAN / "copyright").read_text(encoding="utf-8")
    for name, number in pins().items():
        word = f"Distribution {name} {number}." if "ibapi" in name else f"Distribution {name}"
        assert re.search(rf"{re.escape(word)}( |\.|$)", text, re.MULTILINE), word
    used = {word for line in re.findall(r"^License: (.*)$", text, re.MULTILINE) for word in re.findall(r"[A-Z][\w.+-]+", line)}
    for licence in used:
        assert re.search(rf"^License: {re.escape(licence)}\n ", text, re.MULTILINE), licence


def test_its_number_is_the_programs():
    """That of setup.py, so that it is seen before the program is installed anew."""
    number = re.search(r'^    version="([^"]+)"', (DEBIAN.parent / "setup.py").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert re.match(r"ibgateway \(([^)]+)\)", (DEBIAN / "changelog").read_text(encoding="utf-8"))[1] == number


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_program_of_the_package_as_the_user(unit):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(DEBIAN / unit, encoding="utf-8")
    service = parser["Service"]
    assert service["ExecStart"].split()[0] == f"/usr/bin/{UNITS[unit]}"
    assert service["User"] == service["Group"] == "ibgateway" and service["Restart"] == "always"
    starts, within = int(parser["Unit"]["StartLimitBurst"]), float(parser["Unit"]["StartLimitIntervalSec"])
    # A wrong setting is found within two seconds of a start: the limit has to be reached long before it is forgotten.
    assert starts * (float(service["RestartSec"]) + 2) < within / 2


def test_the_unit_gives_the_name_that_the_program_takes():
    text = (DEBIAN / "ibgateway@.service").read_text(encoding="utf-8")
    flag = re.search(r"^ExecStart=/usr/bin/ibgateway (--name=)%i$", text, re.MULTILINE)[1]
    options = Options()
    options.parseOptions([f"{flag}demo"])
    assert options.config.name == "demo"

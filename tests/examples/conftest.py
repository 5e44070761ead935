"""The gateway of the bots, for every module of them."""

from tests.examples.test_bots import redis_port

__all__ = ["redis_port"]

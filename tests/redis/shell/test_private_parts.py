"""The gateway leans on private parts of txredisapi: a version that moves them has to be found here, not at a customer's."""

import inspect

import pytest
import txredisapi

from ibgw_tx.redis.shell.connections import PRIVATE_PARTS, RedisFactory, RedisProtocol


@pytest.mark.parametrize("name", PRIVATE_PARTS["module"])
def test_the_module_has_it(name):
    assert inspect.isclass(getattr(txredisapi, name))


@pytest.mark.parametrize("name", PRIVATE_PARTS["RedisProtocol"])
def test_a_protocol_has_it(name):
    assert hasattr(txredisapi.RedisProtocol(), name)


@pytest.mark.parametrize("name", PRIVATE_PARTS["RedisFactory"])
def test_a_factory_has_it(name):
    assert hasattr(txredisapi.RedisFactory(None, None, 1), name)


def test_what_is_named_is_what_is_used():
    source = inspect.getsource(inspect.getmodule(RedisFactory))
    used = set(name for name in sum(PRIVATE_PARTS.values(), ()) if f".{name}" in source)
    assert {"_PoolSlot", "_SlotFactory", "_waiting_for_connect", "_reader"} <= used
    assert issubclass(RedisProtocol, txredisapi.RedisProtocol)

"""What a Deferred has come to."""


from twisted.python.failure import Failure


def result(deferred):
    """What a Deferred has fired with; its exception is raised."""
    fired = []
    deferred.addBoth(fired.append)
    assert fired, "the Deferred has not fired"
    if isinstance(fired[0], Failure):
        fired[0].raiseException()
    return fired[0]


def error(deferred, *kinds):
    """The exception a Deferred has failed with."""
    try:
        found = result(deferred)
    except Exception as raised:
        assert not kinds or isinstance(raised, kinds), repr(raised)
        return raised
    raise AssertionError(f"no failure but {found!r}")

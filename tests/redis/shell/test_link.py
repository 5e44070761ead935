"""Three connections to Redis behind one service: what is bounded, what is told, what is tried again."""

import pytest

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.redis.shell import link as redislink
from ibgw_tx.redis.shell.connections import REPLY_LIMIT
from tests.kit.deferreds import error, result
from tests.kit.redis_wire import Place, info


@pytest.fixture
def place():
    return Place()


def test_it_is_up_only_after_redis_has_answered(place):
    ups = []
    place.link.on_up.append(lambda: ups.append(1))
    server = place.connect(0)
    assert server.words() == [["PING"]] and not place.link.up
    server.reply(b"+PONG", info())
    assert server.words() == [["INFO", "server"], ["CLIENT", "ID"]] and not place.link.up
    server.reply(b":11")
    assert place.link.up and ups == [1]


def test_the_password_is_the_first_word_and_never_in_the_log(lines):
    place = Place("hunter2")
    server = place.connect(0)
    assert server.words() == [["AUTH", "hunter2"]]
    server.reply(b"-WRONGPASS invalid username-password pair or user is disabled.")
    assert server.wire.aborted and not place.link.up
    assert any("WRONGPASS" in line for line in lines) and not any("hunter2" in line for line in lines)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_user_of_the_acl_logs_in_on_each_connection(number):
    assert Place("hunter2", "ibgateway").connect(number).words() == [["AUTH", "ibgateway", "hunter2"]]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_no_redis_is_one_line_and_no_unhandled_error(number, lines):
    place = Place()
    for _ in range(3):
        server = place.connect(number)
        server.reply(b"HTTP/1.1 400 Bad Request")
        assert server.wire.aborted
    assert len(lines) == 1 and "does not speak as a Redis does" in lines[0] and "REDIS_PORT" in lines[0]


def test_garbage_on_a_running_connection_of_books_ends_it_in_order(lines):
    place = Place()
    server = place.ready(2)
    lines.clear()
    server.reply(b"HTTP/1.1 400 Bad Request")
    assert server.wire.aborted and len(lines) == 1 and "does not speak as a Redis does" in lines[0]


def test_who_hangs_up_before_an_answer_is_perhaps_no_redis(lines):
    place = Place()
    server = place.connect(0)
    server.wire.end()
    assert len(lines) == 1 and "is REDIS_PORT that of a Redis, and without TLS?" in lines[0]


@pytest.mark.parametrize("words", ["NOAUTH Authentication required.", "WRONGPASS invalid username-password pair"])
def test_a_refusal_about_the_password_names_its_variable(lines, words):
    Place().connect(0).reply(b"-%b" % words.encode())
    assert any(words in line and "REDIS_PSWD" in line for line in lines)


def test_a_refusal_is_logged_once_and_tried_again(lines):
    place = Place("hunter2")
    for _ in range(3):
        place.connect(0).reply(b"-WRONGPASS no")
    assert sum("WRONGPASS" in line for line in lines) == 1
    server = place.connect(0)
    server.reply(b"+OK", b"+PONG", info(), b":12")
    assert place.link.up


def test_a_new_connection_ends_its_predecessor_first(place):
    place.ready().wire.end()
    server = place.connect(0)
    server.reply(b"+PONG", info())
    assert server.words()[-1] == ["CLIENT", "KILL", "ID", "11"]
    server.reply(b":0", b":12")
    assert place.link.up


def test_a_redis_that_was_restarted_has_nobody_killed_because_of_an_old_id(place):
    place.ready().wire.end()
    server = place.connect(0)
    server.reply(b"+PONG", info(run=2), b":12")
    assert place.link.up and not [words for words in server.words() if "KILL" in words]


def test_a_part_that_fails_on_redis_return_does_not_keep_redis_away(place, failures):
    ups = []
    place.link.on_up += [lambda: 1 / 0, lambda: ups.append(1)]
    server = place.ready()
    assert place.link.up and ups == [1] and not server.wire.aborted and len(failures) == 1
    failures.clear()


def test_a_redis_that_does_not_allow_client_is_good_enough(place):
    server = place.connect(0)
    server.reply(b"+PONG", b"-NOPERM this user has no permissions to run the 'info' command")
    assert place.link.up


def test_a_call_gives_the_reply(place):
    server = place.ready()
    called = place.link.call("GET", "k")
    assert server.words() == [["GET", "k"]]
    server.reply(b"$1\r\nv")
    assert result(called) == b"v"


def test_while_redis_is_away_a_call_fails_at_once_and_a_tell_is_nothing(place):
    error(place.link.call("GET", "k"), RedisDown)
    place.link.tell("SET", "k", "v")
    place.link.publish("c", b"m")
    error(place.link.transaction([("SET", "k", "v")]), RedisDown)
    assert place.link.refused


def test_a_call_under_way_fails_with_the_connection_and_the_loss_is_told(place, lines):
    downs = []
    place.link.on_down.append(lambda: downs.append(1))
    server = place.ready()
    called = place.link.call("GET", "k")
    server.wire.end()
    error(called)
    assert not place.link.up and downs == [1] and any("Redis at 127.0.0.1:6379 is lost" in line for line in lines)


def test_an_unanswered_call_drops_the_connection(place):
    server = place.ready()
    called = place.link.call("GET", "k")
    place.clock.advance(REPLY_LIMIT + 1)
    error(called)
    assert server.wire.aborted


def test_the_oldest_call_alone_counts_for_the_silence(place):
    server = place.ready()
    first = place.link.call("GET", "k")
    place.clock.advance(REPLY_LIMIT - 1)
    second = place.link.call("GET", "k")
    server.reply(b"+a")
    place.clock.advance(REPLY_LIMIT - 1)
    assert result(first) == b"a" and not server.wire.aborted and not second.called
    place.clock.advance(1)
    error(second)
    assert server.wire.aborted


def test_an_idle_connection_is_not_silent(place):
    server = place.ready()
    place.clock.advance(5 * REPLY_LIMIT)
    assert not server.wire.aborted


@pytest.mark.parametrize("number", [0, 1])
def test_a_reply_that_nobody_asked_for_ends_the_connection(place, lines, number):
    server = place.ready(number)
    server.reply(b"+OK")
    assert server.wire.aborted and any("answers what it was not asked" in line for line in lines)


def test_what_fails_when_a_reply_comes_keeps_the_others(place, lines, failures):
    server = place.ready()
    place.link.tell_all([("HSET", "k", "f", "v"), ("PUBLISH", "c", "m")], refused=lambda failure: 1 / 0)
    called = place.link.call("GET", "k")
    server.reply(b"-ERR no", b":1", b"+v")
    assert result(called) == b"v" and not server.wire.aborted and any("was not taken" in line for line in lines)
    assert len(failures) == 1
    failures.clear()


def test_a_tell_that_redis_refuses_is_logged(place, lines):
    server = place.ready()
    place.link.tell("SET", "k", "v")
    server.reply(b"-OOM command not allowed when used memory > 'maxmemory'.")
    assert any("Redis at 127.0.0.1:6379 refuses SET: OOM" in line for line in lines)


OOM, READONLY = b"-OOM command not allowed", b"-READONLY You can't write against a read only replica."


@pytest.mark.parametrize("refusal", [OOM, READONLY])
def test_a_refusal_is_one_line_and_its_end_another(place, lines, refusal):
    server = place.ready()
    lines.clear()
    for _ in range(20):
        place.link.tell("SET", "k", "v")
        place.link.tell("PUBLISH", "c", "m")
        place.link.tell_all([("HSET", "k", "f", "v"), ("PUBLISH", "c", "m")])
        server.reply(refusal, b":0", refusal, b":0")
    assert len(lines) == 1 and lines[0].startswith("warn Redis at 127.0.0.1:6379 refuses SET:")
    place.link.tell("SET", "k", "v")
    server.reply(b"+OK")
    assert len(lines) == 1
    place.link.tell_all([("HSET", "k", "f", "v")])
    server.reply(b":1")
    assert lines[1:] == ["info Redis at 127.0.0.1:6379 refuses nothing any more"]
    place.link.tell("SET", "k", "v")
    server.reply(refusal)
    assert len(lines) == 3


def test_trouble_of_one_connection_does_not_repeat_that_of_another(place, lines):
    server, books = place.ready(0), place.ready(2)
    lines.clear()
    for _ in range(20):
        place.link.tell("SET", "k", "v")
        server.reply(OOM)
        place.link.books.send(b"x", 1)
        books.reply(OOM)
    assert len(lines) == 2
    for _ in range(3):
        place.clock.advance(REPLY_LIMIT)
        place.link.books.send(b"x", 1)
        books.reply(b":0")
    assert [line for line in lines if "takes books again" in line] == ["info Redis at 127.0.0.1:6379 takes books again"]


def test_a_redis_that_hangs_is_one_line_however_many_kinds_of_commands_waited(place, lines):
    place.ready()
    for _ in range(20):
        place.link.tell("PUBLISH", "c", "v")
        place.link.tell("XADD", "k", "*", "f", "v")
    lines.clear()
    place.clock.advance(REPLY_LIMIT + 1)
    assert len([line for line in lines if "has not carried out" in line]) == 1, lines


def test_what_waits_for_replies_is_bounded(place, monkeypatch):
    monkeypatch.setattr(redislink, "MAX_UNANSWERED", 10)
    place.ready()
    calls = [place.link.call("PING") for _ in range(12)]
    assert [called.called for called in calls] == [False] * 10 + [True] * 2
    for call in calls[-2:]:
        error(call, RedisDown)
    assert place.link.refused == 2


def test_a_transaction_is_multi_to_exec_and_gives_execs_replies(place):
    server = place.ready()
    done = place.link.transaction([("DEL", "k"), ("HSET", "k", "f", "v")])
    assert server.words() == [["MULTI"], ["DEL", "k"], ["HSET", "k", "f", "v"], ["EXEC"]]
    server.reply(b"+OK", b"+QUEUED", b"+QUEUED", b"*2\r\n:1\r\n:1")
    assert result(done) == [1, 1]


def test_a_refused_transaction_fails_as_one(place):
    server = place.ready()
    done = place.link.transaction([("NONSENSE",)])
    server.reply(b"+OK", b"-ERR unknown command", b"-EXECABORT Transaction discarded because of previous errors.")
    assert "unknown command" in str(error(done))


def test_a_transaction_that_does_not_fit_is_refused_whole(place, monkeypatch):
    monkeypatch.setattr(redislink, "MAX_UNANSWERED", 5)
    server = place.ready()
    place.link.call("PING")
    error(place.link.transaction([("DEL", "a"), ("DEL", "b"), ("DEL", "c")]), RedisDown)
    assert server.words() == [["PING"]]


def test_what_is_asked_now_is_one_write_and_all_replies_are_told_at_once(place):
    server, told = place.ready(), []
    assert place.link.ask_now([("HSET", "k", "f", "v"), ("SET", "n", "v", "NX")], told.append)
    assert server.words() == [["HSET", "k", "f", "v"], ["SET", "n", "v", "NX"]]
    server.reply(b":1")
    assert not told
    server.reply(b"$-1")
    assert told == [[1, None]]


def test_a_refusal_among_what_is_asked_now_stands_where_its_command_stood(place):
    server, told = place.ready(), []
    assert place.link.ask_now([("HSET", "k", "f", "v"), ("SET", "n", "v", "NX")], told.append)
    server.reply(b"-WRONGTYPE Operation against a key", b"+OK")
    ((refusal, reserved),) = told
    assert isinstance(refusal, Exception) and "WRONGTYPE" in str(refusal) and reserved == b"OK"


def test_the_end_of_the_connection_answers_what_is_asked_now_once(place):
    server, told = place.ready(), []
    assert place.link.ask_now([("HSET", "k", "f", "v"), ("SET", "n", "v", "NX")], told.append)
    server.reply(b":1")
    server.wire.end()
    ((kept, lost),) = told
    assert kept == 1 and isinstance(lost, Exception)


def test_what_is_asked_now_and_does_not_fit_is_not_sent_at_all(place, monkeypatch):
    assert not place.link.ask_now([("DEL", "a")], list)
    monkeypatch.setattr(redislink, "MAX_UNANSWERED", 2)
    server = place.ready()
    place.link.call("PING")
    assert not place.link.ask_now([("DEL", "a"), ("DEL", "b")], list) and server.words() == [["PING"]]
    assert place.link.ask_now([("DEL", "a")], list)


def test_commands_of_bots_come_through_the_subscription(place):
    got = []
    place.link.on_message = got.append
    place.ready(0)
    server = place.connect(1)
    server.reply(b"+PONG", info(), b":11")
    assert server.words()[-1] == ["SUBSCRIBE", "IBGateway:demo:CMD"]
    server.reply(b"*3\r\n$9\r\nsubscribe\r\n$18\r\nIBGateway:demo:CMD\r\n:1")
    server.reply(b"*3\r\n$7\r\nmessage\r\n$18\r\nIBGateway:demo:CMD\r\n$2\r\n{}")
    assert got == [b"{}"]
    server.wire.end()


def test_each_new_subscription_connection_subscribes_again(place):
    place.ready(0)
    for _ in range(2):
        server = place.connect(1)
        server.reply(b"+PONG", info(), b":11", b":12") if _ else server.reply(b"+PONG", info(), b":11")
        assert server.words()[-1][0] == "SUBSCRIBE"
        server.wire.end()


def test_a_command_that_raises_is_logged_and_the_next_one_is_taken(place, failures):
    got = []

    def take(message):
        got.append(message)
        raise ValueError("bad")

    place.link.on_message = take
    place.ready(0)
    server = place.ready(1)
    message = b"*3\r\n$7\r\nmessage\r\n$18\r\nIBGateway:demo:CMD\r\n$1\r\nx"
    server.reply(message, message)
    assert len(got) == len(failures) == 2
    failures.clear()
    server.wire.end()


# Books.


def test_books_can_go_once_their_connection_is_ready(place):
    ready = []
    place.link.on_books_up = lambda: ready.append(place.link.books)
    server = place.ready(2)
    assert ready == [server.protocol] and server.protocol.has_room
    server.wire.end()
    assert place.link.books is None


def test_replies_of_books_are_counted_and_room_is_offered_once_somebody_waits(place):
    rooms = []
    place.link.on_room = lambda: rooms.append(1)
    server = place.ready(2)
    wire = place.link.books
    wire.send(b"x" * 10, wire.WINDOW)
    server.protocol.dataReceived(b":0\r\n")
    assert rooms == []
    wire.send(b"x", 1)
    assert not wire.has_room
    server.protocol.dataReceived(b":0\r\n" * 5)
    assert rooms == [1] and wire.in_flight == wire.WINDOW - 5 and wire.has_room


def test_a_transport_that_asks_for_a_pause_gets_no_more(place):
    rooms = []
    place.link.on_room = lambda: rooms.append(1)
    server = place.ready(2)
    wire = place.link.books
    wire.pauseProducing()
    assert not wire.has_room
    wire.resumeProducing()
    assert rooms == [1] and wire.has_room
    server.wire.end()


def test_a_book_that_redis_refuses_is_logged_and_the_rest_goes_on(place, lines):
    server = place.ready(2)
    place.link.books.send(b"x", 2)
    server.protocol.dataReceived(b"-OOM no memory\r\n:0\r\n")
    assert place.link.books.in_flight == 0 and any("OOM" in line for line in lines)


def test_a_stalled_redis_loses_its_book_connection(place):
    server = place.ready(2)
    place.link.books.send(b"x", 1)
    place.clock.advance(REPLY_LIMIT + 1)
    assert server.wire.aborted and place.link.books is None


def test_a_redis_that_answers_keeps_its_book_connection(place):
    server = place.ready(2)
    for _ in range(60):
        place.link.books.send(b"x", 1)
        place.clock.advance(1)
        server.protocol.dataReceived(b":0\r\n")
    assert not server.wire.aborted
    server.wire.end()
    assert not [call for call in place.clock.getDelayedCalls() if call.active()]


# Only a master.


MASTER, REPLICA = (b"$%d\r\n%s" % (len(text), text) for text in (b"role:master\r\n", b"role:slave\r\n"))


class MasterPlace(Place):
    """A RedisLink that is content with a master only."""

    def __init__(self):
        super().__init__()
        self.link._way.only_master = True

    def ready(self, number=0):
        server = self.connect(number)
        assert server.words() == [["PING"]]
        server.reply(b"+PONG", MASTER, info(), b":11")
        server.words()
        return server


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_replica_is_left_before_anything_is_written(number, lines):
    place = MasterPlace()
    for _ in range(3):
        server = place.connect(number)
        server.reply(b"+PONG", REPLICA)
        assert server.wire.aborted and server.words() == [["PING"], ["INFO", "replication"]]
    assert lines == ["warn Redis at 127.0.0.1:6379 is no master: the sentinels are asked again; trying again"]


def test_one_whose_role_nobody_may_see_is_no_master():
    place = MasterPlace()
    server = place.connect(0)
    server.reply(b"+PONG", b"-NOPERM this user has no permissions to run the 'info' command")
    assert server.wire.aborted and not place.link.up


@pytest.mark.parametrize("said", [READONLY, b"-ERR Error running script: @user_script: -READONLY You can't write"])
def test_a_master_that_has_become_a_replica_is_left_at_its_first_refusal(said, lines):
    place = MasterPlace()
    server = place.ready()
    called = place.link.call("SET", "k", "v")
    server.reply(said)
    error(called)
    assert server.wire.aborted and not place.link.up
    books = place.ready(2)
    place.link.books.send(b"x", 1)
    books.reply(said)
    assert books.wire.aborted
    assert any("is no master any more" in line for line in lines)


def test_a_plain_redis_that_becomes_a_replica_is_told_and_kept(place):
    server = place.ready()
    place.link.tell("SET", "k", "v")
    server.reply(READONLY)
    assert not server.wire.aborted


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("said", [b"+OK", b":1", b"*0", b"$-1", b"-ERR no"])
def test_an_answer_to_nothing_that_was_asked_begins_the_connection_anew(place, lines, number, said):
    server = place.ready(number)
    lines.clear()
    server.reply(said)
    assert server.wire.aborted and not list(place.link.connections.values())[number]
    assert any("answers what it was not asked" in line for line in lines)


def test_a_message_on_the_channel_of_commands_that_is_no_text_begins_it_anew(place, lines):
    heard = []
    place.link.on_message = heard.append
    server = place.ready(1)
    server.reply(b"*3\r\n$7\r\nmessage\r\n$18\r\nIBGateway:demo:CMD\r\n:5")
    assert server.wire.aborted and not heard


def test_a_master_that_is_lost_because_it_moved_is_told_with_its_own_address(monkeypatch, lines):
    place = MasterPlace()
    server = place.ready()
    monkeypatch.setattr(type(place.link._way), "address", "10.0.0.2:6379")
    server.wire.end()
    assert lines[-1] == "warn Redis at 127.0.0.1:6379 is lost; trying again"


def test_the_same_trouble_of_several_connections_is_one_line(lines):
    place = Place("hunter2")
    for number in (0, 1, 2, 0, 1, 2):
        place.connect(number).reply(b"-WRONGPASS no")
    assert sum("WRONGPASS" in line for line in lines) == 1


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("said", [b"%1\r\n*1\r\n$1\r\na\r\n:1", b"(" + b"9" * 5000])
def test_a_reply_that_is_no_value_of_python_is_no_unhandled_error(place, lines, number, said):
    server = place.ready(number)
    lines.clear()
    server.reply(said)
    assert server.wire.aborted and any("does not speak as a Redis does" in line for line in lines)

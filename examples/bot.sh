#!/usr/bin/env bash
# The careful bot on redis-cli and jq. `bot.sh NAME EXCHANGE SHOWNAME`
set -euo pipefail
[ $# = 3 ] || { echo "usage: bot.sh NAME EXCHANGE SHOWNAME" >&2; exit 1; }
name=$1 exchange=$2 pair=$3
limit=20       # seconds any answer may take
redis() { redis-cli -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" --raw "$@"; }
fail() { echo "$1" >&2; exit 1; }

heard=$(mktemp -d)
: >"$heard/acks"
redis-cli -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" --raw SUBSCRIBE "IBGateway:$name:ACK" >"$heard/acks" 2>/dev/null &
listener=$!
trap 'kill $listener 2>/dev/null; rm -rf "$heard"' EXIT

# Look ten times a second until a command succeeds.
wait_until() {
    local what=$1 end=$((SECONDS + limit))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "$what"
        sleep 0.1
    done
}

# Status true and not older than 3 s. If it is not, nothing else may be believed.
is_well() { redis GET "IBGateway:$name:status" | jq -e --argjson now "$(date +%s%3N)" '.[0] and $now - .[1] < 3000' >/dev/null; }

ack_of() { grep -aF "\"type\":\"ack\",\"id\":\"$1\"" "$heard/acks" >"$heard/ack"; }

# Send a command, print its acknowledgement. A refusal ends the bot: it has had no effect.
command_() {
    local id="$$-$RANDOM-$(date +%s%N)"
    redis PUBLISH "IBGateway:$name:CMD" "$(jq -nc --arg id "$id" --arg cmd "$1" --argjson params "$2" '{id: $id, cmd: $cmd, params: $params}')" >/dev/null
    wait_until "no ack of $1 within $limit s" ack_of "$id"
    jq -e .ok "$heard/ack" >/dev/null || fail "$1 refused: $(jq -r .err "$heard/ack")"
    cat "$heard/ack"
}

wait_until "the listener is not there" grep -qa subscribe "$heard/acks"
wait_until "the gateway is not well" is_well
asked=$(jq -nc --arg exchange "$exchange" --arg pair "$pair" '{exchange: $exchange, showName: $pair}')
command_ SUB_ODBK "$asked" >/dev/null
is_trusted() { [ "$(redis GET "URANUS:$exchange:$name:OMS")" = 1 ]; }
wait_until "the orders of $exchange cannot be trusted" is_trusted

# The newest book stands in a key too; older than 60 s it is no data.
has_book() {
    redis GET "URANUS:$exchange:$pair:orderbook" >"$heard/book" &&
        jq -e --argjson now "$(date +%s%3N)" '(.[0] | length > 0) and (.[1] | length > 0) and $now - .[2] < 60000' "$heard/book" >/dev/null
}
wait_until "no book within $limit s" has_book
jq -r '"\(.[0][0].p) x \(.[0][0].s) / \(.[1][0].p) x \(.[1][0].s)"' "$heard/book"

oid="bot-$$-$(date +%s%N)"
# The book's last level is below the market, and on the contract's tick by itself.
order=$(jq -c --arg oid "$oid" --argjson size "${SIZE:-1000}" '{T: "buy", s: $size, p: .[0][-1].p, client_oid: $oid, tif: "DAY"}' "$heard/book")
command_ PLACE_ORDER "$(jq -nc --argjson asked "$asked" --argjson order "$order" '$asked + {order: $order}')" >/dev/null

hash="URANUS:$exchange:$name:O:$pair"
told_alive() { redis HGET "$hash" "$oid" >"$heard/order" && jq -e ".alive == $1" "$heard/order" >/dev/null; }
wait_until "no order within $limit s" told_alive true
jq -r '"order \(.i) \(.status): \(.s) at \(.p)"' "$heard/order"
command_ CANCEL_ORDER "$(jq -nc --arg oid "$oid" '{client_oid: $oid}')" >/dev/null
wait_until "no end of the order within $limit s" told_alive false
jq -r '"order \(.i) \(.status), executed \(.executed)"' "$heard/order"

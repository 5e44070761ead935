// The careful bot on node-redis. `node bot.js NAME EXCHANGE SHOWNAME` (npm install redis)
"use strict";
const { randomUUID } = require("node:crypto");
const { createClient } = require("redis");

const STALE_STATUS = 3000; // ms: an older status says nothing
const STALE_BOOK = 60000; // ms: an older book is no data
const LIMIT = 20000; // ms any answer may take

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Gateway {
  constructor(name) {
    this.name = name;
    const socket = { host: process.env.REDIS_HOST || "127.0.0.1", port: Number(process.env.REDIS_PORT || 6379) };
    this.redis = createClient({ socket });
    this.ear = this.redis.duplicate();
    this.waiting = new Set();
  }

  async connect() {
    await this.redis.connect();
    await this.ear.connect();
    await this.listen(`IBGateway:${this.name}:ACK`);
  }

  listen(channel) {
    return this.ear.subscribe(channel, (text) => {
      const content = JSON.parse(text);
      for (const each of this.waiting) if (each.match(channel, content)) each.done(content);
    });
  }

  // The next message for which match(channel, content) is true.
  until(what, match) {
    return new Promise((resolve, reject) => {
      const each = { match };
      const end = (settle, value) => {
        clearTimeout(timer);
        this.waiting.delete(each);
        settle(value);
      };
      const timer = setTimeout(() => end(reject, new Error(`no ${what} within ${LIMIT} ms`)), LIMIT);
      each.done = (content) => end(resolve, content);
      this.waiting.add(each);
    });
  }

  // Send a command; its acknowledgement. A refusal ends the bot: it has had no effect.
  async command(cmd, params) {
    const id = randomUUID();
    const acked = this.until(`ack of ${cmd}`, (_, m) => m.type === "ack" && m.id === id);
    await this.redis.publish(`IBGateway:${this.name}:CMD`, JSON.stringify({ id, cmd, params }));
    const ack = await acked;
    if (!ack.ok) throw new Error(`${cmd} refused: ${ack.err}`);
    return ack;
  }

  async waitUntil(what, isSo) {
    for (const deadline = Date.now() + LIMIT; Date.now() < deadline; await pause(100)) if (await isSo()) return;
    throw new Error(what);
  }

  // Status true and fresh. If it is not, nothing else may be believed.
  async isWell() {
    const [status, t] = JSON.parse((await this.redis.get(`IBGateway:${this.name}:status`)) || "[false, 0]");
    return status && Date.now() - t < STALE_STATUS;
  }
}

async function main(name, exchange, showName) {
  const gateway = new Gateway(name);
  await gateway.connect();
  await gateway.waitUntil("the gateway is not well", () => gateway.isWell());
  const { channel } = await gateway.command("SUB_ODBK", { exchange, showName });
  const market = `URANUS:${exchange}:${name}:O_channel`;
  const usable = (heard, book) =>
    heard === channel && book[0].length && book[1].length && Date.now() - book[2] < STALE_BOOK;
  const booked = gateway.until("book", usable);
  await gateway.listen(channel);
  await gateway.listen(market);
  const flag = `URANUS:${exchange}:${name}:OMS`;
  await gateway.waitUntil(`the orders of ${exchange} cannot be trusted`, async () => (await gateway.redis.get(flag)) === "1");
  const [bids, asks] = await booked;
  console.log(`${channel}: ${bids[0].p} x ${bids[0].s} / ${asks[0].p} x ${asks[0].s}`);

  const oid = `bot-${randomUUID()}`;
  // The book's last level is below the market, and on the contract's tick by itself.
  const order = { T: "buy", s: Number(process.env.SIZE || 1000), p: bids.at(-1).p, client_oid: oid, tif: "DAY" };
  const ours = (alive) => (heard, told) => heard === market && told.client_oid === oid && told.alive === alive;
  const living = gateway.until("order", ours(true));
  await gateway.command("PLACE_ORDER", { exchange, showName, order });
  let told = await living;
  console.log(`order ${told.i} ${told.status}: ${told.s} at ${told.p}`);
  const ended = gateway.until("end of the order", ours(false));
  await gateway.command("CANCEL_ORDER", { client_oid: oid });
  told = await ended;
  console.log(`order ${told.i} ${told.status}, executed ${told.executed}`);
}

if (process.argv.length !== 5) {
  console.error("usage: bot.js NAME EXCHANGE SHOWNAME");
  process.exit(1);
}
main(...process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);

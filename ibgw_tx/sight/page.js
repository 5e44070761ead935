// What the gateway says once a second, shown as text. Nothing of it is ever taken as HTML.
"use strict";

const STALE_AFTER = 4000; // ms without a word: what stands here is old, and says so
const at = (id) => document.getElementById(id);
let heard = null;

function make(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined && text !== null) made.textContent = String(text);
  return made;
}

function number(value, digits = 8) {
  return typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: digits }) : "–";
}

function age(seconds) {
  if (typeof seconds !== "number") return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

const time = (t) => (t ? new Date(t).toLocaleTimeString("en-GB") : "–");

function tile(label, value, kind, detail) {
  const made = make("div", "tile");
  made.append(make("div", "label", label), make("div", `value ${kind || ""}`, value), make("div", "detail", detail || " "));
  return made;
}

function tiles(d) {
  const redis = d.redis.connections, up = Object.values(redis).every(Boolean);
  const down = Object.keys(redis).filter((name) => !redis[name]);
  const broken = d.farms.filter((farm) => !farm[2]);
  const session = d.ages.session !== null;
  const unknown = d.ordersByState.unknown;
  return [
    tile("TWS", session ? "connected" : "no session", session ? "good" : "bad", d.addresses.tws),
    tile("Link to IB", d.link ? "up" : "down", d.link ? "good" : "bad", session ? `heard ${age(d.ages.heard)} ago` : ""),
    tile("Farms", broken.length ? `${broken.length} broken` : d.farms.length ? "all up" : "–", broken.length ? "bad" : d.farms.length ? "good" : "",
      (broken.length ? broken : d.farms).map((farm) => farm[1]).join(", ")),
    tile("Redis", up ? "connected" : "not whole", up ? "good" : "bad", up ? d.addresses.redis : `missing: ${down.join(", ")}`),
    tile("Orders", d.orders.trusted ? "trusted" : "not trusted", d.orders.trusted ? "good" : "bad",
      `${number(d.orders.open)} alive${unknown ? `, ${number(unknown)} unknown` : ""}`),
    tile("Trading", d.halt === null ? "open" : "HALT", d.halt === null ? "good" : "warn", d.halt || ""),
    tile("Published", number(d.published), "", `${number(d.heldBack)} times held back`),
    tile("Commands", number(d.said.ack + d.said.refusal), "", `${number(d.said.refusal)} refused, ${number(d.underWay)} under way`),
  ];
}

function ladder(book) {
  const table = make("table", "ladder"), rows = Math.max(book.bids.length, book.asks.length, 1);
  const most = Math.max(...book.bids.map((each) => each.s), ...book.asks.map((each) => each.s), 0);
  const size = (level, side) => {
    const cell = make("td", "", level ? number(level.s) : "");
    if (level && most) {
      const share = Math.round((level.s / most) * 100);
      cell.style.background = `linear-gradient(to ${side === "bid" ? "left" : "right"}, var(--${side}-bar) ${share}%, transparent ${share}%)`;
    }
    return cell;
  };
  for (let row = 0; row < rows; row += 1) {
    const line = make("tr"), bid = book.bids[row], ask = book.asks[row];
    line.append(size(bid, "bid"), make("td", "p-bid", bid ? number(bid.p) : ""), make("td", "p-ask", ask ? number(ask.p) : ""), size(ask, "ask"));
    table.append(line);
  }
  return table;
}

function card(book) {
  const made = make("div", "book"), head = make("header");
  const bad = book.state === "fallen" || book.age > 30, held = book.state === "held" || book.state === "emptied";
  const name = make("b", "", `${book.exchange} ${book.pair}`);
  head.append(name, make("span", bad ? "bad" : held ? "warn" : "faint", `${book.state === "speaking" ? "" : `${book.state} `}${age(book.age)}`));
  made.append(head, book.bids.length || book.asks.length ? ladder(book) : make("div", "empty", "empty book"));
  return made;
}

function fill(id, heads, rows, nothing) {
  const table = at(id);
  if (!rows.length) {
    table.replaceChildren(make("caption", "empty", nothing));
    return;
  }
  const head = make("tr"), body = make("tbody"), top = make("thead");
  for (const [label, kind] of heads) head.append(make("th", kind, label));
  top.append(head);
  for (const row of rows) {
    const line = make("tr");
    row.forEach((value, place) => {
      const given = Array.isArray(value) ? value : [value];
      line.append(make("td", `${heads[place][1] || ""} ${given[1] || ""}`.trim(), given[0] === null || given[0] === "" ? "–" : given[0]));
    });
    body.append(line);
  }
  table.replaceChildren(top, body);
}

const side = (word) => [word, word === "buy" ? "good" : "bad"];

function lists(d) {
  fill("orders", [["Changed"], ["Order"], ["Contract"], ["Side"], ["Size", "num"], ["Price", "num"], ["Type"], ["Executed", "num"], ["Status"], ["Said", "text"]],
    d.alive.map((o) => [time(o.t), o.client_oid || o.i, [o.market, o.pair].filter(Boolean).join(" "), side(o.T), number(o.s), number(o.p ?? o.aux),
      [o.orderType, o.tif].filter(Boolean).join(" "), number(o.executed), [o.status, o.status === "Unknown" ? "bad" : ""], o.text]), "no living order");
  fill("fills", [["Time (TWS)"], ["Contract"], ["Side"], ["Size", "num"], ["Price", "num"], ["Order"], ["Account"]],
    d.fills.map((f) => [f.time, f.what, side(f.side), number(f.size), number(f.price), f.client_oid || f.order, f.account]), "no fill so far");
  fill("acks", [["Time"], ["Command"], ["Id"], ["Answer", "text"]],
    d.acks.map((a) => [time(a.t), a.cmd, a.id, a.code === null ? ["ok", "good"] : [`${a.code}: ${a.text}`, "bad"]]), "no command so far");
  fill("errors", [["Time"], ["Code", "num"], ["Text", "text"]],
    d.errors.map((e) => [time(e.t), e.code, e.cmd ? `${e.cmd}: ${e.text}` : e.text]), "nothing so far");
}

function budget(d) {
  const used = d.messages.sent || 0, waiting = d.messages.waiting || {};
  at("budget-count").textContent = `${used} of ${d.messages.rate} messages a second`;
  const meter = (label, value, max, shown) => {
    const line = make("div", "lane"), bar = make("meter");
    bar.max = max; bar.value = Math.min(value, max); bar.high = max * 0.85; bar.setAttribute("aria-label", label);
    line.append(make("span", "", label), bar, make("span", value ? "" : "faint", shown));
    return line;
  };
  at("budget").replaceChildren(meter("used now", used, d.messages.rate, `${used}`),
    ...Object.entries(waiting).map(([lane, count]) => meter(`${lane} waiting`, count, d.messages.rate, number(count))));
}

function show(d) {
  document.title = `${d.status ? "●" : "○"} ${d.name} · ibgateway`;
  at("name").textContent = d.name;
  at("verdict").textContent = d.status ? "status true" : "status false";
  at("verdict").className = `badge ${d.status ? "good" : "bad"}`;
  at("reasons").textContent = d.reasons.join("; ");
  const v = d.versions;
  at("versions").textContent = `ibgateway ${v.ibgateway} · ibapi ${v.ibapi} · server ${v.server ?? "–"} · client id ${d.clientId} · ${d.accounts.join(", ") || "no account"} · up ${age(d.ages.gateway)}`;
  at("clock").textContent = time(d.t);
  at("tiles").replaceChildren(...tiles(d));
  at("book-count").textContent = d.books.length < d.bookCount ? `${d.books.length} of ${d.bookCount} shown` : `${d.bookCount}`;
  at("books").replaceChildren(...(d.books.length ? d.books.map(card) : [make("div", "empty", "no book is published")]));
  const living = d.orders.open + d.ordersByState.unknown;
  at("order-count").textContent = d.alive.length < living ? `the ${d.alive.length} that changed last of ${number(living)}` : `${number(living)}`;
  lists(d);
  budget(d);
}

// Another gateway holds the lease of the name: what stood here before is not what it does.
function standBy() {
  document.title = "○ ibgateway";
  at("verdict").textContent = "stands by";
  at("verdict").className = "badge warn";
  at("reasons").textContent = "no gateway works here: the lease of its name is not held";
  for (const id of ["tiles", "books", "orders", "fills", "acks", "errors", "budget"]) at(id).replaceChildren();
  for (const id of ["book-count", "order-count", "budget-count"]) at(id).textContent = "";
}

function look() {
  const stale = heard === null || performance.now() - heard > STALE_AFTER;
  document.body.classList.toggle("stale", stale);
  if (stale && heard !== null) {
    at("verdict").textContent = "no word from the gateway";
    at("verdict").className = "badge bad";
    at("reasons").textContent = `what stands below is ${age((performance.now() - heard) / 1000)} old`;
  }
}

function listen() {
  const source = new EventSource("events");
  source.onmessage = (event) => {
    heard = performance.now();
    const told = JSON.parse(event.data);
    document.body.classList.toggle("waiting", told === null);
    if (told === null) standBy();
    else show(told);
    look();
  };
  source.onerror = () => {
    // A refusal (503) ends an EventSource for good.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

listen();
setInterval(look, 1000);

/** The client over a socket that the test plays: what a real server does seldom. Run by ClientScriptTest with `node --test`. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, mock, test } from "node:test";

const source = await readFile(new URL("../../main/resources/web/client.js", import.meta.url), "utf8");
const { connect, SluiceError } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

let sockets;
let client;
let nowMs;

class PlayedSocket {
  readyState = 0;
  sent = [];

  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    sockets.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.readyState = 3;
    this.closeCode = code;
  }

  welcome(ping = 25_000) {
    this.readyState = 1;
    this.onopen();
    this.say({ op: "welcome", v: 1, node: "n1", ping, limits: { subs: 128, window: 4096, maxFrame: 262144 } });
    return this;
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  drop(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }

  last(op) {
    return this.sent.findLast((frame) => frame.op === op);
  }
}

function pass(ms) {
  nowMs += ms;
  mock.timers.tick(ms);
}

function newest() {
  return sockets.at(-1);
}

function subscribed(subscription, resumed = "snapshot") {
  const { sub } = newest().last("subscribe");
  newest().say({ op: "subscribed", sub, resumed, generation: "g1", lag: { events: 0, ms: 0 } });
  return sub;
}

function view(options) {
  const rows = client.rows("p", options);
  const sub = subscribed(rows);
  newest().say({ op: "snapshot", sub, n: 1, rows: [["a", { x: 1 }], ["b", { x: 2 }]], cursor: "s1" });
  newest().say({ op: "synced", sub, cursor: "c1" });
  return { rows, sub };
}

function delta(sub, set, del, to, more) {
  newest().say({ op: "delta", sub, n: 2, from: "f", to, set, del, more });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  sockets = [];
  nowMs = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => nowMs);
  mock.method(Math, "random", () => 0.5);
  client = connect("http://server:8080", { WebSocket: PlayedSocket });
  newest().welcome();
});

afterEach(() => {
  client.close();
  mock.timers.reset();
  mock.restoreAll();
});

test("speaks the subprotocol at the server's address", () => {
  assert.equal(newest().url, "ws://server:8080/v1/ws");
  assert.equal(newest().protocol, "sluice.v1.json");
  assert.deepEqual(newest().sent[0], { op: "hello", v: 1, client: "client.js" });
});

test("keeps the rows as the server tells them", async () => {
  const { rows, sub } = view();
  await rows.ready;

  delta(sub, [["c", { x: 3 }]], ["a", "unknown"], "c2");

  assert.deepEqual([...rows.rows], [["b", { x: 2 }], ["c", { x: 3 }]]);
  assert.equal(rows.cursor, "c2");
});

test("resumes from the last cursor and keeps its rows", () => {
  const { rows, sub } = view();
  delta(sub, [["c", { x: 3 }]], [], "c2", true);
  newest().drop();
  assert.equal(client.state.name, "waiting");

  pass(client.state.inMs);
  newest().welcome();

  assert.equal(newest().last("subscribe").resume, "c2");
  assert.notEqual(newest().last("subscribe").sub, sub);
  subscribed(rows, "exact");
  assert.equal(rows.rows.size, 3);
});

test("a difference that breaks in the middle is taken from the start, and rows not seen go at its end", () => {
  const { rows, sub } = view();
  newest().say({ op: "reset", sub, why: "generation", generation: "g2", then: "diff" });
  newest().say({ op: "snapshot", sub, n: 1, rows: [["b", { x: 20 }]], cursor: "stale" });
  assert.equal(rows.cursor, undefined);
  newest().drop();

  pass(client.state.inMs);
  newest().welcome();
  assert.equal(newest().last("subscribe").resume, undefined);
  const again = subscribed(rows, "snapshot");
  assert.equal(rows.rows.size, 2);
  newest().say({ op: "snapshot", sub: again, n: 1, rows: [["c", { x: 30 }]], cursor: "s2" });
  newest().say({ op: "synced", sub: again, cursor: "c9" });

  assert.deepEqual([...rows.rows], [["c", { x: 30 }]]);
  assert.equal(rows.cursor, "c9");
});

test("a snapshot that breaks in the middle goes on, and rows before the break count as seen", () => {
  const rows = client.rows("p", { rows: [["old", {}]] });
  const sub = subscribed(rows);
  newest().say({ op: "snapshot", sub, n: 1, rows: [["a", { x: 1 }]], cursor: "s1" });
  newest().drop();

  pass(client.state.inMs);
  newest().welcome();
  assert.equal(newest().last("subscribe").resume, "s1");
  const again = subscribed(rows, "exact");
  newest().say({ op: "snapshot", sub: again, n: 1, rows: [["b", { x: 2 }]], cursor: "s2" });
  newest().say({ op: "synced", sub: again, cursor: "c1" });

  assert.deepEqual([...rows.rows.keys()], ["a", "b"]);
});

test("without a reader credit goes back at once", () => {
  const { sub } = view({ window: 4 });

  assert.deepEqual(newest().last("credit"), { op: "credit", sub, rows: 2 });
});

test("a slow reader keeps its credit, and a new link waits for it", async () => {
  const { rows, sub } = view({ window: 4 });
  const reader = rows[Symbol.asyncIterator]();
  const first = reader.next();
  newest().sent.length = 0;
  delta(sub, [["a", { x: 5 }]], ["b"], "c2");
  delta(sub, [["a", { x: 6 }], ["c", { x: 7 }]], [], "c3");
  assert.deepEqual((await first).value.del, ["b"]);
  await settled();
  assert.equal(newest().last("credit"), undefined);

  const second = reader.next();
  assert.equal((await second).value.set.length, 2);
  assert.equal(newest().last("credit").rows, 2);
  newest().drop();
  pass(client.state.inMs);
  newest().welcome();
  assert.equal(newest().last("subscribe"), undefined);
  const third = reader.next();
  await settled();

  assert.equal(newest().last("subscribe").resume, "c3");
  subscribed(rows, "exact");
  assert.equal((await third).value.type, "subscribed");
});

test("gives events one by one, and a cursor when the loop is done with a frame", async () => {
  const events = client.events("order-*", { last: 2 });
  assert.equal(newest().last("subscribe").to, "events:category:order");
  const sub = newest().last("subscribe").sub;
  newest().say({ op: "subscribed", sub, cursor: "e0", lag: { events: 2 } });
  delta(sub, [["0:1", { id: "1" }], ["0:2", { id: "2" }]], undefined, "e2");
  const seen = [];

  for await (const event of events) {
    seen.push(event.id);
    assert.equal(events.cursor, "e0");
    if (seen.length === 2) {
      delta(sub, [["0:3", { id: "3" }]], undefined, "e3");
      break;
    }
  }

  assert.deepEqual(seen, ["1", "2"]);
  assert.equal(newest().last("unsubscribe").sub, sub);
});

test("what the server refuses is thrown with its code and place", async () => {
  const rows = client.rows("p", { where: "x >> 1" });
  const { sub } = newest().last("subscribe");
  newest().say({
    op: "error",
    sub,
    ref: "subscribe",
    code: "filter_invalid",
    message: "no",
    at: { line: 1, col: 4 },
    retryable: false,
  });

  await assert.rejects(rows.ready, { name: "SluiceError", code: "filter_invalid", at: { line: 1, col: 4 } });
  await assert.rejects(rows[Symbol.asyncIterator]().next(), SluiceError);
});

test("what may succeed later is tried again", () => {
  client.rows("p", { after: "x" });
  const { sub } = newest().last("subscribe");
  newest().say({ op: "error", sub, ref: "subscribe", code: "not_yet", message: "later", retryable: true });

  pass(250);

  assert.notEqual(newest().last("subscribe").sub, sub);
});

test("rows start again without a cursor that another log gave, events end", async () => {
  const rows = client.rows("p", { resume: "other" });
  const events = client.events("$all", { resume: "other" });
  for (const { op, sub } of [...newest().sent]) {
    if (op === "subscribe") {
      newest().say({ op: "error", sub, ref: "subscribe", code: "invalid_cursor", message: "no", retryable: false });
    }
  }

  assert.equal(newest().last("subscribe").resume, undefined);
  subscribed(rows);
  await assert.rejects(events.ready, { code: "invalid_cursor" });
});

test("a deleted projection ends the loop with an error", async () => {
  const { rows, sub } = view();
  const reader = rows[Symbol.asyncIterator]();
  const next = reader.next();
  newest().say({ op: "ended", sub, code: "projection_deleted", resume: "c1" });

  await assert.rejects(next, { code: "projection_deleted" });
});

test("a gap is told", async () => {
  const { rows, sub } = view({ mode: "every" });
  const next = rows[Symbol.asyncIterator]().next();
  newest().say({ op: "error", sub, code: "gap", from: "c1", to: "c5", message: "gap", retryable: false });

  assert.deepEqual((await next).value, { type: "gap", from: "c1", to: "c5" });
});

test("a filter is changed in place, and stays when the new one is refused", async () => {
  const { rows, sub } = view({ prefix: "a" });
  const refused = rows.change({ where: "x >>" });
  newest().say({ op: "error", sub, ref: "change", code: "filter_invalid", message: "no", retryable: false });
  await assert.rejects(refused, { code: "filter_invalid" });

  const changed = rows.change({ where: "x > 1", prefix: undefined });
  assert.deepEqual(newest().last("change"), { op: "change", sub, where: "x > 1", prefix: null });
  newest().say({ op: "subscribed", sub, resumed: "diff", generation: "g1" });
  await changed;
  newest().say({ op: "snapshot", sub, n: 1, rows: [["b", { x: 2 }]], cursor: "s" });
  newest().say({ op: "synced", sub, cursor: "c2" });

  assert.deepEqual([...rows.rows.keys()], ["b"]);
  newest().drop();
  pass(client.state.inMs);
  newest().welcome();
  assert.equal(newest().last("subscribe").where, "x > 1");
  assert.equal(newest().last("subscribe").prefix, undefined);
});

test("waits longer with each attempt, and as the server says after goodbye", () => {
  newest().say({ op: "goodbye", code: "drain", reconnectInMs: 1_830 });
  newest().drop(1001, "drain");
  assert.equal(client.state.inMs, 1_830);
  pass(1_830);

  const waits = Array.from({ length: 9 }, () => {
    newest().drop();
    const { inMs } = client.state;
    pass(inMs);
    return inMs;
  });

  assert.deepEqual(waits, [125, 250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
});

test("a failed attempt that only says error is one too", () => {
  newest().drop();
  pass(client.state.inMs);
  newest().onerror({});

  assert.equal(client.state.name, "waiting");
});

for (const code of [4400, 4401, 4403, 4406, 4413]) {
  test(`does not come back after ${code}`, async () => {
    const { rows } = view();
    const next = rows[Symbol.asyncIterator]().next();
    newest().drop(code, "no");

    assert.equal(client.state.name, "closed");
    await assert.rejects(next, { code: "closed" });
    pass(60_000);
    assert.equal(sockets.length, 1);
  });
}

test("calls the link dead when nothing comes for two and a half pings", () => {
  const { sub } = view();
  pass(60_000);
  newest().say({ op: "ping", t: 7 });
  assert.deepEqual(newest().last("pong"), { op: "pong", t: 7 });
  pass(62_000);
  assert.equal(client.state.name, "live");
  pass(500);

  assert.equal(client.state.name, "waiting");
  assert.equal(newest().closeCode, 1000);
  delta(sub, [["z", {}]], [], "late");
});

test("calls a server dead that does not welcome", () => {
  newest().drop();
  pass(client.state.inMs);
  pass(10_000);

  assert.equal(client.state.name, "waiting");
});

test("stays away while it is told to, and loops end when it is closed", async () => {
  const { rows } = view();
  const next = rows[Symbol.asyncIterator]().next();
  client.disconnect();
  pass(60_000);
  assert.equal(client.state.name, "held");
  assert.equal(sockets.length, 1);

  client.reconnect();
  newest().welcome();
  assert.equal(newest().last("subscribe").resume, "c1");
  client.close();

  assert.deepEqual(await next, { value: undefined, done: true });
  assert.throws(() => client.rows("p"), { code: "closed" });
});

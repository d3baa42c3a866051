/**
 * The client of Sluice's views and events, for browsers and Node: one socket, and subscriptions that outlive it. It speaks
 * `sluice.v1.json` (platform/docs/websocket.md) and depends on nothing. How to use it: platform/docs/client.md.
 *
 * A subscription goes on where it stood after every reconnect, so that nothing is lost or doubled. What its readers have not
 * taken yet keeps the server from sending more: at most one window of rows waits in memory. Members that begin with an
 * underscore are this module's own.
 */

const SUBPROTOCOL = "sluice.v1.json";
const DEFAULT_WINDOW = 1_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
const WELCOME_WITHIN_MS = 10_000;

/** A link that lived so long was a good one: the next delay is short again. */
const STEADY_MS = 5_000;
const PINGS_UNTIL_DEAD = 2.5;

/** Close codes after which trying again would end the same way. */
const FINAL_CLOSE_CODES = new Set([4400, 4401, 4403, 4406, 4413]);

/** What the server or this client refuses; `code` is one of platform/docs/errors.md, or `closed`. */
export class SluiceError extends Error {
  /** @param {string} code @param {string} message @param {{line: number, col: number}} [at] where in the expression */
  constructor(code, message, at) {
    super(message);
    this.name = "SluiceError";
    this.code = code;
    this.at = at;
  }
}

/**
 * @typedef {object} ConnectOptions
 * @property {typeof WebSocket} [WebSocket] where there is no global one (Node 20)
 * @property {string} [client] the name that the server is told
 */

/**
 * Connects, and stays connected until `close()`.
 *
 * @param {string | URL} [url] such as `http://127.0.0.1:8080`; in a browser the page's own server unless given
 * @param {ConnectOptions} [options]
 * @returns {Client}
 */
export function connect(url, options = {}) {
  return new Client(url, options);
}

/** A random part of a time that doubles with each attempt, so that not all come back at once. */
function delayMs(attempt) {
  return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}

function socketUrl(url) {
  const socket = new URL(url ?? "/", globalThis.location?.href);
  socket.protocol = socket.protocol.replace(/^http/, "ws");
  socket.pathname = socket.pathname === "/" ? "/v1/ws" : socket.pathname;
  return socket.href;
}

/**
 * One link to a server. Fires `state` (see `state`) and `problem` (`detail`: what went wrong without ending anything, such as
 * a filter that could not judge a row; a SluiceError).
 */
class Client extends EventTarget {
  /**
   * `connecting`, `live`, `waiting` for the next attempt in `inMs` because of `reason`, `held` after `disconnect()`, `closed`
   * (with `error` when the server will not have us).
   *
   * @type {{name: string, inMs?: number, reason?: string, error?: SluiceError}}
   */
  state = { name: "connecting" };

  /** @type {{subs?: number, window: number, maxFrame?: number}} */
  _limits = { window: DEFAULT_WINDOW };

  #url;
  #options;
  #socket = null;
  #subscriptions = new Set();
  #bySub = new Map();
  #lastSub = 0;
  #attempt = 0;
  #welcomedAt = null;
  #comeBackMs = null;
  #retry;
  #watchdog;
  #patienceMs = WELCOME_WITHIN_MS;
  #heardAt = 0;

  constructor(url, options) {
    super();
    this.#url = socketUrl(url);
    this.#options = { WebSocket: globalThis.WebSocket, client: "client.js", ...options };
    if (!this.#options.WebSocket) {
      throw new TypeError("found no WebSocket, expected a global one or options.WebSocket");
    }
    this.#open();
  }

  /**
   * The rows of a projection, and their changes.
   *
   * @param {string} projection
   * @param {RowsOptions} [options]
   * @returns {RowsSubscription}
   */
  rows(projection, options = {}) {
    return this.#add(new RowsSubscription(this, `projection:${projection}`, options));
  }

  /**
   * The events of a stream (`order-7`), of a category (`order-*` or `category:order`) or of all (`$all`).
   *
   * @param {string} of
   * @param {EventsOptions} [options]
   * @returns {EventsSubscription}
   */
  events(of, options = {}) {
    const to = of.endsWith("-*") ? `category:${of.slice(0, -2)}` : of;
    return this.#add(new EventsSubscription(this, `events:${to}`, options));
  }

  /** Cuts the link and stays away until `reconnect()`; subscriptions keep what they have. */
  disconnect() {
    if (this.state.name !== "closed") {
      this.#letGo();
      this.#become("held");
    }
  }

  /** Connects now, whatever it waits for. */
  reconnect() {
    if (!this.#socket && this.state.name !== "closed") {
      this.#attempt = 0;
      this.#open();
    }
  }

  /** Ends every subscription and the link. */
  close() {
    this.#end(undefined);
  }

  #add(subscription) {
    if (this.state.name === "closed") {
      throw new SluiceError("closed", "found a closed client, expected an open one");
    }
    this.#subscriptions.add(subscription);
    if (this.state.name === "live") {
      subscription._start();
    }
    return subscription;
  }

  #open() {
    clearTimeout(this.#retry);
    this.#become("connecting");
    const socket = new this.#options.WebSocket(this.#url, SUBPROTOCOL);
    const ifCurrent = (then) => (event) => socket === this.#socket && then(event);
    this.#socket = socket;
    socket.onopen = ifCurrent(() => this._send({ op: "hello", v: 1, client: this.#options.client }));
    socket.onmessage = ifCurrent((event) => this.#hear(JSON.parse(event.data)));
    socket.onclose = ifCurrent((event) => this.#lost(event.code, event.reason));
    socket.onerror = ifCurrent(() => this.#lost(1006, "connection failed"));
    this.#watch(WELCOME_WITHIN_MS);
  }

  #hear(frame) {
    this.#heardAt = performance.now();
    switch (frame.op) {
      case "welcome":
        this.#welcomedAt = this.#heardAt;
        this._limits = frame.limits;
        this.#watch(PINGS_UNTIL_DEAD * frame.ping);
        this.#become("live");
        this.#subscriptions.forEach((each) => each._start());
        break;
      case "ping":
        this._send({ op: "pong", t: frame.t });
        break;
      case "goodbye":
        this.#comeBackMs = frame.reconnectInMs;
        break;
      default:
        this.#route(frame);
    }
  }

  #route(frame) {
    const subscription = this.#bySub.get(frame.sub);
    if (subscription) {
      subscription._hear(frame);
    } else if (frame.op === "error" && frame.sub === undefined) {
      this._problem(new SluiceError(frame.code, frame.message, frame.at));
    }
  }

  #lost(code, reason) {
    const wasSteady = this.#welcomedAt !== null && performance.now() - this.#welcomedAt > STEADY_MS;
    this.#letGo();
    if (FINAL_CLOSE_CODES.has(code)) {
      this.#end(new SluiceError("closed", `the server closed the link with ${code}: ${reason}`));
      return;
    }
    this.#attempt = wasSteady ? 0 : this.#attempt;
    const inMs = this.#comeBackMs ?? delayMs(this.#attempt++);
    this.#comeBackMs = null;
    this.#retry = setTimeout(() => this.#open(), inMs);
    this.#become("waiting", { inMs, reason: reason || `closed with ${code}` });
  }

  #letGo() {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomedAt = null;
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#bySub.clear();
    this.#subscriptions.forEach((each) => each._stop());
    if (socket && socket.readyState < 2) {
      socket.close(1000);
    }
  }

  #end(error) {
    if (this.state.name !== "closed") {
      this.#letGo();
      this.#become("closed", { error });
      this.#subscriptions.forEach((each) => each._end(error));
      this.#subscriptions.clear();
    }
  }

  /** Calls the link dead when nothing has come for so long. */
  #watch(patienceMs) {
    clearTimeout(this.#watchdog);
    this.#patienceMs = patienceMs;
    this.#heardAt = performance.now();
    this.#watchdog = setTimeout(() => this.#look(), patienceMs);
  }

  #look() {
    const leftMs = this.#heardAt + this.#patienceMs - performance.now();
    if (leftMs > 0) {
      this.#watchdog = setTimeout(() => this.#look(), leftMs);
    } else {
      this.#lost(1006, `nothing heard for ${Math.round(this.#patienceMs)} ms`);
    }
  }

  #become(name, more = {}) {
    this.state = { name, ...more };
    this.dispatchEvent(new CustomEvent("state", { detail: this.state }));
  }

  _problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  _send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  /** A number that was never used before: what still comes for an older one is for nobody. */
  _claim(subscription) {
    this.#bySub.set(++this.#lastSub, subscription);
    return this.#lastSub;
  }

  _release(sub) {
    this.#bySub.delete(sub);
  }

  _forget(subscription) {
    this.#subscriptions.delete(subscription);
  }

  _isLive() {
    return this.state.name === "live";
  }
}

/** What one `for await` has not taken yet. */
class Reader {
  #items = [];
  #wake = null;
  #over = null;

  push(item) {
    this.#items.push(item);
    this.#wake?.();
  }

  end(error) {
    this.#over = { error };
    this.#wake?.();
  }

  /** The next item, null when there will be none. */
  async next() {
    while (this.#items.length === 0 && !this.#over) {
      await new Promise((resolve) => (this.#wake = resolve));
    }
    if (this.#items.length > 0) {
      return this.#items.shift();
    }
    if (this.#over.error) {
      throw this.#over.error;
    }
    return null;
  }

  drain() {
    return this.#items.splice(0);
  }
}

/** A subscription: it starts on every link, hands changes to its readers, and gives credit back for what they took. */
class Subscription {
  /** Behind the newest, as the server said last. @type {{events: number, ms?: number} | undefined} */
  lag;

  /** Resolved when it has what there was at the beginning, rejected when it ends before. @type {Promise<void>} */
  ready;

  _client;
  _request;
  #sub = 0;
  #readers = new Set();
  #waiting = 0;
  #owedRows = 0;
  #attempt = 0;
  #retry;
  #settle;
  #over = null;

  constructor(client, to, request) {
    this._client = client;
    this._request = { ...request, to };
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // who does not wait for it hears of the end from the iterator
  }

  /** Ends it, and the loops over it. */
  close() {
    this.#readers.forEach((reader) => reader.drain());
    this._send("unsubscribe");
    this._end(undefined);
  }

  _start() {
    // What came over the link before is taken first: the new link brings a whole window.
    if (this.#waiting > 0 || this.#over || this.#sub) {
      return;
    }
    this.#sub = this._client._claim(this);
    this.#owedRows = 0;
    this._send("subscribe", { ...this._request, resume: this._token });
    this._started();
  }

  _started() {}

  _stop() {
    clearTimeout(this.#retry);
    this._client._release(this.#sub);
    this.#sub = 0;
  }

  _send(op, members) {
    if (this.#sub) {
      this._client._send({ op, sub: this.#sub, ...members });
    }
  }

  _hear(frame) {
    this.lag = frame.lag ?? this.lag;
    if (frame.op === "error") {
      this._refused(frame, new SluiceError(frame.code, frame.message, frame.at));
    } else if (frame.op === "ended") {
      this._end(new SluiceError(frame.code, `the server ended the subscription: ${frame.code}`));
    } else {
      this.#attempt = 0;
      this._apply(frame);
    }
  }

  _refused(frame, error) {
    if (frame.ref !== "subscribe") {
      this._client._problem(error);
    } else if (frame.retryable) {
      this._stop();
      this.#retry = setTimeout(() => this._client._isLive() && this._start(), delayMs(this.#attempt++));
    } else {
      this._end(error);
    }
  }

  _reached() {
    this.#settle.resolve();
  }

  /** Hands a change to all readers; `rows` go back as credit when the last of them has taken it. */
  _emit(change, rows) {
    const item = { change, rows, holders: this.#readers.size };
    this.#waiting++;
    if (item.holders === 0) {
      this.#took(item);
    }
    this.#readers.forEach((reader) => reader.push(item));
  }

  #letGo(item) {
    if (--item.holders === 0) {
      this.#took(item);
    }
  }

  #took(item) {
    this.#waiting--;
    this.#owedRows += item.rows;
    const window = Math.min(this._request.window || DEFAULT_WINDOW, this._client._limits.window);
    if (this.#sub && this.#owedRows >= window / 2) {
      this._send("credit", { rows: this.#owedRows });
      this.#owedRows = 0;
    } else if (!this.#sub && this.#waiting === 0 && this._client._isLive()) {
      this._start();
    }
  }

  _reader() {
    const reader = new Reader();
    if (this.#over) {
      reader.end(this.#over.error);
    }
    this.#readers.add(reader);
    return reader;
  }

  /** What a reader has, item by item; each counts as taken when the next is asked for. */
  async *_read(reader) {
    try {
      for (let item = await reader.next(); item; item = await reader.next()) {
        try {
          yield item.change;
        } finally {
          this.#letGo(item);
        }
      }
    } finally {
      this.#readers.delete(reader);
      reader.drain().forEach((item) => this.#letGo(item));
    }
  }

  _end(error) {
    if (this.#over) {
      return;
    }
    this.#over = { error };
    this._stop();
    this._client._forget(this);
    this.#settle.reject(error ?? new SluiceError("closed", "the subscription was closed"));
    this.#readers.forEach((reader) => reader.end(error));
  }
}

/**
 * @typedef {object} RowsOptions
 * @property {string} [where] an expression over the columns
 * @property {string} [prefix] of keys
 * @property {string[]} [keys] only these
 * @property {string[]} [fields] only these columns
 * @property {string} [orderBy] with `limit`: the first rows of an order, such as `gross desc`; sorting them is the reader's
 * @property {number} [limit]
 * @property {"latest" | "every"} [mode] the newest value of each row (unless given), or each of its values
 * @property {number} [minInterval] at most one delta in so many milliseconds
 * @property {"number" | "string"} [numbers] `string` keeps the digits that a JavaScript number would lose
 * @property {string} [after] wait until the view has what this cursor (of an append) names
 * @property {string[]} [meta] `["at"]`: each delta says when its newest event was recorded
 * @property {number} [window] rows that may be under way, 1,000 unless given
 * @property {string} [resume] a `cursor` kept from before
 * @property {Iterable<[string, object]>} [rows] the rows kept with it
 */

/**
 * What changed. `subscribed`: the server took the subscription, `resumed` as `exact`, `diff` or `snapshot`. `delta`: `set` are
 * whole rows, `del` keys that are gone; with `more` the rows equal the view only after a later change. `synced`: they equal it
 * now, `del` had gone meanwhile. `reset`: another generation takes over, its rows follow up to `synced`. `gap`: with mode
 * `every`, changes between two cursors that the server no longer has. `checkpoint`: nothing for us, `cursor` and `lag` moved.
 *
 * @typedef {{type: "subscribed", resumed: string, generation: string}
 *   | {type: "delta", set: [string, object][], del: string[], more: boolean, conflated: number, at?: string}
 *   | {type: "synced", del: string[]}
 *   | {type: "reset", why: string, generation: string}
 *   | {type: "gap", from: string, to: string}
 *   | {type: "checkpoint"}} RowsChange
 */

/**
 * The rows of a projection in a Map that is kept current, also when nobody iterates. Iterating gives the changes from then on;
 * a slow loop slows the server down, not more.
 *
 * @implements {AsyncIterable<RowsChange>}
 */
class RowsSubscription extends Subscription {
  /** Rows by key. @type {Map<string, object>} */
  rows;

  /** Of the view, such as `g3`. @type {string | undefined} */
  generation;

  /** How it went on the last time: `exact`, `diff` or `snapshot`. @type {string | undefined} */
  resumed;

  _token;

  /** Keys that came since the rows began to be replaced, null when they are not being replaced. */
  #seen = null;

  /** A token in the middle of a diff leads the next link to believe that the rows are of one generation. */
  #isDiff = false;
  #changes = [];
  #isTaken = false;

  constructor(client, to, { resume, rows, ...request }) {
    super(client, to, request);
    this._token = resume;
    this.rows = new Map(rows);
  }

  /** Where `rows` stands, to resume from with these rows; undefined while they are being replaced. */
  get cursor() {
    return this.#seen ? undefined : this._token;
  }

  /**
   * Puts other rows in the place of these: what the options name is different from now on, the rest stays. Rows come and go up
   * to the next `synced`.
   *
   * @param {Pick<RowsOptions, "where" | "prefix" | "keys" | "fields" | "numbers" | "orderBy" | "limit" | "minInterval">} options
   *   undefined takes one away
   * @returns {Promise<void>} rejected when the server refuses; then all stays as it was
   */
  change(options) {
    return new Promise((resolve, reject) => {
      const change = { options, resolve, reject };
      this.#changes.push(change);
      this.#sendChange(change);
    });
  }

  [Symbol.asyncIterator]() {
    return this._read(this._reader());
  }

  #sendChange({ options }) {
    this._send("change", Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value ?? null])));
  }

  _started() {
    this.#isTaken = false;
    this.#changes.forEach((change) => this.#sendChange(change));
  }

  _apply(frame) {
    switch (frame.op) {
      case "subscribed":
        this.#subscribed(frame);
        break;
      case "snapshot":
        this.#set(frame.rows, [], this.#isDiff ? undefined : frame.cursor, { more: true });
        break;
      case "delta":
        this.#set(frame.set, frame.del, frame.to, frame);
        break;
      case "synced":
        this.#synced(frame.cursor);
        break;
      case "checkpoint":
        this._token = frame.cursor;
        this._emit({ type: "checkpoint" }, 0);
        break;
      case "reset":
        this.generation = frame.generation;
        this.#replace(true);
        this._emit({ type: "reset", why: frame.why, generation: frame.generation }, 0);
        break;
    }
  }

  #subscribed({ resumed, generation }) {
    if (this.#isTaken) {
      const change = this.#changes.shift();
      Object.assign(this._request, change.options);
      change.resolve();
    }
    this.#isTaken = true;
    this.resumed = resumed;
    this.generation = generation;
    this._emit({ type: "subscribed", resumed, generation }, 0);
    if (resumed !== "exact") {
      this.#replace(resumed === "diff");
    } else if (!this.#seen) {
      this._reached();
    }
  }

  #replace(isDiff) {
    this.#seen = new Set();
    this.#isDiff = isDiff;
    this._token = undefined;
  }

  #set(set, del, token, { more = false, conflated = 0, at }) {
    for (const [key, row] of set) {
      this.rows.set(key, row);
      this.#seen?.add(key);
    }
    const gone = del.filter((key) => this.rows.delete(key));
    this._token = token;
    this._emit({ type: "delta", set, del: gone, more, conflated, at }, set.length + del.length);
  }

  #synced(cursor) {
    const gone = this.#seen ? [...this.rows.keys()].filter((key) => !this.#seen.has(key)) : [];
    gone.forEach((key) => this.rows.delete(key));
    this.#seen = null;
    this._token = cursor;
    this._emit({ type: "synced", del: gone }, 0);
    this._reached();
  }

  _refused(frame, error) {
    if (frame.code === "gap") {
      this._emit({ type: "gap", from: frame.from, to: frame.to }, 0);
    } else if (frame.ref === "change") {
      this.#changes.shift()?.reject(error);
    } else if (frame.ref === "subscribe" && frame.code === "invalid_cursor" && this._token) {
      // The log is another one than the token is of: all rows come again, and what was there before goes with synced.
      this._stop();
      this._token = undefined;
      this._start();
    } else {
      super._refused(frame, error);
    }
  }

  _end(error) {
    super._end(error);
    this.#changes.splice(0).forEach((change) => change.reject(error ?? new SluiceError("closed", "closed")));
  }
}

/**
 * @typedef {object} EventsOptions
 * @property {string} [where] an expression over events
 * @property {string} [resume] a `cursor` kept from before; else `since`, else `last`, else from now on
 * @property {string} [since] a time of RFC 3339
 * @property {number} [last] so many events ago
 * @property {string[]} [meta] `["cursor"]` puts a cursor into each event
 * @property {number} [window] events that may be under way, 1,000 unless given
 */

/**
 * Events in order, each once: iterate it, once. Breaking out of the loop closes it.
 *
 * @implements {AsyncIterable<object>}
 */
class EventsSubscription extends Subscription {
  /** After the last event that the loop was done with, at the end of its frame. @type {string | undefined} */
  cursor;

  _token;
  #changes;

  constructor(client, to, { resume, ...request }) {
    super(client, to, request);
    this.cursor = resume;
    this._token = resume;
    this.#changes = this._read(this._reader());
  }

  async *[Symbol.asyncIterator]() {
    try {
      for await (const { events, cursor } of this.#changes) {
        yield* events;
        this.cursor = cursor;
      }
    } finally {
      this.close();
    }
  }

  _apply(frame) {
    const events = frame.op === "delta" ? frame.set.map(([, event]) => event) : [];
    const token = frame.op === "delta" ? frame.to : frame.cursor;
    if (frame.op === "subscribed") {
      this._reached();
    }
    if (token) {
      this._token = token;
      this._emit({ events, cursor: token }, events.length);
    }
  }
}

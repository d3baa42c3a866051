/** The page /play: one projection's rows as they change, over the client that everybody else uses. */

import { connect } from "/client.js";
import { RowTable } from "/play/table.js";

const TICK_MS = 500;

/** The form says something else by now. */
const OVERTAKEN = Symbol("overtaken");
const STATES = {
  connecting: "connecting",
  live: "live",
  waiting: "reconnecting",
  held: "cut off",
  closed: "closed",
};

const [projection, where, refusal, link, empty] = ["projection", "where", "refusal", "link", "empty"].map(byId);
const table = new RowTable(document.querySelector("table"));
const client = connect(undefined, { client: "play" });

/** The subscription on the screen, and the one that may take its place. */
let current = null;
let wanted = null;
let shown = {};
let comesBackAt = null;
let newestAt = null;
let changes = [0, 0, 0];

function byId(id) {
  return document.getElementById(id);
}

function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

async function listProjections() {
  const answer = await fetch("/v1/projections?limit=1000");
  const names = (await answer.json()).projections.map(({ name }) => name);
  const chosen = projection.value || decodeURIComponent(location.hash.slice(1));
  projection.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  empty.hidden = names.length > 0;
  empty.textContent = "There is no projection yet. Make one with: sluice projections apply FILE";
  if (!current && names.length > 0) {
    await watch();
  }
}

/** Watches what the form says; what is on the screen stays until the server has agreed. */
async function watch() {
  const name = projection.value;
  const expression = where.value.trim() || undefined;
  wanted?.close();
  wanted = null;
  try {
    if (!current || name !== shown.name) {
      await watchAnother(name, expression);
    } else if (expression !== shown.expression) {
      await current.change({ where: expression });
    }
    shown = { name, expression };
    accept();
  } catch (error) {
    if (error !== OVERTAKEN) {
      refuse(error);
    }
  }
}

async function watchAnother(name, expression) {
  const next = client.rows(name, { where: expression, meta: ["at"] });
  wanted = next;
  try {
    await next.ready;
  } catch (error) {
    throw next === wanted ? error : OVERTAKEN;
  }
  wanted = null;
  current?.close();
  current = next;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  table.forget();
  table.show(next.rows);
  follow(next);
}

async function follow(rows) {
  newestAt = null;
  try {
    for await (const change of rows) {
      if (change.type === "delta") {
        changes[0] += change.set.length + change.del.length;
        newestAt = change.at ?? newestAt;
        table.changed(change.set.map(([key]) => key));
      } else {
        table.draw();
      }
    }
  } catch (error) {
    if (rows === current) {
      current = null;
      refuse(error);
    }
  }
}

/** The server's message shows the expression and points into it. */
function refuse({ message, at }) {
  refusal.textContent = message;
  refusal.hidden = false;
  where.ariaInvalid = at ? "true" : null;
}

function accept() {
  refusal.hidden = true;
  where.ariaInvalid = null;
}

function showState({ name, inMs, error }) {
  comesBackAt = inMs === undefined ? null : performance.now() + inMs;
  document.querySelector(".state").dataset.state = name;
  // While it tries again and again, a screen reader hears of it once.
  say("state", name === "connecting" && current ? STATES.waiting : STATES[name]);
  say("link", name === "held" ? "Reconnect" : "Cut the network");
  if (error) {
    refuse(error);
  }
  tick();
}

function tick() {
  const leftMs = comesBackAt === null ? 0 : comesBackAt - performance.now();
  say("countdown", leftMs > 0 ? `in ${(leftMs / 1000).toFixed(1)} s` : "");
  say("rate", (changes[1] + changes[2]).toLocaleString("en"));
  say("lag", lag());
  say("count", (current?.rows.size ?? 0).toLocaleString("en"));
  say("generation", current?.generation ?? "–");
  say("resumed", current?.resumed ?? "–");
}

/** Of the newest change while they come, else what the server says. */
function lag() {
  if (!current || client.state.name !== "live") {
    return "–";
  }
  const isMoving = changes[1] + changes[2] > 0 && newestAt;
  const ms = isMoving ? Math.max(0, Date.now() - Date.parse(newestAt)) : (current.lag?.ms ?? 0);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

client.addEventListener("state", ({ detail }) => {
  showState(detail);
  if (detail.name === "live") {
    listProjections().catch(refuse);
  }
});
client.addEventListener("problem", ({ detail }) => refuse(detail));
link.addEventListener("click", () => (client.state.name === "held" ? client.reconnect() : client.disconnect()));
byId("wanted").addEventListener("submit", (event) => {
  event.preventDefault();
  watch();
});
projection.addEventListener("change", () => {
  where.value = "";
  watch();
});
setInterval(() => {
  changes = [0, changes[0], changes[1]];
  tick();
}, TICK_MS);
showState(client.state);

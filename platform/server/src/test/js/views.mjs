/**
 * A program with several subscriptions that is told what to do, a line of JSON each, and tells what it holds. Driven by
 * NodeClientIT: node views.mjs CLIENT-MODULE URL '{"name":{options}}'
 */

import { createInterface } from "node:readline";

const [module, url, wanted] = process.argv.slice(2);
const { connect } = await import(module);
const client = connect(url);
const views = Object.entries(JSON.parse(wanted)).map(([name, options]) => watch(name, options));
const events = client.events("order-*", { since: "2000-01-01T00:00:00Z" });
const positions = [];
let paceMs = 0;

const commands = {
  disconnect: () => client.disconnect(),
  reconnect: () => client.reconnect(),
  pace: ({ ms }) => (paceMs = ms),
  change: ({ name, options }) => views.find((view) => view.name === name).rows.change(options),
  report: () =>
    console.log(
      JSON.stringify({
        views: Object.fromEntries(views.map(({ name, rows }) => [name, Object.fromEntries(rows.rows)])),
        replayed: Object.fromEntries(views.map(({ name, replayed }) => [name, Object.fromEntries(replayed)])),
        positions,
        resumed: views[0].resumed,
        links,
      }),
    ),
};

let links = 0;
client.addEventListener("state", ({ detail }) => (links += detail.name === "live" ? 1 : 0));

/** Keeps a second copy of the rows that is made of nothing but the changes. */
function watch(name, options) {
  const rows = client.rows("by-customer", options);
  const view = { name, rows, replayed: new Map(), resumed: { exact: 0, diff: 0, snapshot: 0 } };
  follow(view, rows);
  return view;
}

async function follow({ name, replayed, resumed }, rows) {
  for await (const change of rows) {
    change.set?.forEach(([key, row]) => replayed.set(key, row));
    change.del?.forEach((key) => replayed.delete(key));
    if (change.type === "subscribed") {
      resumed[change.resumed]++;
    }
    if (name === "slow" && paceMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => client.close());

for await (const event of events) {
  positions.push(event.position);
}

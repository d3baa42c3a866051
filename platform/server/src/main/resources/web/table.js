/**
 * A Map of rows as a table: the first rows of an order, drawn at most once for each frame of the screen and in a quarter of the
 * time at most, however fast rows change. What changed is lit for a moment.
 */

const SHOWN = 200;
const LIT_MS = 700;
const REST_FOR_EACH_MS_OF_DRAWING = 3;
const KEY = "key";

export class RowTable {
  #head;
  #body;
  #caption;
  #rows = new Map();
  #columns = [KEY];
  #numeric = new Set();
  #order = { column: KEY, isDescending: false };
  #lines = new Map();
  #changed = new Set();
  #lit = new Map();
  #isDue = false;
  #restUntil = 0;

  /** @param {HTMLTableElement} table with a caption, a row for the columns, a body */
  constructor(table) {
    this.#head = table.tHead.rows[0];
    this.#body = table.tBodies[0];
    this.#caption = table.caption;
  }

  /** Shows another Map from now on, with the columns and in the order of the one before. */
  show(rows) {
    this.#rows = rows;
    this.draw();
  }

  /** Forgets columns and order: what follows are rows of another kind. */
  forget() {
    this.#columns = [KEY];
    this.#numeric.clear();
    this.#order = { column: KEY, isDescending: false };
    this.#changed.clear();
    this.#clear();
    this.#drawHead();
  }

  /** These rows are not as they were. */
  changed(keys) {
    keys.forEach((key) => this.#changed.add(key));
    this.draw();
  }

  /** Draws soon. */
  draw() {
    if (!this.#isDue) {
      this.#isDue = true;
      const restMs = this.#restUntil - performance.now();
      const inFrame = () => requestAnimationFrame(() => this.#draw());
      restMs > 0 ? setTimeout(inFrame, restMs) : inFrame();
    }
  }

  #draw() {
    const begun = performance.now();
    this.#isDue = false;
    const first = this.#first();
    if (this.#learn(first)) {
      this.#clear();
      this.#drawHead();
    }
    this.#drawLines(first, begun);
    this.#caption.textContent = this.#said(first.length);
    const now = performance.now();
    this.#restUntil = now + (now - begun) * REST_FOR_EACH_MS_OF_DRAWING;
  }

  /** The rows that come first in the order: one pass over all, no sorting of what is not shown. */
  #first() {
    const first = [];
    for (const entry of this.#rows) {
      if (first.length < SHOWN || this.#compare(entry, first[SHOWN - 1]) < 0) {
        let low = 0;
        for (let high = first.length; low < high; ) {
          const middle = (low + high) >> 1;
          this.#compare(entry, first[middle]) < 0 ? (high = middle) : (low = middle + 1);
        }
        first.splice(low, 0, entry);
        first.length = Math.min(first.length, SHOWN);
      }
    }
    return first;
  }

  #compare(left, right) {
    const { column, isDescending } = this.#order;
    const a = value(left, column);
    const b = value(right, column);
    if (a === b) {
      return left[0] < right[0] ? -1 : 1;
    }
    if (a === null || b === null) {
      return a === null ? 1 : -1; // what has no value comes last in either direction
    }
    return a < b === isDescending ? 1 : -1;
  }

  /** Whether columns came that were not known before. */
  #learn(entries) {
    const before = this.#columns.length + this.#numeric.size;
    for (const [, row] of entries) {
      for (const [name, value] of Object.entries(row)) {
        if (!this.#columns.includes(name)) {
          this.#columns.push(name);
        }
        if (typeof value === "number") {
          this.#numeric.add(name);
        }
      }
    }
    return this.#columns.length + this.#numeric.size > before;
  }

  #clear() {
    this.#body.replaceChildren();
    this.#lines.clear();
    this.#lit.clear();
  }

  #drawHead() {
    this.#head.replaceChildren(
      ...this.#columns.map((name) => {
        const cell = document.createElement("th");
        const button = document.createElement("button");
        cell.scope = "col";
        cell.classList.toggle("number", this.#numeric.has(name));
        button.type = "button";
        button.textContent = name;
        button.addEventListener("click", () => this.#sortBy(name));
        cell.append(button);
        return cell;
      }),
    );
    this.#sayOrder();
  }

  #sortBy(column) {
    const isSame = column === this.#order.column;
    this.#order = { column, isDescending: isSame ? !this.#order.isDescending : this.#numeric.has(column) };
    this.#sayOrder();
    this.draw();
  }

  #sayOrder() {
    this.#columns.forEach((name, i) => {
      const sorted = this.#order.isDescending ? "descending" : "ascending";
      this.#head.cells[i].ariaSort = name === this.#order.column ? sorted : null;
    });
  }

  #drawLines(entries, now) {
    const gone = new Map(this.#lines);
    entries.forEach(([key]) => gone.delete(key));
    for (const [key, line] of gone) {
      line.element.remove();
      this.#lines.delete(key);
      this.#lit.delete(line);
    }
    entries.forEach(([key, row], i) => {
      const line = this.#lines.get(key) ?? this.#newLine(key);
      if (line.row !== row) {
        line.row = row;
        this.#fill(line);
        if (this.#changed.has(key)) {
          line.element.classList.add("changed");
          this.#lit.set(line, now + LIT_MS);
        }
      }
      if (this.#body.children[i] !== line.element) {
        this.#body.insertBefore(line.element, this.#body.children[i] ?? null);
      }
    });
    this.#changed.clear();
    this.#darken(now);
  }

  #newLine(key) {
    const element = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = key;
    element.append(head);
    for (const name of this.#columns.slice(1)) {
      const cell = document.createElement("td");
      cell.classList.toggle("number", this.#numeric.has(name));
      element.append(cell);
    }
    const line = { element, row: null };
    this.#lines.set(key, line);
    return line;
  }

  #fill({ element, row }) {
    this.#columns.slice(1).forEach((name, i) => {
      const cell = element.cells[i + 1];
      const text = shown(row[name]);
      if (cell.textContent !== text) {
        cell.textContent = text;
        cell.classList.toggle("nothing", (row[name] ?? null) === null);
      }
    });
  }

  #darken(now) {
    for (const [line, until] of this.#lit) {
      if (until <= now) {
        line.element.classList.remove("changed");
        this.#lit.delete(line);
      }
    }
    if (this.#lit.size > 0) {
      setTimeout(() => this.draw(), LIT_MS / 2);
    }
  }

  #said(shown) {
    const { column, isDescending } = this.#order;
    const number = (count) => count.toLocaleString("en");
    return `${number(shown)} of ${number(this.#rows.size)} rows, by ${column}, ${isDescending ? "highest" : "lowest"} first`;
  }
}

function value([key, row], column) {
  return column === KEY ? key : (row[column] ?? null);
}

function shown(value) {
  return value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

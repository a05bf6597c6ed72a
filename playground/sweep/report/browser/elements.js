// Makes elements and numbers for people. Texts become text nodes, always: nothing that a model said
// is read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (`on` has listeners, null and false leave one out) and children. */
function make(space, name, attributes, children) {
  const made = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "on") {
      for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(key, value === true ? "" : String(value));
    }
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return made;
}

const el = (name, attributes, ...children) => make("", name, attributes, children);
const svg = (name, attributes, ...children) => make(SVG, name, attributes, children);

/** A text of a model's or a person's, in its own direction. */
const told = (text, attributes) => el("bdi", attributes, text);

/** The same inside of a sentence of ours, where there are no elements: between isolates. */
const isolated = (text) => `\u2068${text}\u2069`;

/** A drop-down list of `[value, text]` pairs under its name. */
function choice(name, pairs, chosen, act, key) {
  const options = pairs.map(([value, text]) =>
    el("option", { value, selected: String(value) === String(chosen) }, text));
  const select = el("select", { "data-focus": key, on: { change: () => act(select.value) } }, options);
  return el("label", { class: "choice" }, el("span", {}, name), select);
}

/** Names and values, one under the other. */
function pairs(rows) {
  return el("dl", {}, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** A number with three significant digits; a dash where there is none. */
function short(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return size < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** A number as it was given. */
const exact = (value) => (value === null || value === undefined ? "–" : String(value));

const seconds = (value) => (value === null || value === undefined ? null : `${short(value)} s`);

const count = (number, one, many = `${one}s`) =>
  `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;

/**
 * Let arrow keys move among the rows of `grid`, which together are one stop of the Tab key; Enter
 * and the space bar do what a click does.
 */
function walkable(grid) {
  const all = grid.flat().filter(Boolean);
  if (!all.length) return;
  let at = all.find((item) => item.getAttribute("aria-current")) ?? all[0];
  for (const item of all) item.setAttribute("tabindex", item === at ? "0" : "-1");
  const go = (item) => {
    at.setAttribute("tabindex", "-1");
    at = item;
    at.setAttribute("tabindex", "0");
    at.focus();
  };
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  grid.forEach((row, line) => row.forEach((item, place) => {
    item?.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        item.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: event.shiftKey }));
        return;
      }
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      // Over what is not there, to the next that is.
      for (let y = line + step[0], x = place + step[1]; grid[y] && x >= 0 && x < grid[y].length;
        y += step[0], x += step[1]) {
        if (grid[y][x]) { go(grid[y][x]); return; }
      }
    });
  }));
}

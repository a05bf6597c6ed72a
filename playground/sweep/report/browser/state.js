// What is looked at: kept in the address (`#metric=entropy&cell=3&hold.top_p=1`), so that it can be
// linked to. `hold.NAME` is the place of the one value of a dimension that is shown.

const PREFERRED = ["exact", "numeric", "entropy", "distinct-2", "unique", "length"];

const first = (wanted, there) => wanted.find((name) => there(name));

const DEFAULTS = {
  metric: first(PREFERRED, (name) => metrics.has(name)) ?? head.metrics[0]?.name ?? "",
  axis: (dimensions.find((one) => one.numeric) ?? dimensions[0])?.key ?? "",
  across: dimensions[0]?.key ?? "",
  down: dimensions[1]?.key ?? "",
  cell: null,
  with: null,
  sort: "cell",
  order: "up",
  page: 0,
};

const state = { ...DEFAULTS, hold: {} };

const numberIn = (text, there) => {
  const number = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  return there(number) ? number : null;
};

/** Take what the address says; what makes no sense is as if it were not said. */
function readState() {
  const said = new URLSearchParams(location.hash.slice(1));
  const named = (name, there) => (there(said.get(name)) ? said.get(name) : DEFAULTS[name]);
  state.metric = named("metric", (name) => metrics.has(name));
  for (const name of ["axis", "across", "down"]) state[name] = named(name, dimension);
  if (state.across === state.down) {
    state.down = dimensions.find((one) => one.key !== state.across)?.key ?? "";
  }
  for (const name of ["cell", "with"]) state[name] = numberIn(said.get(name), (n) => placeOf.has(n));
  state.sort = named("sort", (name) => name === "cell" || metrics.has(name) || dimension(name)
    || name === "samples");
  state.order = said.get("order") === "down" ? "down" : "up";
  state.page = numberIn(said.get("page"), Number.isInteger) ?? 0;
  state.hold = {};
  for (const one of dimensions) {
    const place = numberIn(said.get(`hold.${one.key}`), (n) => n < one.values.length);
    if (place !== null) state.hold[one.key] = place;
  }
}

function writeState() {
  const said = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (state[name] !== usual && state[name] !== null) said.set(name, state[name]);
  }
  for (const [key, place] of Object.entries(state.hold)) said.set(`hold.${key}`, place);
  history.replaceState(null, "", `#${said}`);
}

/** The cells that are not held out of view. */
const inView = () => {
  const held = Object.entries(state.hold).map(([key, place]) => [dimension(key), place]);
  return cells.filter((cell) => held.every(([one, place]) => one.of(cell) === one.values[place]));
};

/** The dimensions that still vary in view, but for these. */
const open = (...without) =>
  dimensions.filter((one) => !(one.key in state.hold) && !without.includes(one.key));

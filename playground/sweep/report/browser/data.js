// What came of the sweep, as `content.py` wrote it, and how its cells lie along each dimension.

const read = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);

const head = read("head");
const cells = read("cells");
const placeOf = new Map(cells.map((cell, place) => [cell.number, place]));
const metrics = new Map(head.metrics.map((metric, place) => [metric.name, { ...metric, place }]));

let kept = null;
/** The answers of a cell, by its place; what is large is read when it is first wanted. */
const answersAt = (place) => (kept ??= read("answers"))[place] ?? [];

/** Value, low, high, count, reason and note of a metric in a cell. */
function figure(cell, name) {
  const found = cell.figures[metrics.get(name)?.place];
  if (!found) return { value: null, low: null, high: null, count: 0, reason: "", note: "" };
  const [value, low, high, number, reason, note] = found;
  return { value, low, high, count: number, reason, note };
}

/** Where the value may lie: `0.47 to 0.75`. */
const interval = (found) => `${short(found.low)} to ${short(found.high)}`;

/** A value with its interval and its note, for people: `0.61 (0.47 to 0.75)`. */
function spoken(found) {
  if (found.value === null) return found.reason || "no value";
  const note = found.note ? `, ${found.note}` : "";
  return (found.low === null ? short(found.value) : `${short(found.value)} (${interval(found)})`) + note;
}

/** What is said beside a metric's values, with how many of them each is of unless of all. */
function notesOf(name, found) {
  const notes = found.map((cell) => figure(cell, name)).filter((one) => one.value !== null);
  const often = new Map();
  for (const { note } of notes) if (note) often.set(note, (often.get(note) ?? 0) + 1);
  return [...often].sort((a, b) => b[1] - a[1]).map(([note, number]) =>
    (number === notes.length ? note : `${note} (${number} of ${count(notes.length, "cell")})`));
}

const MOST_NOTES = 10;

/** The same as a paragraph under a picture or the table; null where nothing is said. */
function notesUnder(names, found) {
  const said = names.flatMap((name) =>
    notesOf(name, found).map((text) => `* ${metrics.get(name).title}: ${text}.`));
  if (said.length > MOST_NOTES) said.splice(MOST_NOTES, Infinity, "* … and more.");
  return said.length ? el("p", { class: "quiet" }, said.join(" ")) : null;
}

/** A name for each of several things that may share one. */
function unlike(names) {
  const often = new Map();
  for (const name of names) often.set(name, (often.get(name) ?? 0) + 1);
  return names.map((name, place) => (often.get(name) > 1 ? `${name} (${place + 1})` : name));
}

const modelNames = head.models.map((model) => model.name);
const promptNames = unlike(head.prompts.map((prompt) => prompt.label));

/** What cells differ in: models, prompts, and each knob; only what has more than one value. */
const dimensions = [
  ...head.axes.map((axis, place) => ({
    key: axis.name, name: axis.name, numeric: axis.numeric, log: axis.log, knob: true,
    of: (cell) => cell.values[place], text: (value) => exact(value),
  })),
  { key: "prompt", name: "prompt", of: (cell) => cell.prompt, text: (value) => promptNames[value] },
  { key: "model", name: "model", of: (cell) => cell.model, text: (value) => modelNames[value] },
].map((one) => {
  const values = [...new Set(cells.map(one.of))];
  if (one.numeric || !one.knob) values.sort((a, b) => a - b);
  return { numeric: false, log: false, knob: false, ...one, values };
}).filter((one) => one.values.length > 1);

const dimension = (key) => dimensions.find((one) => one.key === key);

/** Where a cell lies along some dimensions, in a line. */
const lying = (cell, along) => along.map((one) => {
  const text = one.text(one.of(cell));
  return one.numeric ? `${one.name} ${text}` : one.knob ? `${one.name} ${isolated(text)}`
    : isolated(text);
}).join(", ");

/** The settings of a cell in a line: what tells it from the others. */
const settings = (cell) => lying(cell, dimensions);

/** A metric for people, with its unit. */
function title(name) {
  const metric = metrics.get(name);
  if (!metric) return "";
  return metric.unit ? `${metric.title} (${metric.unit})` : metric.title;
}

/** The same over several cells: with a mark where something is said beside it. */
const titleOver = (name, found) => title(name) + (notesOf(name, found).length ? " *" : "");

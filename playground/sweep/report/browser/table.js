// Every cell in view with all its figures, sorted by any column.

const ROWS = 100;

function columnsOf() {
  // The metric that is looked at comes first: there are more than fit a screen.
  const ranked = [...head.metrics].sort((a, b) =>
    (b.name === state.metric) - (a.name === state.metric));
  return [
    { key: "cell", name: "cell", right: true, of: (cell) => cell.number },
    ...dimensions.map((one) => ({
      key: one.key, name: one.name, right: one.numeric,
      of: (cell) => (one.numeric ? one.of(cell) : one.values.indexOf(one.of(cell))),
      show: (cell) => (one.knob ? one.text(one.of(cell)) : told(one.text(one.of(cell)))),
    })),
    { key: "samples", name: "answers", right: true, of: (cell) => cell.samples,
      show: (cell) => [`${cell.answers}/${cell.samples}`, cell.failed
        ? el("span", { class: "bad" }, ` +${cell.failed} failed`) : null],
      hint: "different answers / answers" },
    ...ranked.map((metric) => ({
      key: metric.name, name: metric.title, right: true, metric,
      hint: `${metric.meaning}${metric.unit ? `, in ${metric.unit}` : ""}`,
      of: (cell) => figure(cell, metric.name).value,
      show: (cell) => shownFigure(figure(cell, metric.name)),
    })),
  ];
}

/** A value with its interval. */
function shownFigure(found) {
  if (found.value === null) return el("span", { class: "quiet", title: found.reason }, "–");
  return [short(found.value), found.low === null ? null
    : el("span", { class: "quiet" }, ` (${interval(found)})`),
  found.note ? el("span", { title: found.note }, "*") : null];
}

function sorted(found, column) {
  const way = state.order === "down" ? -1 : 1;
  const known = found.map((cell) => [column.of(cell), cell]);
  known.sort(([a, one], [b, two]) => {
    if (a === null || b === null) return (a === null) - (b === null) || one.number - two.number;
    return way * (a - b) || one.number - two.number;
  });
  return known.map(([, cell]) => cell);
}

function drawTable() {
  const columns = columnsOf();
  const column = columns.find((one) => one.key === state.sort) ?? columns[0];
  const found = sorted(inView(), column);
  const pages = Math.max(1, Math.ceil(found.length / ROWS));
  const page = Math.min(state.page, pages - 1);
  const heads = columns.map((one) => {
    const mine = one.key === column.key;
    const down = mine && state.order === "down";
    return el("th", { scope: "col", class: one.right ? "right" : null,
      "aria-sort": mine ? (down ? "descending" : "ascending") : null },
    el("button", { type: "button", title: one.hint, "data-focus": `sort-${one.key}`,
      on: { click: () => update({ sort: one.key, page: 0,
        order: mine && state.order === "up" ? "down" : "up" }) } },
    one.name, el("span", { class: "arrow", "aria-hidden": "true" }, mine ? (down ? "▼" : "▲") : "")));
  });
  const body = found.slice(page * ROWS, (page + 1) * ROWS).map((cell) =>
    el("tr", { "data-cell": cell.number, on: { click: (event) => {
      if (!getSelection().toString()) openCell(cell.number, event.shiftKey);
    } } }, columns.map((one) => el("td", { class: [one.right ? "right" : "",
      one.key === state.metric ? "chosen" : ""].join(" ").trim() || null },
    one.key === "cell" ? el("button", { type: "button", class: "link",
      "aria-label": `open cell ${cell.number}` }, String(cell.number)) : one.show(cell)))));
  return [
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of cells" },
      el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, body))),
    notesUnder([...metrics.keys()], found),
    pages > 1 ? el("p", { class: "controls" },
      turn("‹ before", page > 0, page - 1),
      `${(page * ROWS + 1).toLocaleString("en-US")} to `
      + `${Math.min((page + 1) * ROWS, found.length).toLocaleString("en-US")} of `
      + `${found.length.toLocaleString("en-US")}`,
      turn("next ›", page + 1 < pages, page + 1)) : null,
  ];
}

const turn = (name, able, page) => el("button", { type: "button", disabled: !able,
  "data-focus": name, on: { click: () => update({ page }) } }, name);

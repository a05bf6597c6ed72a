// The answers of one cell.

const SHOWN_AT_ONCE = 50, MOST_BARS = 6;

function drawAnswers() {
  const place = placeOf.get(state.cell);
  if (place === undefined) {
    return [el("p", { class: "quiet" },
      "Choose a cell in a picture or in the table to read its answers here.")];
  }
  const cell = cells[place], answers = answersAt(place);
  const order = inView();
  const at = order.indexOf(cell);
  const step = (name, to) => el("button", { type: "button", disabled: !to,
    "data-focus": name, on: { click: () => update({ cell: to.number }) } }, name);
  return [
    el("p", { class: "controls" }, step("‹ cell before", order[at - 1]),
      step("next cell ›", order[at + 1]),
      el("button", { type: "button", "data-focus": "beside", on: { click: () =>
        update({ with: state.with === cell.number ? null : cell.number }) } },
      state.with === cell.number ? "compare with none" : "compare others with this")),
    el("h3", { id: "cell-title", tabindex: -1 }, `Cell ${cell.number}`,
      dimensions.length ? `: ${settings(cell)}` : null),
    el("p", { class: "quiet" }, counted(cell, answers)),
    head.prompts.length > 1 ? el("details", {}, el("summary", {}, "the prompt"),
      promptOf(head.prompts[cell.prompt])) : null,
    figuresOf(cell),
    barsOf(answers),
    cards(answers),
  ];
}

function counted(cell, answers) {
  const unlike = cell.samples < 2 ? "" : cell.answers === 1 ? ", all the same"
    : cell.answers === cell.samples ? ", all different" : `, ${cell.answers} different`;
  const parts = [`${count(cell.samples, "answer")}${unlike}`];
  if (cell.failed) parts.push(`${cell.failed} failed`);
  const missing = cell.samples + cell.failed - answers.length;
  if (missing > 0) parts.push(`the first ${answers.length} are on this page`);
  return `${parts.join("; ")}.`;
}

function figuresOf(cell) {
  const known = head.metrics.filter((_, place) => cell.figures[place]);
  return el("details", { class: "figures" }, el("summary", {}, metrics.has(state.metric)
    ? `${title(state.metric)}: ${spoken(figure(cell, state.metric))}` : "figures"),
  pairs(known.map((metric) => {
    const found = figure(cell, metric.name);
    return [title(metric.name), [spoken(found), found.value !== null && found.reason
      ? el("span", { class: "quiet" }, ` – ${found.reason}`) : null]];
  })));
}

/** How often each text came, where one came twice. */
function barsOf(answers) {
  const often = new Map();
  for (const answer of answers) {
    if (!answer.error) often.set(answer.text, (often.get(answer.text) ?? 0) + 1);
  }
  const most = Math.max(0, ...often.values());
  if (most < 2) return null;
  const ranked = [...often].sort((a, b) => b[1] - a[1]);
  return el("table", { class: "bars" }, el("caption", {}, "How often each answer came"),
    el("tbody", {}, ranked.slice(0, MOST_BARS).map(([text, times]) => el("tr", {},
      el("td", { class: "right" }, `${times}×`),
      el("td", {}, svg("svg", { width: 60, height: 10, "aria-hidden": "true" },
        svg("rect", { class: "s0", width: Math.max(1, 60 * times / most), height: 10 }))),
      el("td", { class: "said" }, told(clipped(text.trim(), 60) || "(empty)")))),
    ranked.length > MOST_BARS ? el("tr", {}, el("td", { colspan: 3, class: "quiet" },
      `and ${ranked.length - MOST_BARS} more`)) : null));
}

function cards(answers) {
  const seen = new Map();
  const made = (answer) => {
    const same = answer.error || !answer.text ? undefined : seen.get(answer.text);
    if (same === undefined) seen.set(answer.text, answer.sample);
    return card(answer, same);
  };
  const list = el("div", { class: "cards" }, answers.slice(0, SHOWN_AT_ONCE).map(made));
  let shown = SHOWN_AT_ONCE;
  if (answers.length <= shown) return list;
  const more = el("button", { type: "button", on: { click: () => {
    list.append(...answers.slice(shown, shown + SHOWN_AT_ONCE).map(made));
    shown += SHOWN_AT_ONCE;
    if (shown >= answers.length) more.remove();
  } } }, "more answers");
  return [list, more];
}

function card(answer, same) {
  return el("article", {},
    el("h4", {}, `Answer ${answer.sample}`, same === undefined ? null
      : el("span", { class: "quiet" }, ` the same as answer ${same}`)),
    answer.error ? el("p", { class: "bad" }, told(answer.error)) : null,
    answer.text || !answer.error ? textOf(answer) : null,
    el("p", { class: "quiet facts" }, factsOf(answer)));
}

function textOf(answer, shared = null) {
  const { text } = answer;
  if (!text && !answer.cut) return el("p", { class: "quiet" }, "(an empty answer)");
  const parts = shared === null ? [text]
    : [text.slice(0, shared), el("mark", {}, text.slice(shared))];
  return el("div", {}, el("pre", { dir: "auto" }, parts), answer.cut
    ? el("p", { class: "quiet" }, `… ${answer.cut.toLocaleString("en-US")} characters more`) : null);
}

function factsOf(answer) {
  const cost = answer.cost ? `$${answer.cost.toPrecision(3)}` : null;
  const tokens = answer.output === null ? null
    : `${answer.input ?? "?"} → ${count(answer.output, "token")}`;
  return [`seed ${answer.seed}`, `run ${answer.run}`, tokens,
    answer.first === null ? null : `first token ${seconds(answer.first)}`,
    answer.total === null ? null : `in all ${seconds(answer.total)}`,
    cost, answer.reason && answer.reason !== "stop" ? `ended by ${answer.reason}` : null,
    answer.state !== "done" ? answer.state : null,
    answer.tries > 1 ? `${answer.tries} tries` : null,
    answer.file ? `from the file with SHA-256 ${answer.file}` : null].filter(Boolean).join(" · ");
}

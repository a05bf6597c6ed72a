// Two cells side by side: settings, figures, and their answers by number, which share their dice.

function drawComparison() {
  const one = cells[placeOf.get(state.with)], two = cells[placeOf.get(state.cell)];
  if (!one || !two || one === two) return [];
  const differ = dimensions.filter((each) => each.of(one) !== each.of(two));
  const swap = el("p", { class: "controls" },
    el("button", { type: "button", "data-focus": "swap",
      on: { click: () => update({ cell: one.number, with: two.number }) } }, "exchange"),
    el("button", { type: "button", on: { click: () => update({ with: null }) } }, "end"));
  const heading = (cell) => el("th", { scope: "col" }, `cell ${cell.number}`,
    differ.length ? [": ", lying(cell, differ)] : null);
  const rows = head.metrics.map((metric) => {
    const a = figure(one, metric.name), b = figure(two, metric.name);
    if (a.value === null && b.value === null) return null;
    return el("tr", {}, el("th", { scope: "row" }, title(metric.name)),
      el("td", { class: "right" }, spoken(a)), el("td", { class: "right" }, spoken(b)),
      el("td", { class: "right" }, a.value === null || b.value === null ? "–"
        : `${b.value > a.value ? "+" : ""}${short(b.value - a.value)}`),
      el("td", {}, apart(a, b)));
  });
  const mine = answersAt(placeOf.get(one.number)), theirs = answersAt(placeOf.get(two.number));
  const byNumber = new Map(theirs.map((answer) => [answer.sample, answer]));
  const both = mine.filter((answer) => byNumber.has(answer.sample));
  return [
    swap,
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Figures of both" },
      el("table", {}, el("thead", {}, el("tr", {}, el("td"), heading(one), heading(two),
        el("th", { scope: "col" }, "difference"), el("th", { scope: "col" }, "intervals"))),
      el("tbody", {}, rows))),
    el("p", { class: "quiet" }, "Marked is what follows where two answers part."
      + (both.length > SHOWN_AT_ONCE ? ` The first ${SHOWN_AT_ONCE} pairs are shown.` : "")),
    both.slice(0, SHOWN_AT_ONCE).map((answer) => {
      const other = byNumber.get(answer.sample);
      const shared = sharedLength(answer.text, other.text);
      const same = answer.text === other.text;
      const side = (each) => el("article", {},
        each.error ? el("p", { class: "bad" }, told(each.error)) : textOf(each, same ? null : shared),
        el("p", { class: "quiet facts" }, factsOf(each)));
      return el("div", { class: "pair" }, el("h4", {}, `Answer ${answer.sample}`,
        el("span", { class: "quiet" }, same ? " the same in both"
          : answer.seed === other.seed ? ` seed ${answer.seed} in both` : "")), side(answer), side(other));
    }),
  ];
}

function apart(a, b) {
  if (a.low === null || b.low === null) return el("span", { class: "quiet" }, "unknown");
  return a.high < b.low || b.high < a.low ? "apart" : el("span", { class: "quiet" }, "overlap");
}

/** How many characters two texts share at their beginning; no pair of surrogates is torn. */
function sharedLength(one, two) {
  let at = 0;
  while (at < one.length && one[at] === two[at]) at += 1;
  const before = one.charCodeAt(at - 1);
  return at && before >= 0xd800 && before < 0xdc00 ? at - 1 : at;
}

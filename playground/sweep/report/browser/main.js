// The page: its parts, drawn again where what they show has changed.

const root = document.documentElement;

const parts = [
  { id: "findings", name: "Findings", draw: drawFindings, of: () => 0 },
  { id: "front", name: "Trade-off", draw: drawFront, of: () => 0 },
  { id: "curves", name: "Curves", draw: drawCurves, of: () => [state.metric, state.axis, state.hold] },
  { id: "map", name: "Map", draw: drawMap,
    of: () => [state.metric, state.across, state.down, state.hold] },
  { id: "cells", name: "Cells", draw: drawTable,
    of: () => [state.metric, state.sort, state.order, state.page, state.hold] },
  { id: "answers", name: "Answers", draw: drawAnswers,
    of: () => [state.cell, state.with, state.metric, state.hold] },
  { id: "comparison", name: "Comparison", draw: drawComparison, of: () => [state.cell, state.with] },
  { id: "plan", name: "What was swept", draw: drawPlan, of: () => 0 },
  { id: "receipts", name: "Receipts", draw: drawReceipts, of: () => 0 },
].map((part) => {
  const body = el("div", {});
  const section = el("section", { id: part.id, "aria-labelledby": `${part.id}-name` },
    el("h2", { id: `${part.id}-name`, tabindex: -1 }, part.name), body);
  return { ...part, body, section, drawn: null };
});

const part = (id) => parts.find((one) => one.id === id).section;
const toolbar = el("div", { class: "toolbar", role: "group", "aria-label": "What is shown" });
const links = el("nav", { "aria-label": "Parts of this page" });
const heard = el("p", { class: "unseen", role: "status" });

function drawToolbar() {
  const holds = dimensions.map((one) => choice(one.name,
    [["", "all"], ...toldApart(one.values.map(one.text), 40).map((name, place) => [place, name])],
    state.hold[one.key] ?? "", (place) => {
      const hold = { ...state.hold };
      if (place === "") delete hold[one.key]; else hold[one.key] = Number(place);
      update({ hold, page: 0 });
    }, `hold-${one.key}`));
  toolbar.replaceChildren(choice("metric", head.metrics.map((metric) => [metric.name, title(metric.name)]),
    state.metric, (metric) => update({ metric }), "metric"), ...holds);
}

function render() {
  const focused = document.activeElement?.closest?.("[data-focus]")?.getAttribute("data-focus");
  drawToolbar();
  for (const one of parts) {
    const now = JSON.stringify(one.of());
    if (now === one.drawn) continue;
    one.drawn = now;
    const made = one.draw().flat(3).filter((child) => child !== null && child !== undefined);
    one.body.replaceChildren(...made);
    one.section.hidden = !made.length;
  }
  for (const item of document.querySelectorAll("[data-cell]")) {
    const number = Number(item.getAttribute("data-cell"));
    const role = number === state.cell ? "true" : number === state.with ? "location" : null;
    if (role) item.setAttribute("aria-current", role); else item.removeAttribute("aria-current");
  }
  links.replaceChildren(...parts.filter((one) => !one.section.hidden).map((one) =>
    el("button", { type: "button", class: "link", "data-focus": `to-${one.id}`,
      on: { click: () => goTo(one.id) } }, one.name)));
  if (focused) document.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

/** Go on with a change of what is looked at. */
function update(change) {
  Object.assign(state, change);
  writeState();
  render();
}

/** Show a cell's answers; with Shift, beside the one that is shown. */
function openCell(number, beside) {
  if (beside && state.cell !== null && state.cell !== number) {
    update({ with: state.cell, cell: number });
    heard.textContent = `Cell ${number} beside cell ${state.with}.`;
    goTo("comparison");
    return;
  }
  update({ cell: number });
  heard.textContent = `Cell ${number}: ${settings(cells[placeOf.get(number)])}. `
    + "Its answers are in the part Answers.";
  const answers = part("answers");
  answers.scrollTop = 0;
  const place = answers.getBoundingClientRect();
  if (place.top > innerHeight * 0.8 || place.bottom < 0) answers.scrollIntoView({ block: "start" });
}

function goTo(id) {
  part(id).scrollIntoView({ block: "start" });
  document.getElementById(`${id}-name`).focus({ preventScroll: true });
}

function build() {
  document.body.append(
    el("header", {}, summary(), links),
    el("main", {}, part("findings"), toolbar,
      el("div", { class: "columns" },
        el("div", { class: "pictures" }, part("front"), part("curves"), part("map"), part("cells")),
        part("answers")),
      part("comparison"), part("plan"), part("receipts")),
    el("footer", {}, el("p", { class: "quiet" },
      "Click a cell to read it, Shift-click a second one to compare. In a picture the arrow keys move"
      + " and Enter opens. The address keeps what you look at.")),
    heard);
  toolbar.hidden = !head.metrics.length;
  readState();
  render();
  addEventListener("hashchange", () => { readState(); render(); });
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.setAttribute("data-shut", "");
      one.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("details[data-shut]")) {
      one.removeAttribute("data-shut");
      one.open = false;
    }
  });
  root.dataset.page = "ready";
}

addEventListener("error", (event) => {
  root.dataset.page = "broken";
  document.body.prepend(el("p", { class: "warning", role: "alert" },
    `This page could not be drawn: ${event.message}`));
});

build();

// What was done: the plan of the sweep, its prompts, its findings, and what each model ran on.

function summary() {
  const done = head.ended === head.planned ? count(head.ended, "cell")
    : `${head.ended.toLocaleString("en-US")} of ${count(head.planned, "cell")}`;
  return [
    el("h1", {}, told(head.title || "A sweep")),
    el("p", {}, [head.models.length === 1 ? modelNames[0] : count(head.models.length, "model"),
      count(head.prompts.length, "prompt"), done, count(head.runs, "run"),
      head.failed ? `${head.failed} failed` : null].filter(Boolean).join(" · ")),
    el("p", { class: "quiet" }, `Sweep ${head.id}, begun ${head.created}, ${head.state}`
      + `${head.why ? `: ${head.why}` : ""}. Written by ${head.made_by}.`),
    head.left_out.length ? el("p", { class: "warning", role: "note" },
      `Not all of it is on this page. Left out: ${head.left_out.join("; ")}. `
      + "`playground sweep export` has everything.") : null,
  ];
}

const LINES = 3;

function drawFindings() {
  const line = ([text, numbers]) => el("p", {}, told(text), " ",
    numbers.filter((number) => placeOf.has(number)).slice(0, 6).map((number) => [
      el("button", { type: "button", class: "link", "data-cell": number,
        on: { click: (event) => openCell(number, event.shiftKey) } }, `cell ${number}`), " "]));
  return head.findings.map((found) => el("div", { class: "finding" },
    el("h3", {}, told(found.heading)), found.lines.slice(0, LINES).map(line),
    found.lines.length > LINES ? el("details", {},
      el("summary", {}, `${found.lines.length - LINES + found.more} more`),
      found.lines.slice(LINES).map(line), found.more
        ? el("p", { class: "quiet" }, `and ${found.more} that are not on this page`) : null) : null));
}

function drawPlan() {
  const prompts = head.prompts.slice(0, 100);
  return [
    pairs(head.plan.map(([name, text]) => [name, told(text)])),
    el("h3", {}, count(head.prompts.length, "prompt")),
    prompts.map((prompt, place) => el("details", { open: prompts.length === 1 },
      el("summary", {}, told(promptNames[place])),
      promptOf(prompt))),
    head.prompts.length > 100 ? el("p", { class: "quiet" },
      `and ${head.prompts.length - 100} more`) : null,
  ];
}

/** A prompt's turns, and the right answer where there is one. */
function promptOf(prompt) {
  return [...prompt.turns, ...(prompt.expected === null ? [] : [["expected", prompt.expected]])]
    .map(([role, text]) => [el("h4", {}, role), el("pre", { dir: "auto" }, text)]);
}

function drawReceipts() {
  return head.models.map((model) => {
    const receipt = model.receipt;
    const file = receipt?.provenance?.file;
    const facts = [
      ["file", file ? [told(file.path), `, ${file.bytes.toLocaleString("en-US")} bytes`] : null],
      ["SHA-256", model.files.join(", then ") || file?.sha256],
      ["chat template", receipt?.provenance?.template],
      ["endpoint", receipt?.provenance?.endpoint],
      ["versions", receipt && Object.entries(receipt.versions).map((one) => one.join(" ")).join(", ")],
      ["hardware", receipt?.hardware],
    ].filter(([, value]) => value && value.length);
    return el("article", { class: "receipt" },
      el("h3", {}, told(model.name)),
      model.departures.map(([text, number]) => el("p", { class: "bad" },
        told(text), ` (${number} of ${count(model.looked_at, "cell")} looked at)`)),
      pairs(facts),
      receipt ? [
        el("p", { class: "quiet" }, `The plan is that of cell ${model.cell}; other cells differ in `
          + "their settings and seeds."),
        el("details", {}, el("summary", {}, "what was really done"),
          pairs(Object.entries(receipt.plan.effective).map(([name, value]) =>
            [name, told(Array.isArray(value) ? value.join(" → ") : JSON.stringify(value))])),
          receipt.plan.adjustments.length ? [el("h4", {}, "not as it was asked"),
            el("ul", {}, receipt.plan.adjustments.map((each) =>
              el("li", {}, told(`${each.knob} ${each.kind}: ${each.reason}`))))] : null),
        el("details", {}, el("summary", {}, "the whole receipt"),
          el("pre", { class: "code" }, JSON.stringify(receipt, null, 2))),
      ] : el("p", { class: "quiet" }, "No run of it has a receipt."));
  });
}

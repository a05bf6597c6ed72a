// A metric along one dimension: a line and its band for whatever else differs.

const MOST_LINES = 12, MOST_POINTS = 4000;
const FIELD = { width: 760, height: 380, left: 62, right: 14, top: 14, bottom: 50 };
const SHAPES = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-4,-4H4V4H-4Z", "M0,-5L5,4H-5Z", "M0,-6L5,0L0,6L-5,0Z",
];

function drawCurves() {
  const one = dimension(state.axis);
  const metric = metrics.get(state.metric);
  if (!one || !metric) return [];
  // Random settings share no line: each is a point of its own.
  const by = open(one.key).filter((other) => head.grid || !other.knob);
  const there = inView().filter((cell) => figure(cell, metric.name).value !== null);
  const lines = grouped(there, by);
  const drawn = lines.slice(0, MOST_LINES);
  const controls = el("div", { class: "controls" }, choice("over",
    dimensions.map((each) => [each.key, each.name]), one.key,
    (key) => update({ axis: key }), "axis"));
  if (!drawn.length) return [controls, nothing(metric)];
  const notes = [];
  if (lines.length > drawn.length) {
    notes.push(`${drawn.length} of ${lines.length} lines are drawn: show less of the rest, above.`);
  }
  const points = drawn.map(([, group]) => group);
  const many = points.flat().length;
  const every = Math.ceil(many / MOST_POINTS);
  if (every > 1) notes.push(`One of every ${every} points is drawn.`);
  const picture = curvePicture(one, metric, drawn.map(([name, group]) =>
    [name, group.filter((_, place) => place % every === 0)]));
  return [
    controls, el("div", { class: "frame-of" }, picture), drawn.length > 1 || drawn[0][0] ? legendOf(drawn) : null,
    el("p", { class: "quiet" }, [
      `${metric.title}: ${metric.meaning || "a metric of the user's own"}.`,
      metric.better ? ` Better is ${metric.better}.` : "",
      head.grid ? " The band is the interval (95 %)." : " The stroke is the interval (95 %).", notes.length ? ` ${notes.join(" ")}` : "",
    ].join("")),
    notesUnder([metric.name], there),
  ];
}

const nothing = (metric) => el("p", { class: "quiet" },
  `No cell in view has a value of ${metric.title}.`);

function legendOf(drawn) {
  return el("ul", { class: "legend" }, drawn.map(([name], number) => el("li", {},
    svg("svg", { width: 34, height: 14, viewBox: "-17 -7 34 14", "aria-hidden": "true" },
      head.grid ? svg("path", { class: `line ${hue(number)}`, d: "M-16,0H16" }) : null,
      svg("path", { class: `mark ${hue(number)}`, d: SHAPES[number % 4] })),
    told(name))));
}

/** Eight colours; lines after the eighth are dashed. */
const hue = (number) => `s${number % 8}${number >= 8 ? " dashed" : ""}`;

function curvePicture(one, metric, lines) {
  const { width, height, left, right, top, bottom } = FIELD;
  const all = lines.flatMap(([, group]) => group);
  const values = one.values.filter((value) => all.some((cell) => one.of(cell) === value));
  const x = scaleOf(one, values, left + 8, width - right - 8);
  const y = heightOf(all.map((cell) => figure(cell, metric.name)), metric, height - bottom, top);
  const joined = head.grid && (one.numeric || one.knob);
  const bands = [], strokes = [], rows = [];
  lines.forEach(([name, group], number) => {
    const points = group.map((cell) => ({ cell, ...figure(cell, metric.name), at: one.of(cell) }))
      .sort((a, b) => values.indexOf(a.at) - values.indexOf(b.at));
    const banded = points.filter((point) => point.low !== null);
    if (joined && banded.length > 1) {
      const edge = (side) => banded.map((p) => `${fixed(x.at(p.at))},${fixed(y.at(p[side]))}`);
      bands.push(svg("path", { class: `band ${hue(number)}`,
        d: `M${edge("high").join("L")}L${edge("low").reverse().join("L")}Z` }));
    } else {
      for (const p of banded) {
        bands.push(svg("path", { class: `whisker ${hue(number)}`,
          d: `M${fixed(x.at(p.at))},${fixed(y.at(p.low))}V${fixed(y.at(p.high))}` }));
      }
    }
    if (joined && points.length > 1) {
      strokes.push(svg("path", { class: `line ${hue(number)}`,
        d: `M${points.map((p) => `${fixed(x.at(p.at))},${fixed(y.at(p.value))}`).join("L")}` }));
    }
    rows.push(points.map((p) => spot(p.cell, {
      class: `mark ${hue(number)}`, d: SHAPES[number % 4],
      transform: `translate(${fixed(x.at(p.at))},${fixed(y.at(p.value))})`,
    }, `${lying(p.cell, [one])}${name ? `, ${name}` : ""}: ${metric.title} ${spoken(p)}`)));
  });
  walkable(rows);
  return svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": `${title(metric.name)} over ${one.name}` },
  frame(x, y, one.name, titleOver(metric.name, all), FIELD), bands, strokes, rows);
}

const fixed = (value) => Number(value.toFixed(1));

/** Something in a picture that stands for a cell: it is opened by a click. */
function spot(cell, attributes, spokenText) {
  const { class: kind, ...rest } = attributes;
  return svg("path", { ...rest, class: `spot ${kind}`, "data-cell": cell.number, role: "button",
    "aria-label": `cell ${cell.number}, ${spokenText}`, tabindex: -1,
    on: { click: (event) => openCell(cell.number, event.shiftKey) } },
  svg("title", {}, `${spokenText}\ncell ${cell.number}`));
}

/** The lines, marks and names of two axes. */
function frame(x, y, across, up, { width, height, left, right, top, bottom }) {
  const floor = height - bottom;
  const long = x.marks.some(([, text]) => text.length > 12);
  const names = x.marks.map(([, text]) => text);
  const shown = long ? toldApart(names, 14) : names;
  return svg("g", { class: "frame", "aria-hidden": "true" },
    y.marks.map(([value, text]) => [
      svg("path", { class: "rule", d: `M${left},${fixed(y.at(value))}H${width - right}` }),
      svg("text", { x: left - 8, y: fixed(y.at(value)) + 4, "text-anchor": "end" }, text),
    ]),
    x.marks.map(([value], n) => [
      svg("path", { class: "tick", d: `M${fixed(x.at(value))},${floor}v5` }),
      svg("text", { x: fixed(x.at(value)), y: floor + 18, "text-anchor": "middle" }, shown[n]),
    ]),
    svg("path", { class: "tick", d: `M${left},${floor}H${width - right}` }),
    svg("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle",
      class: "name" }, across),
    svg("text", { transform: `translate(14,${(top + floor) / 2}) rotate(-90)`,
      "text-anchor": "middle", class: "name" }, up));
}

/** Texts in so many characters each, so that they can be told apart: see `labels.py`. */
function toldApart(texts, most) {
  const alike = new Map(texts.map((text) => [text, 0]));
  const sorted = [...alike.keys()].sort();
  for (let at = 1; at < sorted.length; at += 1) {
    const one = sorted[at - 1], other = sorted[at];
    let same = 0;
    while (same < one.length && one[same] === other[same]) same += 1;
    for (const text of [one, other]) alike.set(text, Math.max(alike.get(text), same));
  }
  return texts.map((text) => {
    const shared = alike.get(text);
    if ([...text].length <= most || [...text.slice(0, shared)].length < most - 1)
      return clipped(text, most);
    const wordBefore = (place) => text.slice(0, Math.max(place, 0)).lastIndexOf(" ") + 1;
    let start = wordBefore(shared);
    if (shared - start > most / 2) start = shared;
    for (let before = wordBefore(start - 1); before < start
      && [...text.slice(before)].length < most; before = wordBefore(start - 1)) start = before;
    return clipped(start < text.length ? `…${text.slice(start)}` : text, most);
  });
}

/** The beginning of a text, by characters as people count them. */
function clipped(text, most) {
  const parts = [...text];
  return parts.length > most ? `${parts.slice(0, most - 1).join("")}…` : text;
}

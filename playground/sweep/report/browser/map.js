// A metric over two dimensions at once: a heat map, or, where settings came at random, dots.

const MOST_MAPS = 12;

function drawMap() {
  const metric = metrics.get(state.metric);
  const across = dimension(state.across), down = dimension(state.down);
  if (!metric || !across || !down) return [];
  const names = dimensions.map((each) => [each.key, each.name]);
  const pick = (mine, other) => (key) =>
    update(key === state[other] ? { [mine]: key, [other]: state[mine] } : { [mine]: key });
  const controls = el("div", { class: "controls" },
    choice("across", names, across.key, pick("across", "down"), "across"),
    choice("down", names, down.key, pick("down", "across"), "down"));
  const there = inView();
  const found = there.map((cell) => figure(cell, metric.name).value).filter((v) => v !== null);
  if (!found.length) return [controls, nothing(metric)];
  const low = Math.min(...found), high = Math.max(...found);
  const tint = (value) => colour(high === low ? 0.5 : (value - low) / (high - low));
  const dots = !head.grid && (across.numeric || down.numeric);
  const by = open(across.key, down.key).filter((other) => !dots || !other.knob);
  const maps = grouped(there, by);
  const draw = dots ? dotPicture : heatPicture;
  return [
    controls,
    el("div", { class: "maps" }, maps.slice(0, MOST_MAPS).map(([name, group]) =>
      el("figure", { class: dots ? "dots" : null }, name ? el("figcaption", {}, told(name)) : null,
        el("div", { class: "frame-of" },
          draw(across, down, metric, group, tint, name, maps.length > 1 ? 380 : FIELD.width))))),
    maps.length > MOST_MAPS ? el("p", { class: "quiet" },
      `${MOST_MAPS} of ${maps.length} maps are drawn: show less of the rest, above.`) : null,
    rampOf(metric, low, high, there),
    notesUnder([metric.name], there),
  ];
}

/** The colours with their values. */
function rampOf(metric, low, high, there) {
  const parts = 24, width = 10;
  const places = high === low ? [0.5] : [0, 0.25, 0.5, 0.75, 1];
  return svg("svg", { class: "ramp", viewBox: `-24 0 ${parts * width + 48} 44`, role: "img",
    "aria-label": `Colours of ${metric.title}: from ${short(low)}, dark, to ${short(high)}, light` },
  Array.from({ length: parts }, (_, n) => svg("rect", { x: n * width, y: 16, width: width + 0.5,
    height: 12, fill: colour(high === low ? 0.5 : n / (parts - 1)).fill })),
  svg("text", { x: 0, y: 11 }, titleOver(metric.name, there)),
  places.map((share) => svg("text", { x: share * parts * width, y: 41, "text-anchor": "middle" },
    short(low + share * (high - low)))));
}

function heatPicture(across, down, metric, group, tint, name, room) {
  const there = (one) => one.values.filter((value) => group.some((cell) => one.of(cell) === value));
  const columns = there(across), lines = there(down);
  const names = toldApart(lines.map((value) => down.text(value)), 24);
  const left = Math.max(...names.map(widthOf), 20) + 30;
  const wide = Math.min(Math.max((room - left) / columns.length, 8), 130);
  const high = Math.min(Math.max(340 / lines.length, 8), 38);
  const width = left + wide * columns.length + 6, floor = 8 + high * lines.length;
  const every = Math.ceil(44 / wide), everyLine = Math.ceil(14 / high);
  const letters = Math.max(4, Math.floor(wide * every / 8));
  const heads = toldApart(columns.map((value) => across.text(value)), letters);
  const rows = lines.map(() => Array(columns.length).fill(null));
  for (const cell of group) {
    const x = columns.indexOf(across.of(cell)), y = lines.indexOf(down.of(cell));
    const found = figure(cell, metric.name);
    const paint = found.value === null ? null : tint(found.value);
    const text = `${lying(cell, [across, down])}${name ? `, ${name}` : ""}: ${metric.title} ${spoken(found)}`;
    rows[y][x] = svg("g", { class: `spot box${paint ? "" : " empty"}`, "data-cell": cell.number,
      role: "button", tabindex: -1, "aria-label": `cell ${cell.number}, ${text}`,
      transform: `translate(${fixed(left + x * wide)},${fixed(8 + y * high)})`,
      on: { click: (event) => openCell(cell.number, event.shiftKey) } },
    svg("title", {}, `${text}\ncell ${cell.number}`),
    svg("rect", { x: 0.5, y: 0.5, width: fixed(wide - 1), height: fixed(high - 1), rx: 2,
      fill: paint?.fill ?? "none" }),
    wide >= 36 && high >= 14 ? svg("text", { x: fixed(wide / 2), y: fixed(high / 2 + 4),
      "text-anchor": "middle", class: paint ? paint.ink : null }, short(found.value)) : null);
  }
  walkable(rows);
  return svg("svg", { class: "picture heat", viewBox: `0 0 ${fixed(width)} ${fixed(floor + 42)}`,
    width: fixed(width), role: "group",
    "aria-label": `${title(metric.name)} by ${across.name} and ${down.name}` },
  svg("g", { class: "frame", "aria-hidden": "true" },
    names.map((text, y) => (y % everyLine ? null : svg("text",
      { x: left - 6, y: fixed(8 + y * high + high / 2 + 4), "text-anchor": "end" }, text))),
    heads.map((text, x) => (x % every ? null : svg("text",
      { x: fixed(left + (x + 0.5) * wide), y: floor + 15, "text-anchor": "middle" }, text))),
    svg("text", { class: "name", x: fixed(left + wide * columns.length / 2), y: floor + 35,
      "text-anchor": "middle" }, across.name),
    svg("text", { class: "name", transform: `translate(12,${fixed(4 + floor / 2)}) rotate(-90)`,
      "text-anchor": "middle" }, down.name)),
  rows);
}

function dotPicture(across, down, metric, group, tint, name) {
  const { width, height, left, right, top, bottom } = FIELD;
  const there = (one) => one.values.filter((value) => group.some((cell) => one.of(cell) === value));
  const x = scaleOf(across, there(across), left + 10, width - right - 10);
  const y = scaleOf(down, there(down), height - bottom - 10, top + 10);
  const names = toldApart(y.marks.map(([, text]) => text), 7);
  y.marks = y.marks.map(([value], n) => [value, names[n]]);
  const spots = group.map((cell) => {
    const found = figure(cell, metric.name);
    return found.value === null ? null : spot(cell, {
      class: "dot", d: "M-7,0a7,7 0 1,0 14,0a7,7 0 1,0 -14,0", fill: tint(found.value).fill,
      transform: `translate(${fixed(x.at(across.of(cell)))},${fixed(y.at(down.of(cell)))})`,
    }, `${lying(cell, [across, down])}${name ? `, ${name}` : ""}: ${metric.title} ${spoken(found)}`);
  }).filter(Boolean);
  walkable([spots]);
  return svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": `${title(metric.name)} by ${across.name} and ${down.name}` },
  frame(x, y, across.name, down.name, FIELD), spots);
}

/** How wide a text of small print is, roughly: letters of East Asia take two places. */
const widthOf = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 13 : 7), 0);

// What a search with several objectives weighed against each other: a mark a setting, and its front.

function drawFront() {
  const front = head.front;
  const [across, up] = (front?.metrics ?? []).map((name) => metrics.get(name));
  if (!across || !up || !front.points.length) return [];
  const { width, height, left, right, top, bottom } = FIELD;
  const along = (place) => front.points.map((point) => ({ value: point[place], low: null, high: null }));
  const x = heightOf(along(2), across, left + 12, width - right - 12);
  const y = heightOf(along(3), up, height - bottom - 8, top + 8);
  const lines = [], rows = [];
  head.models.forEach((_, model) => {
    const mine = front.points.filter((point) => point[0] === model).sort((a, b) => a[2] - b[2]);
    const best = mine.filter((point) => point[4]);
    if (best.length > 1) {
      lines.push(svg("path", { class: `line ${hue(model)}`,
        d: `M${best.map((point) => `${fixed(x.at(point[2]))},${fixed(y.at(point[3]))}`).join("L")}` }));
    }
    rows.push(mine.map(([, number, one, other, unbeaten]) => {
      const cell = cells[placeOf.get(number)];
      const name = head.models.length > 1 ? `, ${modelNames[model]}` : "";
      return spot(cell, {
        class: `mark ${hue(model)}${unbeaten ? "" : " beaten"}`, d: SHAPES[model % 4],
        transform: `translate(${fixed(x.at(one))},${fixed(y.at(other))})${unbeaten ? " scale(1.4)" : ""}`,
      }, `${lying(cell, dimensions.filter((each) => each.knob))}${name}: ${across.title} ${short(one)}, `
        + `${up.title} ${short(other)}${unbeaten ? ", on the front" : ""}`);
    }));
  });
  walkable(rows);
  const more = front.of > 2 ? ` These are the first two of ${front.of} objectives; the front is that of all.` : "";
  return [
    el("div", { class: "frame-of" }, svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`,
      role: "group", "aria-label": `${title(up.name)} against ${title(across.name)}` },
    frame(x, y, title(across.name), title(up.name), FIELD), lines, rows)),
    head.models.length > 1 ? legendOf(head.models.map((_, model) => [modelNames[model]])) : null,
    el("p", { class: "quiet" }, "A mark is a setting that was tried, with its means over the prompts. The "
      + `large ones, joined, are the front: no other setting beats them in everything.${more}`),
  ];
}

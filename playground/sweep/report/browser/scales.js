// Where values lie on a picture, and which colour they have.

/** Round numbers between two ends. */
function ticks(low, high, wanted = 5) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) {
    found.push(Number((at * step).toPrecision(10)));
  }
  return found;
}

/** From the values of a dimension to pixels: `at`, and `marks` as pairs of value and text. */
function scaleOf(one, values, from, to, most = 12) {
  const shown = [...values];
  if (!one.numeric) {
    const step = (to - from) / shown.length;
    const at = new Map(shown.map((value, place) => [value, from + (place + 0.5) * step]));
    const every = Math.ceil(shown.length / most);
    return {
      at: (value) => at.get(value),
      marks: shown.filter((_, place) => place % every === 0).map((v) => [v, one.text(v)]),
    };
  }
  const low = Math.min(...shown), high = Math.max(...shown);
  const bend = one.log && low > 0 ? Math.log : (value) => value;
  const width = bend(high) - bend(low) || 1;
  const at = (value) => (high === low ? (from + to) / 2
    : from + (to - from) * (bend(value) - bend(low)) / width);
  // Random settings lie anywhere: where their names would lie over each other, round numbers stand.
  const apart = Math.abs(to - from) / (2 * most);
  const rising = [...shown].sort((less, more) => less - more);
  const crowded = shown.length > most
    || rising.some((value, n) => n > 0 && Math.abs(at(value) - at(rising[n - 1])) < apart);
  let marked = shown;
  if (crowded && bend !== Math.log) {
    marked = ticks(low, high, 6);
  } else if (crowded) {
    marked = rising.reduce((kept, value) => (
      kept.length && Math.abs(at(value) - at(kept[kept.length - 1])) < 2 * apart ? kept : [...kept, value]
    ), []);
  }
  return { at, marks: marked.map((value) => [value, exact(value)]) };
}

/** From figures to pixels, upwards; inside of what the metric can be. */
function heightOf(found, metric, from, to) {
  const there = found.flatMap((one) => [one.value, one.low, one.high]).filter((v) => v !== null);
  let low = Math.min(...there), high = Math.max(...there);
  if (low === high) { low -= Math.abs(low) / 10 || 0.5; high += Math.abs(high) / 10 || 0.5; }
  const room = (high - low) * 0.05;
  low = Math.max(low - room, metric.lowest ?? -Infinity);
  high = Math.min(high + room, metric.highest ?? Infinity);
  if (low >= high) { low -= 0.5; high += 0.5; }
  return {
    at: (value) => from + (to - from) * (value - low) / (high - low),
    marks: ticks(low, high).map((value) => [value, short(value)]),
  };
}

// Viridis (van der Walt and Smith, 2015): even in lightness, and told apart by the colour-blind.
const RAMP = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70",
  "#7ad151", "#bddf26", "#fde725"].map((text) =>
  [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));

/** A colour from 0 to 1, and the class of what is written on it. */
function colour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const low = RAMP[Math.floor(place)], high = RAMP[Math.ceil(place)];
  const mixed = low.map((part, n) => Math.round(part + (high[n] - part) * (place % 1)));
  const light = mixed.map((part) => (part / 255) ** 2.2);
  const bright = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return { fill: `rgb(${mixed.join(",")})`, ink: bright > 0.18 ? "on-light" : "on-dark" };
}

/** Cells by what they have in common, in order: pairs of a name and cells. */
function grouped(found, by) {
  const groups = new Map();
  for (const cell of found) {
    const key = by.map((one) => one.values.indexOf(one.of(cell))).join("/");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(cell);
  }
  const places = (key) => key.split("/").map(Number);
  const order = (a, b) => {
    const one = places(a[0]), two = places(b[0]);
    const at = one.findIndex((place, n) => place !== two[n]);
    return at < 0 ? 0 : one[at] - two[at];
  };
  return [...groups].sort(order).map(([, group]) => [lying(group[0], by), group]);
}

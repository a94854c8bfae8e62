// Small charts as SVG: every point can be reached by keyboard, and says in words what it shows.

const LEFT = 52;
const RIGHT = 14;
const SHAPES = "http://www.w3.org/2000/svg";

/** An element of HTML; text stays text. */
function element(name, attributes = {}, ...inside) {
  return furnish(document.createElement(name), attributes, inside);
}

/** An element of SVG. */
function shape(name, attributes = {}, ...inside) {
  return furnish(document.createElementNS(SHAPES, name), attributes, inside.flat());
}

function furnish(made, attributes, inside) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

/** About as wide as the column of text, so that letters keep their size on a phone. */
function columnWidth() {
  return Math.max(260, document.getElementById("main").clientWidth - 26);
}

/** Values to places. */
function scale(low, high, start, end) {
  const place = (value) => start + ((value - low) / (high - low || 1)) * (end - start);
  return Object.assign(place, { low, high, start, end });
}

/** The horizontal scale of every chart. */
function across(low, high) {
  return scale(low, high, LEFT, columnWidth() - RIGHT);
}

function chart(label, height, ...parts) {
  const box = `0 0 ${columnWidth()} ${height}`;
  return shape("svg", { viewBox: box, role: "group", "aria-label": label }, ...parts.flat(Infinity));
}

function words(x, y, said, anchor = "start", kind = "") {
  return shape("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind }, said);
}

/** Three to six round values inside of a range. */
function ticks({ low, high }) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((size) => size * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, at) => (first + at) * step);
}

/** Grid lines with their numbers, and numbers below. */
function axes(x, y, showX, showY) {
  const level = (value) => [
    shape("line", { class: "grid", x1: x.start, x2: x.end, y1: y(value), y2: y(value) }),
    words(x.start - 6, y(value) + 4, showY(value), "end", "tick"),
  ];
  const anchor = (value) => (x(value) > x.end - 20 ? "end" : value === x.low ? "start" : "middle");
  const below = ticks(x).map((value) => words(x(value), y.start + 16, showX(value), anchor(value), "tick"));
  return [ticks(y).map(level), below];
}

/** A level that something is compared with; its name stands above it at the end, or below it. */
function rule(x, y, value, said, kind = "", below = false) {
  const at = y(value);
  return [
    shape("line", { class: `rule ${kind}`, x1: x.start, x2: x.end, y1: at, y2: at }),
    words(x.end, at + (below ? 14 : -4), said, "end", `tick ${kind}`),
  ];
}

function line(points, kind) {
  const places = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return shape("polyline", { class: `line ${kind}`, points: places });
}

/** Something that can be pointed at or reached by keyboard; its words appear then. */
function mark(inside, x, y, said) {
  const late = x > columnWidth() / 2;
  const tip = words(x + (late ? -8 : 8), Math.max(12, y - 9), said, late ? "end" : "start", "tip");
  return shape("g", { class: "mark", tabindex: 0, role: "img", "aria-label": said }, inside, tip);
}

function dot(x, y, kind, said) {
  return mark(shape("circle", { class: kind, cx: x.toFixed(1), cy: y.toFixed(1), r: 4.5 }), x, y, said);
}

/** A curve over steps, with its first and last value as reachable points. */
function curve(title, points, kind, height, digits) {
  const finite = points.filter(([, value]) => value !== null);
  const x = across(0, points[points.length - 1][0]);
  const y = scale(0, Math.max(...finite.map(([, value]) => value)), height - 24, 26);
  const ends = [finite[0], finite[finite.length - 1]];
  return chart(
    `${title} by step`,
    height,
    words(LEFT, 14, title, "start", "name"),
    axes(x, y, (step) => (step === 0 ? "step 0" : String(step)), (value) => value.toFixed(digits)),
    line(finite.map(([step, value]) => [x(step), y(value)]), kind),
    ends.map(([step, value]) => dot(x(step), y(value), kind, `step ${step}: ${title} ${value.toFixed(3)}`)),
  );
}

function signed(value, digits = 3) {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
}

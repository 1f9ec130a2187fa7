// The loss curve of a training.

import { el } from "./dom.js";
import { numbers } from "./words.js";

const height = 190;
const edge = { left: 44, right: 14, top: 14, bottom: 34 };

function svg(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text != null) node.textContent = text;
  return node;
}

export function lossCurve() {
  const drawing = svg("svg", { role: "img", class: "curve" });
  const caption = el("figcaption", { class: "hint" });
  const node = el("figure", { hidden: true }, drawing, caption);
  let steps = [];
  const draw = (newSteps) => {
    steps = newSteps;
    node.hidden = steps.length === 0;
    if (node.hidden || node.clientWidth === 0) return;
    caption.textContent = curveWords(steps);
    drawing.setAttribute("aria-label", `Loss by step. ${caption.textContent}`);
    drawCurve(drawing, steps, node.clientWidth);
  };
  new ResizeObserver(() => draw(steps)).observe(node);
  return { node, draw };
}

function curveWords(steps) {
  const [first, last] = [steps[0], steps.at(-1)];
  const minimum = steps.reduce((best, step) => (step.loss < best.loss ? step : best));
  const speed = last.tokens_per_second ? `, ${numbers.format(Math.round(last.tokens_per_second))} tokens/s` : "";
  return `From ${first.loss.toFixed(2)} at step ${first.step} to ${last.loss.toFixed(2)} at step ${last.step} of `
    + `${last.total}; the minimum is ${minimum.loss.toFixed(2)} at step ${minimum.step}${speed}.`;
}

/** About `count` round numbers that cover the range from `low` to `high`. */
function ticks(low, high, count) {
  const rough = Math.max(high - low, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const first = Math.floor(low / step);
  const length = Math.ceil(high / step) - first + 1;
  return Array.from({ length }, (_, at) => Number(((first + at) * step).toPrecision(6)));
}

/** The moving average of the losses. */
function smoothed(steps) {
  const reach = Math.min(20, Math.ceil(steps.length / 15));
  return steps.map(({ step }, at) => {
    const near = steps.slice(Math.max(0, at - reach), at + reach + 1);
    return { step, loss: near.reduce((sum, other) => sum + other.loss, 0) / near.length };
  });
}

/** The mapping of steps and losses to coordinates, and the axis labels. */
function scaleOf(steps, width) {
  const total = Math.max(steps.at(-1).total, steps.at(-1).step, 2);
  const losses = steps.map((step) => step.loss);
  const lossMarks = ticks(Math.min(...losses), Math.max(...losses), 4);
  const isInside = (step) => step <= total;
  const stepMarks = ticks(0, total, width < 420 ? 4 : 8).map((mark) => Math.max(1, mark)).filter(isInside);
  const [low, high] = [lossMarks[0], Math.max(lossMarks.at(-1), lossMarks[0] + 1e-6)];
  const x = (step) => edge.left + ((step - 1) / (total - 1)) * (width - edge.left - edge.right);
  const y = (loss) => edge.top + ((high - loss) / (high - low)) * (height - edge.top - edge.bottom);
  return { lossMarks, stepMarks, right: width - edge.right, bottom: y(low), x, y };
}

function axes({ lossMarks, stepMarks, right, bottom, x, y }) {
  return [
    ...lossMarks.flatMap((mark) => [
      svg("line", { class: "grid", x1: edge.left, x2: right, y1: y(mark), y2: y(mark) }),
      svg("text", { x: edge.left - 8, y: y(mark) + 4, "text-anchor": "end" }, mark),
    ]),
    ...stepMarks.map((mark) => svg("text", { x: x(mark), y: height - 16, "text-anchor": "middle" }, mark)),
    svg("line", { class: "axis", x1: edge.left, x2: right, y1: bottom, y2: bottom }),
    svg("line", { class: "axis", x1: edge.left, x2: edge.left, y1: edge.top, y2: bottom }),
    svg("text", { class: "axis-name", x: right, y: height - 2, "text-anchor": "end" }, "step"),
    svg("text", { class: "axis-name", x: edge.left + 8, y: edge.top + 2 }, "loss"),
  ];
}

function drawCurve(drawing, steps, width) {
  const scale = scaleOf(steps, width);
  const means = smoothed(steps);
  const point = ({ step, loss }) => `${scale.x(step).toFixed(1)},${scale.y(loss).toFixed(1)}`;
  const points = (list) => list.map(point).join(" ");
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("height", height);
  drawing.replaceChildren(
    ...axes(scale),
    svg("polyline", { class: "each", points: points(steps) }),
    svg("polyline", { class: "mean", points: points(means) }),
    svg("circle", { class: "last", cx: scale.x(means.at(-1).step), cy: scale.y(means.at(-1).loss), r: 3.5 }));
}

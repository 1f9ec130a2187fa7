// A document's text in the panel, with a marked passage.

import { characterStart, decoded, readBytes } from "./bytes.js";
import { $, button, el } from "./dom.js";
import { failureBox } from "./failures.js";
import { isShown, openPanel } from "./panel.js";
import { numbers, percent, size } from "./words.js";

const marginBytes = 1600;
const pageBytes = 4000;

export const openDocument = (document) =>
  openPassage({ document: document.name, document_id: document.id, start: 0, end: 0 });

export function openPassage(passage, back) {
  const { document: title, document_id: id, start, end } = passage;
  const text = {
    title, back, id,
    load: () => readBytes(id, start - marginBytes, Math.max(end + marginBytes, pageBytes)),
    draw(piece) {
      Object.assign(text, { from: piece.from, to: piece.from + piece.bytes.length, total: piece.total });
      $("panel-facts").textContent = passageFacts(passage, piece.total);
      drawPassage(text, piece, start, end);
    },
  };
  return openPanel(text);
}

function passageFacts({ start, end }, total) {
  if (end <= start) return size(total);
  return `Bytes ${numbers.format(start)} to ${numbers.format(end)} of ${numbers.format(total)}, `
    + `at ${percent(start, total)}`;
}

function drawPassage(text, { bytes, from }, start, end) {
  const first = characterStart(bytes, start - from);
  const last = characterStart(bytes, end - from);
  const mark = last > first ? el("mark", { id: "passage" }, decoded(bytes.subarray(first, last))) : null;
  const body = $("panel-body");
  text.node = el("div", { class: "document-text" },
    decoded(bytes.subarray(0, first)), mark, decoded(bytes.subarray(last)));
  text.above = button("Show more above", () => readMore(text, true), { class: "more" });
  text.below = button("Show more below", () => readMore(text, false), { class: "more" });
  body.replaceChildren(text.above, text.node, text.below);
  drawMore(text);
  if (mark) body.scrollTop = mark.offsetTop - body.clientHeight / 4;
}

function drawMore(text) {
  text.above.hidden = text.from === 0;
  text.below.hidden = text.to >= text.total;
}

async function readMore(text, above) {
  const pressed = above ? text.above : text.below;
  const [low, high] = above ? [text.from - pageBytes, text.from] : [text.to, text.to + pageBytes];
  const removeFailure = () => $("panel-body").querySelector(".failure")?.remove();
  pressed.disabled = true;
  try {
    const piece = await readBytes(text.id, low, high);
    if (!isShown(text)) return;
    addPiece(text, piece, above);
    removeFailure();
  } catch (error) {
    removeFailure();
    if (isShown(text)) pressed.after(failureBox(error, () => readMore(text, above)));
  } finally {
    pressed.disabled = false;
    if (pressed.hidden) $("panel-body").focus();
    else pressed.focus({ preventScroll: true });
  }
}

/** Adds a piece without moving the visible text. */
function addPiece(text, { bytes, from }, above) {
  const body = $("panel-body");
  const height = body.scrollHeight;
  if (above) {
    text.node.prepend(decoded(bytes));
    text.from = from;
  } else {
    text.node.append(decoded(bytes));
    text.to = from + bytes.length;
  }
  drawMore(text);
  if (above) body.scrollTop += body.scrollHeight - height;
}

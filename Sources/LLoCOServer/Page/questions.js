// The self-study questions about a document, in the panel.

import { requestJSON } from "./api.js";
import { $, button, el } from "./dom.js";
import { documentPath } from "./groups.js";
import { openPanel } from "./panel.js";
import { openPassage } from "./passages.js";
import { numbers } from "./words.js";

const rejectionReasons = {
  empty: "the question or answer is empty", "no-question": "not a single question", "too-long": "too long",
  loop: "repetitive", "names-text": "refers to the text itself", ungrounded: "not about the passage",
  echo: "the answer repeats the question", duplicate: "duplicate",
};

export function openQuestions(document) {
  return openPanel({
    title: document.name, facts: "Questions that the model wrote about this document",
    load: () => requestJSON(`${documentPath(document.id)}/questions`),
    draw: ({ questions }) => drawQuestions(document, questions),
  });
}

function drawQuestions(document, questions) {
  if (questions.length === 0) {
    $("panel-body").replaceChildren(el("p", {}, "No questions yet. If its group is tuned without a questions file, "
      + "the model writes questions about each passage and learns from the accepted ones."));
    return;
  }
  const accepted = questions.filter((question) => question.rejection == null);
  const rejected = questions.filter((question) => question.rejection != null);
  const list = (items) => el("ul", { class: "plain questions" }, ...items.map((item) => questionItem(document, item)));
  $("panel-body").replaceChildren(
    el("h3", { class: "label" }, `Accepted: ${numbers.format(accepted.length)}`), list(accepted),
    el("h3", { class: "label" }, `Rejected: ${numbers.format(rejected.length)}`), list(rejected));
}

function questionItem(document, item) {
  const passage = { document: document.name, document_id: document.id, start: item.start, end: item.end };
  const reason = item.rejection && (rejectionReasons[item.rejection] ?? item.rejection);
  return el("li", {},
    el("p", { class: "asked" }, item.question), el("p", {}, item.answer),
    el("p", { class: "hint" }, [item.kind, reason && `rejected: ${reason}`].filter(Boolean).join(" · "), " ",
      button("Show passage", () => openPassage(passage, () => openQuestions(document)), { class: "link" })));
}

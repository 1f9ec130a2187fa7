// What the model has asked itself about a document, in the panel.

import { requestJSON } from "./api.js";
import { $, button, el } from "./dom.js";
import { documentPath } from "./groups.js";
import { openPanel } from "./panel.js";
import { openPassage } from "./passages.js";
import { numbers } from "./words.js";

const rejectionWords = {
  empty: "it asks or answers nothing", "no-question": "it is not one question", "too-long": "it is too long",
  loop: "it goes in circles", "names-text": "it speaks of the text itself", ungrounded: "it is not about the passage",
  echo: "the answer repeats the question", duplicate: "it was asked before",
};

export function openQuestions(document) {
  return openPanel({
    title: document.name, facts: "What the model has asked itself about it",
    load: () => requestJSON(`${documentPath(document.id)}/questions`),
    draw: ({ questions }) => drawQuestions(document, questions),
  });
}

function drawQuestions(document, questions) {
  if (questions.length === 0) {
    $("panel-body").replaceChildren(el("p", {}, "Nothing yet. When its group is tuned without a file of questions, "
      + "the model asks itself about each passage, and learns from the good questions."));
    return;
  }
  const kept = questions.filter((question) => question.rejection == null);
  const rejected = questions.filter((question) => question.rejection != null);
  const list = (items) => el("ul", { class: "plain questions" }, ...items.map((item) => questionItem(document, item)));
  $("panel-body").replaceChildren(
    el("h3", { class: "label" }, `Learned from: ${numbers.format(kept.length)}`), list(kept),
    el("h3", { class: "label" }, `Left out: ${numbers.format(rejected.length)}`), list(rejected));
}

function questionItem(document, item) {
  const passage = { document: document.name, document_id: document.id, start: item.start, end: item.end };
  const reason = item.rejection && (rejectionWords[item.rejection] ?? item.rejection);
  return el("li", {},
    el("p", { class: "asked" }, item.question), el("p", {}, item.answer),
    el("p", { class: "hint" }, [item.kind, reason && `left out: ${reason}`].filter(Boolean).join(" · "), " ",
      button("Its passage", () => openPassage(passage, () => openQuestions(document)), { class: "link" })));
}

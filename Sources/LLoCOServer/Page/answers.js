// The nodes of a question and its answers: text, costs and cited passages.

import { $, button, el, fill } from "./dom.js";
import { failureBox } from "./failures.js";
import { markOpened } from "./panel.js";
import { openPassage } from "./passages.js";
import { count, duration, numbers, percent } from "./words.js";

/** `retry` repeats an answer. */
export function turnNode(turn, retry) {
  const compared = turn.answers.length > 1;
  return el("article", { class: "turn" },
    el("h3", { class: "question" }, turn.question),
    el("div", { class: compared ? "compared" : null },
      ...turn.answers.map((answer) => answerNode(answer, compared, retry))));
}

/** An answer's node. `answer.draw` updates it. */
function answerNode(answer, compared, retry) {
  const words = el("p", { class: "text" });
  const progress = el("p", { class: "hint waiting", "aria-hidden": "true" });
  const basis = el("div", { class: "basis" });
  answer.draw = () => followEnd(() => {
    words.textContent = answer.text;
    words.hidden = answer.text === "";
    progress.textContent = progressWords(answer);
    progress.hidden = progress.textContent === "";
    const ended = ["done", "stopped", "failed"].includes(answer.state);
    fill(basis, ...(ended ? basisNodes(answer, compared, retry) : []));
  });
  answer.draw();
  return el("section", { class: "answer" }, compared ? el("h4", {}, answer.mode) : null, words, progress, basis);
}

function progressWords(answer) {
  if (answer.state === "waiting") return "Waiting";
  if (answer.state !== "prefill") return "";
  const seconds = Math.round((Date.now() - answer.began) / 1000);
  return `Processing …${seconds > 1 ? ` ${duration(seconds)}` : ""}`;
}

/** Keeps the end of the page visible during an answer, if it was visible before. */
function followEnd(draw) {
  const page = document.documentElement;
  const atEnd = $("turns").ariaBusy === "true" && page.scrollHeight - innerHeight - scrollY < 80;
  draw();
  if (atEnd) scrollTo(0, page.scrollHeight);
}

function basisNodes(answer, compared, retry) {
  const { basis, state, error } = answer;
  return [
    state === "stopped" ? el("p", { class: "hint" }, "Stopped.") : null,
    error ? failureBox(error, answer.body && (() => retry(answer))) : null,
    answer.isCut ? el("p", { class: "hint" }, "The answer was truncated at the maximum length.") : null,
    basis ? cost(answer, compared) : null,
    basis ? shareBar(answer) : null,
    basis?.passages?.length ? citations(answer, compared ? 3 : 6) : null,
    ...(basis?.omissions ?? []).map((omission) => el("p", { class: "hint" }, omission)),
  ];
}

const tokensOf = (answer) => (answer.documents ?? []).reduce((sum, document) => sum + document.tokens, 0);

/** The context's size, the times and, unless it is the heading, the mode. */
function cost(answer, compared) {
  const { mode, context_tokens: positions, seconds } = answer.basis;
  const total = tokensOf(answer);
  const context = mode === "none" ? "no context"
    : total > positions ? `${count(positions, "context position")} for ${count(total, "token")}`
      : count(positions, "context token");
  const first = (seconds.retrieve ?? 0) + (seconds.prefill ?? 0);
  const words = [
    !compared && mode, context, `${duration(seconds.total)}, first token after ${duration(first)}`,
    answer.written && `${count(answer.written, "token")} generated`,
  ];
  return el("p", { class: "cost" }, ...words.filter(Boolean).map((part) => el("span", {}, part)));
}

function shareBar(answer) {
  const total = tokensOf(answer);
  if (total === 0 || answer.basis.mode === "none") return null;
  const part = el("span");
  part.style.width = `${Math.max(0.5, Math.min(100, (100 * answer.basis.context_tokens) / total))}%`;
  return el("div", { class: "share", "aria-hidden": "true" }, part);
}

function citations(answer, maximum) {
  const items = answer.basis.passages.map((passage, index) => citation(answer, passage, index));
  const rest = items.slice(maximum);
  const more = rest.length === 0 ? null : el("li", {}, button(`${rest.length} more`, () => {
    more.replaceWith(...rest);
    rest[0].firstChild.focus();
  }, { class: "citation" }));
  return el("ol", { class: "plain citations", "aria-label": "Passages" }, ...items.slice(0, maximum), more);
}

function citation(answer, passage, index) {
  const bytes = answer.documents?.find((document) => document.id === passage.document_id)?.bytes;
  const where = bytes ? `at ${percent(passage.start, bytes)}` : `byte ${numbers.format(passage.start)}`;
  const content = [
    el("span", { class: "ordinal" }, index + 1), el("span", { class: "cited" }, passage.document),
    el("span", { class: "hint" }, where),
  ];
  const open = (event) => {
    openPassage(passage);
    markOpened(event.currentTarget);
  };
  return el("li", {}, button(content, open, {
    class: "citation", "aria-label": `Passage ${index + 1}: ${passage.document}, ${where}`,
  }));
}

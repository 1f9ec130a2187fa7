// How a question and its answers look: the text, what it cost, and the passages that it rests on.

import { $, button, el, fill } from "./dom.js";
import { failureBox } from "./failures.js";
import { markOpened } from "./panel.js";
import { openPassage } from "./passages.js";
import { count, duration, numbers, percent } from "./words.js";

/** `again` gives an answer once more. */
export function turnNode(turn, again) {
  const compared = turn.answers.length > 1;
  return el("article", { class: "turn" },
    el("h3", { class: "question" }, turn.question),
    el("div", { class: compared ? "compared" : null },
      ...turn.answers.map((answer) => answerNode(answer, compared, again))));
}

/** An answer's node. `answer.draw` brings it up to date. */
function answerNode(answer, compared, again) {
  const words = el("p", { class: "text" });
  const progress = el("p", { class: "hint waiting", "aria-hidden": "true" });
  const basis = el("div", { class: "basis" });
  answer.draw = () => followEnd(() => {
    words.textContent = answer.text;
    words.hidden = answer.text === "";
    progress.textContent = progressWords(answer);
    progress.hidden = progress.textContent === "";
    const ended = ["done", "stopped", "failed"].includes(answer.state);
    fill(basis, ...(ended ? basisNodes(answer, compared, again) : []));
  });
  answer.draw();
  return el("section", { class: "answer" }, compared ? el("h4", {}, answer.mode) : null, words, progress, basis);
}

function progressWords(answer) {
  if (answer.state === "waiting") return "Waits";
  if (answer.state !== "reading") return "";
  const seconds = Math.round((Date.now() - answer.began) / 1000);
  return `Reading …${seconds > 1 ? ` ${duration(seconds)}` : ""}`;
}

/** Keeps the end of the page in sight where it was, while an answer comes. */
function followEnd(draw) {
  const page = document.documentElement;
  const atEnd = $("turns").ariaBusy === "true" && page.scrollHeight - innerHeight - scrollY < 80;
  draw();
  if (atEnd) scrollTo(0, page.scrollHeight);
}

function basisNodes(answer, compared, again) {
  const { basis, state, error } = answer;
  return [
    state === "stopped" ? el("p", { class: "hint" }, "Stopped.") : null,
    error ? failureBox(error, answer.body && (() => again(answer))) : null,
    answer.isCut ? el("p", { class: "hint" }, "It ends where the longest answer does.") : null,
    basis ? cost(answer, compared) : null,
    basis ? shareBar(answer) : null,
    basis?.passages?.length ? citations(answer, compared ? 3 : 6) : null,
    ...(basis?.omissions ?? []).map((omission) => el("p", { class: "hint" }, omission)),
  ];
}

const tokensOf = (answer) => (answer.documents ?? []).reduce((sum, document) => sum + document.tokens, 0);

/** What it cost; the mode too, where the answer does not stand under its name. */
function cost(answer, compared) {
  const { mode, context_tokens: read, seconds } = answer.basis;
  const total = tokensOf(answer);
  const reading = mode === "none" ? "nothing read"
    : total > read ? `${count(read, "position")} in place of ${count(total, "token")}`
      : `${count(read, "token")} read`;
  const first = (seconds.retrieve ?? 0) + (seconds.prefill ?? 0);
  const words = [
    !compared && mode, reading, `${duration(seconds.total)}, begun after ${duration(first)}`,
    answer.written && `${count(answer.written, "token")} written`,
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

function citations(answer, most) {
  const items = answer.basis.passages.map((passage, index) => citation(answer, passage, index));
  const rest = items.slice(most);
  const more = rest.length === 0 ? null : el("li", {}, button(`${rest.length} more`, () => {
    more.replaceWith(...rest);
    rest[0].firstChild.focus();
  }, { class: "citation" }));
  return el("ol", { class: "plain citations", "aria-label": "Passages" }, ...items.slice(0, most), more);
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

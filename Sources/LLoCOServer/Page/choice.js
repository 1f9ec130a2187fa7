// What is asked, and how: the group, its documents, mode, budget and length.

import { $, el, fill } from "./dom.js";
import { documentsOf, groupFacts } from "./groups.js";
import { address, groupNamed, mayWrite, state } from "./state.js";

let documents = [];

const modeWords = {
  hybrid: "Vectors, and the pieces of text that the question is about, within the budget.",
  compressed: "The documents' vectors alone.",
  retrieval: "The passages that fit the question best, as text.",
  full: "The whole text. Slow where it is long.",
  none: "Nothing but the question.",
};
const readsWithin = new Set(["hybrid", "compressed", "retrieval"]);

/** The group's name; empty where the model alone is asked. */
export const askedGroup = () => $("ask-group").value;

export function drawModes() {
  const { modes, default_mode: usual } = state.status;
  fill($("ask-mode"), ...modes.map((mode) => el("option", { value: mode }, mode)));
  $("ask-mode").value = usual;
  fill($("compare-modes").querySelector("div"), ...modes.map((mode) => el("label", {},
    el("input", { type: "checkbox", value: mode, checked: mode !== "full" && mode !== "none" }),
    el("span", {}, mode, el("span", { class: "hint" }, ` ${modeWords[mode] ?? ""}`)))));
  drawModeHint();
}

export function drawModeHint() {
  const mode = $("ask-mode").value;
  $("mode-hint").textContent = modeWords[mode] ?? "";
  $("budget").disabled = !readsWithin.has(mode);
}

export async function refreshAskDocuments() {
  const group = askedGroup();
  const found = group ? await documentsOf(group) : [];
  if (askedGroup() !== group) return;
  documents = found;
  const before = chosenDocuments();
  fill($("ask-documents").querySelector("div"), ...documents.map(({ name }) => el("label", {},
    el("input", { type: "checkbox", value: name, checked: before.includes(name), "data-key": name }),
    el("span", {}, name))));
  $("ask-documents").hidden = documents.length < 2;
  drawAskHint();
}

const chosenDocuments = () =>
  [...$("ask-documents").querySelectorAll("input:checked")].map((input) => input.value);

/** What citations and shares are reckoned with; kept with the answer, as documents go. */
export function documentFacts(names) {
  return documents.filter((document) => names.includes(document.name))
    .map(({ id, tokens, bytes }) => ({ id, tokens, bytes }));
}

export function requestBody(messages, mode) {
  const group = askedGroup();
  const body = { model: group || state.status.model, messages, stream: true, stream_options: { include_usage: true } };
  if ($("longest").value) body.max_tokens = Number($("longest").value);
  if (!group) return body;
  body.lloco = { mode };
  const budget = $("budget").value.replace(/\s/g, "");
  if (budget && readsWithin.has(mode)) body.lloco.budget = budget;
  const chosen = chosenDocuments();
  if (chosen.length > 0) body.lloco.documents = chosen;
  return body;
}

/** What asking is, where nothing has been asked yet. */
export function drawAskHint() {
  const group = askedGroup();
  const known = groupNamed(group);
  const alone = state.groups.length === 0;
  $("compare").disabled = !group;
  $("ask-empty").hidden = $("turns").childElementCount > 0;
  fill($("ask-empty"),
    el("h2", {}, group ? `Ask about ${group}` : alone ? "No documents yet" : "Ask the model alone"),
    el("p", {}, group
      ? "Answers come from what the documents were compressed to. Each says what it rests on, and opens its passages."
      : "Without documents the model says what it remembers, and nothing can be looked up."),
    known ? el("p", { class: "hint" }, groupFacts(known)) : null,
    alone && mayWrite() ? el("a", { class: "button main", href: address("library") }, "Add documents") : null);
}

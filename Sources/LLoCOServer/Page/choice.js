// The options of a question: group, documents, mode, budget and length.

import { $, el, fill } from "./dom.js";
import { documentsOf, groupFacts } from "./groups.js";
import { address, groupNamed, mayWrite, state } from "./state.js";

let documents = [];

const modeDescriptions = {
  hybrid: "Vectors and the excerpts that match the question, within the budget.",
  compressed: "The documents' vectors only.",
  retrieval: "The best passages for the question, as text.",
  full: "The whole text. Slow for long documents.",
  none: "No context, only the question.",
};
const modesWithBudget = new Set(["hybrid", "compressed", "retrieval"]);

/** The group's name; empty for the model without documents. */
export const askedGroup = () => $("ask-group").value;

export function drawModes() {
  const { modes, default_mode: defaultMode } = state.status;
  fill($("ask-mode"), ...modes.map((mode) => el("option", { value: mode }, mode)));
  $("ask-mode").value = defaultMode;
  fill($("compare-modes").querySelector("div"), ...modes.map((mode) => el("label", {},
    el("input", { type: "checkbox", value: mode, checked: mode !== "full" && mode !== "none" }),
    el("span", {}, mode, el("span", { class: "hint" }, ` ${modeDescriptions[mode] ?? ""}`)))));
  drawModeHint();
}

export function drawModeHint() {
  const mode = $("ask-mode").value;
  $("mode-hint").textContent = modeDescriptions[mode] ?? "";
  $("budget").disabled = !modesWithBudget.has(mode);
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

/** The data for citations and costs. Stored with the answer, because documents may be removed. */
export function documentFacts(names) {
  return documents.filter((document) => names.includes(document.name))
    .map(({ id, tokens, bytes }) => ({ id, tokens, bytes }));
}

export function requestBody(messages, mode) {
  const group = askedGroup();
  const body = { model: group || state.status.model, messages, stream: true, stream_options: { include_usage: true } };
  if ($("max-tokens").value) body.max_tokens = Number($("max-tokens").value);
  if (!group) return body;
  body.lloco = { mode };
  const budget = $("budget").value.replace(/\s/g, "");
  if (budget && modesWithBudget.has(mode)) body.lloco.budget = budget;
  const chosen = chosenDocuments();
  if (chosen.length > 0) body.lloco.documents = chosen;
  return body;
}

/** The introduction of an empty conversation. */
export function drawAskHint() {
  const group = askedGroup();
  const details = groupNamed(group);
  const isEmpty = state.groups.length === 0;
  $("compare").disabled = !group;
  $("ask-empty").hidden = $("turns").childElementCount > 0;
  fill($("ask-empty"),
    el("h2", {}, group ? `Ask about ${group}` : isEmpty ? "No documents yet" : "Ask the model without documents"),
    el("p", {}, group
      ? "Answers come from the compressed documents. Each answer lists its passages, which open in the document."
      : "Without documents the model answers from its training data and cites nothing."),
    details ? el("p", { class: "hint" }, groupFacts(details)) : null,
    isEmpty && mayWrite() ? el("a", { class: "button main", href: address("library") }, "Add documents") : null);
}

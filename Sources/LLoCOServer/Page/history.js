// Earlier conversations, in this browser.

import { $, button, el, fill } from "./dom.js";
import { store, stored } from "./state.js";
import { moment } from "./words.js";

const place = ["localStorage", "lloco.conversations"];
const mostConversations = 40;
const mostTurns = 60;
const mostCharacters = 1_000_000;

let openEarlier = null;

/** `open` shows an earlier conversation. */
export function showHistory(open) {
  openEarlier = open;
  drawEarlier();
}

function earlierConversations() {
  try {
    const list = JSON.parse(stored(...place) ?? "[]");
    return list.filter((one) => one.turns.length > 0 && one.turns.every((turn) => turn.answers.length > 0));
  } catch {
    return [];
  }
}

export function keepConversation({ id, group, turns }) {
  if (turns.length === 0) return;
  const kept = turns.slice(-mostTurns).map(({ question, answers }) => ({ question, answers: answers.map(keptAnswer) }));
  const others = earlierConversations().filter((one) => one.id !== id);
  const list = [{ id, group, at: new Date().toISOString(), turns: kept }, ...others].slice(0, mostConversations);
  while (list.length > 1 && JSON.stringify(list).length > mostCharacters) list.pop();
  while (list.length > 0 && !store(...place, JSON.stringify(list))) list.pop();
  drawEarlier();
}

const keptAnswer = ({ mode, text, state, basis, documents, written, isCut }) =>
  ({ mode, text, state, basis, documents, written, isCut });

export function forgetConversations() {
  store(...place, null);
  drawEarlier();
}

function drawEarlier() {
  const list = earlierConversations();
  $("earlier").hidden = list.length === 0;
  fill($("earlier-list"), ...list.map((one) => el("li", {}, button([
    el("span", {}, one.turns[0].question),
    el("span", { class: "hint" }, `${one.group || "the model alone"} · ${moment(one.at)}`),
  ], () => openEarlier(one), { class: "earlier", "data-key": one.id }))));
}

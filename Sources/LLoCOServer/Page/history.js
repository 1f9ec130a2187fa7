// Earlier conversations, stored in this browser.

import { $, button, el, fill } from "./dom.js";
import { store, stored } from "./state.js";
import { moment } from "./words.js";

const storageKey = ["localStorage", "lloco.conversations"];
const maximumConversations = 40;
const maximumTurns = 60;
const maximumCharacters = 1_000_000;

let openEarlier = null;

/** Draws the list. `open` opens an earlier conversation. */
export function showHistory(open) {
  openEarlier = open;
  drawEarlier();
}

function earlierConversations() {
  try {
    const list = JSON.parse(stored(...storageKey) ?? "[]");
    return list.filter((one) => one.turns.length > 0 && one.turns.every((turn) => turn.answers.length > 0));
  } catch {
    return [];
  }
}

export function storeConversation({ id, group, turns }) {
  if (turns.length === 0) return;
  const storedTurns = turns.slice(-maximumTurns)
    .map(({ question, answers }) => ({ question, answers: answers.map(storedAnswer) }));
  const others = earlierConversations().filter((one) => one.id !== id);
  const newest = { id, group, at: new Date().toISOString(), turns: storedTurns };
  const list = [newest, ...others].slice(0, maximumConversations);
  while (list.length > 1 && JSON.stringify(list).length > maximumCharacters) list.pop();
  while (list.length > 0 && !store(...storageKey, JSON.stringify(list))) list.pop();
  drawEarlier();
}

const storedAnswer = ({ mode, text, state, basis, documents, written, isCut }) =>
  ({ mode, text, state, basis, documents, written, isCut });

export function deleteConversations() {
  store(...storageKey, null);
  drawEarlier();
}

function drawEarlier() {
  const list = earlierConversations();
  $("earlier").hidden = list.length === 0;
  fill($("earlier-list"), ...list.map((one) => el("li", {}, button([
    el("span", {}, one.turns[0].question),
    el("span", { class: "hint" }, `${one.group || "no documents"} · ${moment(one.at)}`),
  ], () => openEarlier(one), { class: "earlier", "data-key": one.id }))));
}

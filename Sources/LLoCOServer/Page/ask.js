// The view in which questions are asked: its controls.

import { askedGroup, drawAskHint, drawModeHint, refreshAskDocuments } from "./choice.js";
import { askIn, dropConversation, newConversation, showConversation, stopAsking } from "./conversation.js";
import { confirmed, opened } from "./dialogs.js";
import { $, el, fill, onSubmit, wide } from "./dom.js";
import { attempt } from "./failures.js";
import { showsLibrary } from "./groups.js";
import { forgetConversations, showHistory } from "./history.js";
import { groupNamed, state } from "./state.js";

function drawGroupChoice() {
  const select = $("ask-group");
  const before = select.options.length > 1 ? select.value : null;
  const names = state.groups.map((group) => group.name);
  fill(select, ...names.map((name) => el("option", { value: name }, name)),
    el("option", { value: "" }, "None: the model alone"));
  select.value = names.includes(before) || before === "" ? before : (names[0] ?? "");
  if (before && select.value !== before) newConversation();
  drawAskHint();
}

export async function chooseGroup(name) {
  if (!groupNamed(name) || askedGroup() === name) return;
  $("ask-group").value = name;
  await groupChosen();
}

/** Another group's documents are another conversation. */
async function groupChosen() {
  newConversation();
  $("ask-documents").querySelector("div").replaceChildren();
  await attempt(refreshAskDocuments);
}

async function openConversation(one) {
  $("ask-group").value = groupNamed(one.group) ? one.group : "";
  showConversation({ ...one });
  scrollTo(0, document.documentElement.scrollHeight);
  $("question").focus({ preventScroll: true });
  await attempt(refreshAskDocuments);
}

async function clearHistory() {
  const text = "All questions and answers that this browser keeps go, those in sight too.";
  if (!(await confirmed("Clear the history?", text, "Clear"))) return;
  dropConversation();
  forgetConversations();
}

async function compareModes() {
  if (!$("ask-form").reportValidity() || !(await opened($("compare-dialog")))) return;
  const modes = [...$("compare-modes").querySelectorAll("input:checked")].map((input) => input.value);
  if (modes.length > 0) askIn(modes);
}

function submitByEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("ask-form").requestSubmit();
}

export function listenToAsking() {
  showsLibrary(drawGroupChoice, refreshAskDocuments);
  showHistory(openConversation);
  $("options").open = $("earlier").open = wide.matches;
  $("ask-group").onchange = groupChosen;
  $("ask-mode").onchange = drawModeHint;
  onSubmit("ask-form", () => $("budget").reportValidity() && askIn([$("ask-mode").value]));
  $("question").addEventListener("keydown", submitByEnter);
  $("stop").onclick = stopAsking;
  $("compare").onclick = compareModes;
  $("new-conversation").onclick = () => {
    newConversation();
    $("question").focus();
  };
  $("clear-history").onclick = clearHistory;
}

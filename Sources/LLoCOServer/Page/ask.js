// The controls of the view that asks questions.

import { askedGroup, drawAskHint, drawModeHint, refreshAskDocuments } from "./choice.js";
import { askInModes, dropConversation, newConversation, showConversation, stopAsking } from "./conversation.js";
import { confirmed, openDialog } from "./dialogs.js";
import { $, el, fill, onSubmit, wide } from "./dom.js";
import { attempt } from "./failures.js";
import { addLibraryViewer } from "./groups.js";
import { deleteConversations, showHistory } from "./history.js";
import { groupNamed, state } from "./state.js";

function drawGroupChoice() {
  const select = $("ask-group");
  const before = select.options.length > 1 ? select.value : null;
  const names = state.groups.map((group) => group.name);
  fill(select, ...names.map((name) => el("option", { value: name }, name)),
    el("option", { value: "" }, "None: the model without documents"));
  select.value = names.includes(before) || before === "" ? before : (names[0] ?? "");
  if (before && select.value !== before) newConversation();
  drawAskHint();
}

export async function chooseGroup(name) {
  if (!groupNamed(name) || askedGroup() === name) return;
  $("ask-group").value = name;
  await groupChosen();
}

/** A conversation is about one group, so another group starts a new one. */
async function groupChosen() {
  newConversation();
  $("ask-documents").querySelector("div").replaceChildren();
  await attempt(refreshAskDocuments);
}

async function openConversation(conversation) {
  $("ask-group").value = groupNamed(conversation.group) ? conversation.group : "";
  showConversation({ ...conversation });
  scrollTo(0, document.documentElement.scrollHeight);
  $("question").focus({ preventScroll: true });
  await attempt(refreshAskDocuments);
}

async function clearHistory() {
  const text = "This deletes all questions and answers stored in this browser, including those shown.";
  if (!(await confirmed("Clear the history?", text, "Clear"))) return;
  dropConversation();
  deleteConversations();
}

async function compareModes() {
  if (!$("ask-form").reportValidity() || !(await openDialog($("compare-dialog")))) return;
  const modes = [...$("compare-modes").querySelectorAll("input:checked")].map((input) => input.value);
  if (modes.length > 0) askInModes(modes);
}

function submitByEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("ask-form").requestSubmit();
}

export function listenToAsking() {
  addLibraryViewer(drawGroupChoice, refreshAskDocuments);
  showHistory(openConversation);
  $("options").open = $("earlier").open = wide.matches;
  $("ask-group").onchange = groupChosen;
  $("ask-mode").onchange = drawModeHint;
  onSubmit("ask-form", () => $("budget").reportValidity() && askInModes([$("ask-mode").value]));
  $("question").addEventListener("keydown", submitByEnter);
  $("stop").onclick = stopAsking;
  $("compare").onclick = compareModes;
  $("new-conversation").onclick = () => {
    newConversation();
    $("question").focus();
  };
  $("clear-history").onclick = clearHistory;
}

// The form that adds documents: chosen or dropped files.

import { $, announce, button, el, fill, onSubmit } from "./dom.js";
import { Failure } from "./failures.js";
import { isSubmitting, outcomeOf, showFailure, submitJob } from "./jobforms.js";
import { address, mayWrite, state } from "./state.js";
import { count, size } from "./words.js";

let chosen = [];

export function drawAdd() {
  const hasGroup = state.group != null;
  $("add-title").textContent = hasGroup ? `Add documents to ${state.group}` : "Add documents";
  $("add-group").hidden = hasGroup;
  drawChosen();
}

function drawChosen() {
  fill($("chosen"), ...chosen.map((file) => el("li", {},
    el("span", {}, file.name), el("span", { class: "hint" }, size(file.size)),
    button("Deselect", () => deselect(file), { class: "quiet", "aria-label": `Deselect ${file.name}` }))));
  $("add-actions").hidden = chosen.length === 0;
  $("add-submit").textContent = `Add ${count(chosen.length, "file")}`;
}

function chooseFiles(files) {
  const names = new Set(files.map((file) => file.name));
  chosen = [...chosen.filter((file) => !names.has(file.name)), ...files];
  outcomeOf("add").replaceChildren();
  drawChosen();
  announce(`${count(chosen.length, "file")} chosen.`);
}

function deselect(file) {
  chosen = chosen.filter((other) => other !== file);
  drawChosen();
  $("files").focus();
}

function deselectAll() {
  chosen = [];
  drawChosen();
  $("files").focus();
}

function dropFiles(event) {
  const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory);
  const files = items.filter((item) => !folders.includes(item)).map((item) => item.getAsFile()).filter(Boolean);
  if (files.length > 0) chooseFiles(files);
  if (folders.length > 0) {
    showFailure("add", new Failure("Folders cannot be dropped here. Choose the files in the folder."));
  }
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function listenToDrops() {
  const allowed = (event) => hasFiles(event) && state.view === "library" && mayWrite() && !isSubmitting();
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault(); // otherwise the browser opens the file in place of the page
    $("drop").classList.toggle("over", allowed(event));
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").classList.remove("over");
  });
  addEventListener("drop", (event) => {
    if (hasFiles(event)) event.preventDefault();
    $("drop").classList.remove("over");
    if (allowed(event)) dropFiles(event);
  });
}

async function addDocuments() {
  const group = state.group ?? $("add-name").value.trim();
  if (!group) {
    showFailure("add", new Failure("Enter a group name first."));
    $("add-name").focus();
  } else if (chosen.length > 0 && (await submitJob("add", { kind: "add", group }, chosen, addDocuments))) {
    chosen = [];
    $("add-name").value = "";
    drawChosen();
    location.hash = address("library", group);
  }
}

export function listenToAdding() {
  onSubmit("add", addDocuments);
  $("files").onchange = () => {
    chooseFiles([...$("files").files]);
    $("files").value = "";
  };
  $("add-clear").onclick = deselectAll;
  listenToDrops();
}

// Adding documents: files that are chosen or dropped.

import { $, announce, button, el, fill, onSubmit } from "./dom.js";
import { Failure } from "./failures.js";
import { beginJob, isBeginning, outcomeOf, sayIn } from "./jobforms.js";
import { address, mayWrite, state } from "./state.js";
import { count, size } from "./words.js";

let chosen = [];

export function drawAdd() {
  const known = state.group != null;
  $("add-title").textContent = known ? `Add documents to ${state.group}` : "Add documents";
  $("add-group").hidden = known;
  drawChosen();
}

function drawChosen() {
  fill($("chosen"), ...chosen.map((file) => el("li", {},
    el("span", {}, file.name), el("span", { class: "hint" }, size(file.size)),
    button("Leave out", () => leaveOut(file), { class: "quiet", "aria-label": `Leave out ${file.name}` }))));
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

function leaveOut(file) {
  chosen = chosen.filter((other) => other !== file);
  drawChosen();
  $("files").focus();
}

function chooseNone() {
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
    sayIn("add", new Failure("A folder cannot be dropped here. Choose the files in it."));
  }
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function takeDrops() {
  const allowed = (event) => carriesFiles(event) && state.view === "library" && mayWrite() && !isBeginning();
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault(); // or the browser leaves the page for the file
    $("drop").classList.toggle("over", allowed(event));
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").classList.remove("over");
  });
  addEventListener("drop", (event) => {
    if (carriesFiles(event)) event.preventDefault();
    $("drop").classList.remove("over");
    if (allowed(event)) dropFiles(event);
  });
}

async function addDocuments() {
  const group = state.group ?? $("add-name").value.trim();
  if (!group) {
    sayIn("add", new Failure("Name the group first."));
    $("add-name").focus();
  } else if (chosen.length > 0 && (await beginJob("add", { kind: "add", group }, chosen, addDocuments))) {
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
  $("add-clear").onclick = chooseNone;
  takeDrops();
}

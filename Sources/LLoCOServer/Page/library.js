// The library view: the groups, and the documents of one group.

import { drawAdd } from "./adding.js";
import { request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { $, announce, button, el, fill } from "./dom.js";
import { attempt } from "./failures.js";
import { addLibraryViewer, documentPath, documentsOf, groupFacts, refreshGroups, refreshLibrary } from "./groups.js";
import { openDocument } from "./passages.js";
import { openQuestions } from "./questions.js";
import { address, groupNamed, mayWrite, state } from "./state.js";
import { closeTune } from "./tuning.js";
import { count, dates, moment, size } from "./words.js";

function drawGroups() {
  fill($("groups"), ...state.groups.map((group) => el("li", {},
    el("a", {
      href: address("library", group.name), "data-key": group.name,
      "aria-current": group.name === state.group ? "true" : null,
    },
    el("span", { class: "group-name" }, group.name),
    el("span", { class: "hint" },
      `${count(group.documents, "document")}, ${count(group.tokens, "token")}${group.adapter ? ", tuned" : ""}`)))));
  fill($("group-names"), ...state.groups.map((group) => el("option", { value: group.name })));
  $("view-library").classList.toggle("bare", state.groups.length === 0);
}

export function showGroup(name) {
  const changed = state.group !== name;
  state.group = name;
  if (changed) {
    closeTune();
    $("document-list").replaceChildren();
    $("documents").hidden = true;
  }
  drawGroups();
  drawAdd();
  return attempt(drawDocuments);
}

async function drawDocuments() {
  const name = state.group;
  const group = groupNamed(name);
  $("group-head").hidden = name == null;
  drawHint(name, group);
  if (name == null) return;
  drawGroupHead(name, group);
  const documents = group ? await documentsOf(name) : [];
  if (state.group !== name) return;
  $("documents").hidden = documents.length === 0;
  fill($("document-list"), ...documents.map(documentItem));
}

function drawGroupHead(name, group) {
  $("group-name").textContent = name;
  $("group-facts").textContent = group ? groupFacts(group) : "No documents yet.";
  $("group-ask").href = address("ask", name);
  $("group-ask").setAttribute("aria-label", `Ask ${name}`);
  $("group-ask").hidden = !group;
  $("group-tune").hidden = $("group-remove").hidden = !group || !mayWrite();
}

/** The introduction of an empty library or a new group. */
function drawHint(name, group) {
  const hints = name == null ? hintsWithoutGroup() : group || mayWrite() ? [] : ["Group not found."];
  fill($("library-empty"), ...hints.map((text, at) => el(name == null && at === 0 ? "h2" : "p", {}, text)));
  $("library-empty").hidden = hints.length === 0;
}

/** A heading and paragraphs. */
function hintsWithoutGroup() {
  if (state.groups.length > 0) {
    return mayWrite() ? ["A new group", "Adding the first documents creates the group."]
      : ["The library", "Choose a group to see its documents."];
  }
  return [
    mayWrite() ? "Add your first document" : "No documents",
    "lloco compresses a long document once into vectors, about one per 30 tokens. "
      + "Questions are answered from the vectors, so that an answer starts quickly for long documents too.",
    mayWrite() ? "A group holds documents about one subject. Enter a group name below, add files, then ask."
      : "The server's administrator can add documents with “lloco add”, or with a key that allows it.",
  ];
}

function documentItem(document) {
  const act = (word, action, label, style, content = word) => button(content, () => action(document), {
    class: style, "data-key": `${word} ${document.id}`, "aria-label": label,
  });
  const facts = [
    count(document.tokens, "token"), count(document.vectors, "vector"), size(document.bytes),
    moment(document.added, dates),
  ];
  return el("li", {},
    el("span", { class: "document-name" },
      act("Open", openDocument, `Open ${document.name}`, "link", document.name),
      document.complete ? null
        : el("span", { class: "badge", title: "Adding was interrupted; add the file again to resume." }, "unfinished")),
    ...facts.map((fact) => el("span", { class: "fact" }, fact)),
    el("span", { class: "actions" },
      act("Questions", openQuestions, `Questions about ${document.name}`, "quiet"),
      mayWrite() ? act("Remove", removeDocument, `Remove ${document.name}`, "quiet danger") : null));
}

async function removeDocument(document) {
  const text = `This removes “${document.name}” and its vectors. The original file stays.`;
  if (!(await confirmed("Remove the document?", text, "Remove"))) return;
  await attempt(async () => {
    await request(documentPath(document.id), { method: "DELETE" });
    announce(`${document.name} was removed.`);
    await refreshLibrary();
  });
}

async function removeGroup() {
  const name = state.group;
  const text = `This removes “${name}”, its documents and its adapter.`;
  if (!(await confirmed("Remove the group?", text, "Remove the group"))) return;
  await attempt(async () => {
    await request(`/lloco/v1/groups/${encodeURIComponent(name)}`, { method: "DELETE" });
    announce(`${name} was removed.`);
    state.group = null;
    await refreshGroups();
    location.hash = address("library");
  });
}

export function listenToLibrary() {
  addLibraryViewer(drawGroups, () => state.view === "library" && drawDocuments());
  $("group-remove").onclick = removeGroup;
}

// The groups and documents of the library, and the views that show them.

import { requestJSON } from "./api.js";
import { state } from "./state.js";
import { count, dates, moment } from "./words.js";

const viewers = [];

/** Calls `drawGroups` after the groups are loaded, and `drawDocuments` after documents may have changed. */
export const addLibraryViewer = (drawGroups, drawDocuments) => viewers.push({ drawGroups, drawDocuments });

export async function refreshGroups() {
  state.groups = (await requestJSON("/lloco/v1/groups")).groups;
  for (const viewer of viewers) viewer.drawGroups();
}

export async function refreshLibrary() {
  await refreshGroups();
  for (const viewer of viewers) await viewer.drawDocuments();
}

export const documentPath = (id) => `/lloco/v1/documents/${encodeURIComponent(id)}`;

export async function documentsOf(group) {
  return (await requestJSON(`/lloco/v1/documents?group=${encodeURIComponent(group)}`)).documents;
}

export function groupFacts(group) {
  const adapters = {
    own: `uses its own adapter${group.adapter ? ` (tuned ${moment(group.adapter.created, dates)})` : ""}`,
    general: "uses the general adapter",
    none: "uses no adapter",
  };
  return [
    count(group.documents, "document"), `${count(group.tokens, "token")} in ${count(group.vectors, "vector")}`,
    adapters[group.reads_with],
  ].filter(Boolean).join(" · ");
}

// The groups and documents of the library, and who shows them.

import { requestJSON } from "./api.js";
import { state } from "./state.js";
import { count, dates, moment } from "./words.js";

const viewers = [];

/** `drawGroups` is called when the groups have been read, `drawDocuments` when documents may have changed. */
export const showsLibrary = (drawGroups, drawDocuments) => viewers.push({ drawGroups, drawDocuments });

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
  const readers = {
    own: `read with its own adapter${group.adapter ? ` (tuned ${moment(group.adapter.created, dates)})` : ""}`,
    general: "read with the general adapter",
    none: "read without an adapter",
  };
  return [
    count(group.documents, "document"), `${count(group.tokens, "token")} in ${count(group.vectors, "vector")}`,
    readers[group.reads_with],
  ].filter(Boolean).join(" · ");
}

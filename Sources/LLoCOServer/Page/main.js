// The page of `lloco serve`: loading, and the choice of the view.

import { listenToAdding } from "./adding.js";
import { requestJSON } from "./api.js";
import { chooseGroup, listenToAsking } from "./ask.js";
import { askedGroup, drawModes, refreshAskDocuments } from "./choice.js";
import { $ } from "./dom.js";
import { attempt, connectionRestored } from "./failures.js";
import { refreshGroups, refreshLibrary } from "./groups.js";
import { placeJobs, refreshJobs, watchJobs } from "./jobs.js";
import { listenToKeys } from "./keys.js";
import { listenToLibrary, showGroup } from "./library.js";
import { closePanel, listenToPanel } from "./panel.js";
import { mayWrite, state } from "./state.js";
import { listenToTheme } from "./theme.js";
import { listenToTuning } from "./tuning.js";
import { count } from "./words.js";

function route() {
  const [, view, group] = /^#\/(ask|library|new|jobs)(?:\/(.+))?$/.exec(location.hash) ?? [];
  try {
    return { view, group: group && decodeURIComponent(group) };
  } catch {
    return { view };
  }
}

function showRoute() {
  let { view, group } = route();
  if (!view && state.view) return; // the skip link
  view ??= state.groups.length > 0 ? "ask" : "library";
  if (view === "jobs" && !mayWrite()) view = "library";
  showView(view === "new" ? "library" : view);
  if (view === "ask" && group != null) chooseGroup(group);
  if (view === "library") showGroup(group ?? state.group ?? (askedGroup() || null));
  if (view === "new") showGroup(null);
  placeJobs();
}

function showView(view) {
  const before = state.view;
  state.view = view;
  for (const section of document.querySelectorAll(".view")) section.hidden = section.id !== `view-${view}`;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = $(`view-${view}`).querySelector("h1");
  document.title = `${heading.textContent} · lloco`;
  if (before && before !== view) {
    closePanel();
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

async function load() {
  state.status = await requestJSON("/lloco/v1/status");
  for (const node of document.querySelectorAll("[data-writer]")) node.hidden = !mayWrite();
  $("model").textContent = state.status.model;
  $("model").title = `lloco ${state.status.version}, a context window of ${count(state.status.window, "token")}`;
  drawModes();
  await refreshGroups();
  showRoute();
  await refreshAskDocuments();
  if (mayWrite()) await refreshJobs();
}

function listenToPage() {
  addEventListener("hashchange", () => state.status && showRoute());
  addEventListener("online", connectionRestored);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state.status) attempt(refreshLibrary);
  });
}

for (const listen of [
  listenToTheme, listenToKeys, listenToPage, listenToPanel, listenToLibrary, listenToAdding, listenToTuning,
  listenToAsking,
]) listen();
attempt(load);
watchJobs();

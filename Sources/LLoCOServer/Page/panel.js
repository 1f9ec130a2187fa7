// The side panel: a document's text, or the questions about it.

import { $, el, wide } from "./dom.js";
import { failureBox } from "./failures.js";

/** The current content. Other content that finishes loading later is not drawn. */
let shown = null;

export const isShown = (content) => content === shown;

/** Opens the panel and passes the result of `load` to `draw`. `back` returns to the previous content. */
export async function openPanel(content) {
  const { title, facts = "", back, load, draw } = content;
  shown = content;
  openEmptyPanel(title, facts, back);
  try {
    const loaded = await load();
    if (isShown(content)) draw(loaded);
  } catch (error) {
    if (isShown(content)) $("panel-body").replaceChildren(failureBox(error, () => openPanel(content)));
  }
}

function openEmptyPanel(title, facts, back) {
  const panel = $("panel");
  $("panel-title").textContent = title;
  $("panel-facts").textContent = facts;
  $("panel-back").hidden = !back;
  $("panel-back").onclick = back;
  $("panel-body").replaceChildren(el("p", { class: "hint" }, "Loading …"));
  $("panel-body").scrollTop = 0;
  if (!panel.open) {
    if (wide.matches) panel.show();
    else panel.showModal();
    document.body.classList.add("with-panel");
  }
  $("panel-title").focus();
}

export function closePanel() {
  if ($("panel").open) $("panel").close();
}

/** Marks the citation whose passage the panel shows. */
export function markOpened(citation) {
  document.querySelector(".citation[aria-current]")?.removeAttribute("aria-current");
  citation?.setAttribute("aria-current", "true");
}

export function listenToPanel() {
  $("panel-close").onclick = closePanel;
  $("panel").onclose = () => {
    shown = null;
    markOpened(null);
    document.body.classList.remove("with-panel");
  };
  $("panel").addEventListener("keydown", (event) => event.key === "Escape" && closePanel());
}

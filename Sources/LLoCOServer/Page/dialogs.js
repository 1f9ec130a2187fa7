// Dialogs that wait for an answer.

import { $ } from "./dom.js";

/** Opens a dialog; true where it is submitted, false where it is cancelled. */
export function opened(dialog) {
  return new Promise((resolve) => {
    const form = dialog.querySelector("form");
    let submitted = false;
    form.onsubmit = (event) => {
      event.preventDefault();
      submitted = true;
      dialog.close();
    };
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
    dialog.onclose = () => resolve(submitted);
    dialog.showModal();
  });
}

export function confirmed(title, text, action) {
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = action;
  return opened($("confirm-dialog"));
}

// Modal dialogs.

import { $ } from "./dom.js";

/** Opens a dialog. Resolves to true if it is submitted, false if it is cancelled. */
export function openDialog(dialog) {
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
  return openDialog($("confirm-dialog"));
}

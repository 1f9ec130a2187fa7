// What failed: in words, in a box, or as a notice above the page.

import { $, button, el, fill } from "./dom.js";
import { count } from "./words.js";

/** What went wrong, in words. Status 0: no answer came. */
export class Failure extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export const unreachable = () => new Failure("The server cannot be reached. Is it still running?");
export const brokenOff = () => new Failure("The connection broke off before the end.");
export const isAbort = (error) => error.name === "AbortError";

const statusWords = {
  401: "The server asks for a key.",
  403: "This key does not allow it.",
  404: "This is not there any more.",
  413: "This is more than the server takes.",
  503: "The server has too much in hand.",
};

export function failureOf(status, text, retryAfter) {
  let message;
  try {
    message = JSON.parse(text).error.message;
  } catch {
    message = null;
  }
  message ||= statusWords[status] ?? `The server answered with status ${status}.`;
  message = message.charAt(0).toUpperCase() + message.slice(1);
  if (!/[.!?]$/.test(message)) message += ".";
  if (retryAfter) message += ` Try again in ${count(Number(retryAfter), "second")}.`;
  return new Failure(message, status);
}

export function failureBox(error, retry) {
  return el("div", { class: "failure" }, el("p", {}, error.message), retry && button("Try again", retry));
}

/** What to do when the server can be reached again. */
let retryLost = null;

export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isAbort(error)) showNotice(error, () => attempt(work));
    return false;
  }
}

function showNotice(error, retry) {
  const again = () => {
    hideNotice();
    retry();
  };
  retryLost = error.status === 0 ? again : null;
  const notice = $("notice");
  if (!notice.hidden && notice.firstChild.textContent === error.message) return;
  fill(notice, el("p", {}, error.message), button("Try again", () => (retryLost ?? again)()),
    button("Close", hideNotice, { class: "quiet" }));
  notice.hidden = false;
}

function hideNotice() {
  $("notice").hidden = true;
  retryLost = null;
}

export function connectionIsBack() {
  const again = retryLost;
  retryLost = null;
  again?.();
}

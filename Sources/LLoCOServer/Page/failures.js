// Errors: their messages, boxes with a retry button, and the notice above the page.

import { $, button, el, fill } from "./dom.js";
import { count } from "./words.js";

/** An error with a message for people. Status 0: no response arrived. */
export class Failure extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export const unreachable = () => new Failure("The server cannot be reached. Is it still running?");
export const interrupted = () => new Failure("The connection was interrupted before the end.");
export const isAbort = (error) => error.name === "AbortError";

const statusMessages = {
  401: "The server requires a key.",
  403: "The key does not allow this request.",
  404: "It was not found; it may have been removed.",
  413: "The request is too large for the server.",
  503: "The server is busy.",
};

export function failureOf(status, text, retryAfter) {
  let message;
  try {
    message = JSON.parse(text).error.message;
  } catch {
    message = null;
  }
  message ||= statusMessages[status] ?? `The server answered with status ${status}.`;
  message = message.charAt(0).toUpperCase() + message.slice(1);
  if (!/[.!?]$/.test(message)) message += ".";
  if (retryAfter) message += ` Try again in ${count(Number(retryAfter), "second")}.`;
  return new Failure(message, status);
}

export function failureBox(error, retry) {
  return el("div", { class: "failure" }, el("p", {}, error.message), retry && button("Try again", retry));
}

/** Runs when the connection is restored; null if no request failed. */
let pendingRetry = null;

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
  pendingRetry = error.status === 0 ? again : null;
  const notice = $("notice");
  if (!notice.hidden && notice.firstChild.textContent === error.message) return;
  fill(notice, el("p", {}, error.message), button("Try again", () => (pendingRetry ?? again)()),
    button("Close", hideNotice, { class: "quiet" }));
  notice.hidden = false;
}

function hideNotice() {
  $("notice").hidden = true;
  pendingRetry = null;
}

export function connectionRestored() {
  const again = pendingRetry;
  pendingRetry = null;
  again?.();
}

// A form that begins a job, with the upload of its files.

import { request, requestJSON, upload } from "./api.js";
import { jobTitle } from "./cards.js";
import { $, announce, button, el } from "./dom.js";
import { failureBox, isAbort } from "./failures.js";
import { placeJobs, takeJob } from "./jobs.js";
import { size } from "./words.js";

let beginning = null;

export const isBeginning = () => beginning != null;

export const outcomeOf = (form) => $(form).querySelector(".outcome");

export function sayIn(form, error, retry) {
  outcomeOf(form).replaceChildren(failureBox(error, retry));
}

/** Begins the job that a form asks for, and says there how it goes. Returns whether it has begun. */
export async function beginJob(form, fields, files, retry) {
  if (beginning) return false;
  beginning = new AbortController();
  const submit = $(form).querySelector("[type=submit]");
  submit.disabled = true;
  try {
    await startJob(fields, files, outcomeOf(form), beginning.signal);
    return true;
  } catch (error) {
    if (isAbort(error)) outcomeOf(form).replaceChildren();
    else sayIn(form, error, retry);
    return false;
  } finally {
    beginning = null;
    submit.disabled = false;
  }
}

/** Uploads the files, if there are any, and begins the job that is about them. */
async function startJob(fields, files, outcome, signal) {
  const sent = files.length > 0 ? await uploadIn(outcome, files, signal) : null;
  try {
    const json = { ...fields, ...(sent && { upload: sent.id }) };
    const job = await requestJSON("/lloco/v1/jobs", { method: "POST", json });
    outcome.replaceChildren();
    announce(`${jobTitle(job)}: begun.`);
    takeJob(job, true);
    placeJobs();
  } catch (error) {
    if (sent) request(`/lloco/v1/uploads/${encodeURIComponent(sent.id)}`, { method: "DELETE" }).catch(() => {});
    throw error;
  }
}

function uploadIn(outcome, files, signal) {
  const bar = el("progress", { max: 1, value: 0, "aria-label": "Upload" });
  const words = el("span", { class: "hint" }, "Sending …");
  outcome.replaceChildren(el("div", { class: "sending" }, bar, words,
    button("Stop", () => beginning?.abort(), { class: "quiet" })));
  return upload(files, (done, total) => {
    bar.value = total ? done / total : 0;
    words.textContent = `${size(done)} of ${size(total)} sent`;
  }, signal);
}

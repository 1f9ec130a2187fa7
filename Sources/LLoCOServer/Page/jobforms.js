// Submits a job from a form and uploads its files.

import { request, requestJSON, upload } from "./api.js";
import { jobTitle } from "./cards.js";
import { $, announce, button, el } from "./dom.js";
import { failureBox, isAbort } from "./failures.js";
import { placeJobs, updateJob } from "./jobs.js";
import { size } from "./words.js";

let submission = null;

export const isSubmitting = () => submission != null;

export const outcomeOf = (form) => $(form).querySelector(".outcome");

export function showFailure(form, error, retry) {
  outcomeOf(form).replaceChildren(failureBox(error, retry));
}

/** Submits a form's job and shows progress or failure in the form. Returns whether it succeeded. */
export async function submitJob(form, fields, files, retry) {
  if (submission) return false;
  submission = new AbortController();
  const submit = $(form).querySelector("[type=submit]");
  submit.disabled = true;
  try {
    await startJob(fields, files, outcomeOf(form), submission.signal);
    return true;
  } catch (error) {
    if (isAbort(error)) outcomeOf(form).replaceChildren();
    else showFailure(form, error, retry);
    return false;
  } finally {
    submission = null;
    submit.disabled = false;
  }
}

/** Uploads the files, if any, and starts the job. */
async function startJob(fields, files, outcome, signal) {
  const uploaded = files.length > 0 ? await uploadIn(outcome, files, signal) : null;
  try {
    const json = { ...fields, ...(uploaded && { upload: uploaded.id }) };
    const job = await requestJSON("/lloco/v1/jobs", { method: "POST", json });
    outcome.replaceChildren();
    announce(`${jobTitle(job)}: submitted.`);
    updateJob(job, true);
    placeJobs();
  } catch (error) {
    if (uploaded) request(`/lloco/v1/uploads/${encodeURIComponent(uploaded.id)}`, { method: "DELETE" }).catch(() => {});
    throw error;
  }
}

function uploadIn(outcome, files, signal) {
  const bar = el("progress", { max: 1, value: 0, "aria-label": "Upload" });
  const words = el("span", { class: "hint" }, "Uploading …");
  outcome.replaceChildren(el("div", { class: "sending" }, bar, words,
    button("Stop", () => submission?.abort(), { class: "quiet" })));
  return upload(files, (done, total) => {
    bar.value = total ? done / total : 0;
    words.textContent = `${size(done)} of ${size(total)} uploaded`;
  }, signal);
}

// The card of a job, with its messages and its loss curve.

import { lossCurve } from "./curve.js";
import { button, el } from "./dom.js";
import { count, duration, moment, numbers } from "./words.js";

export const isActive = (job) => job.state === "waiting" || job.state === "running";
export const hasEnded = (job) => !isActive(job);

export const stateLabels = {
  waiting: "waiting", running: "running", done: "done", failed: "failed", cancelled: "cancelled",
};

export function jobTitle(job) {
  if (job.kind === "finetune") return `Tuning ${job.group}`;
  const files = job.files ?? [];
  return `Adding ${files.length === 1 ? files[0] : count(files.length, "file")} to ${job.group}`;
}

/** `entry`: the job and its messages. `actions`: the handlers of the buttons and of opening the details. */
export function makeCard(entry, actions) {
  const parts = {
    title: el("h3"), state: el("span", { class: "badge" }), facts: el("p", { class: "hint" }),
    bar: el("progress", { "aria-label": "Progress" }), error: el("p", { class: "failure", hidden: true }),
    curve: lossCurve(), messages: el("ul", { class: "messages" }),
    cancel: button("Cancel", () => actions.cancel(entry)),
    remove: button("Delete", () => actions.remove(entry), { class: "quiet" }),
  };
  const followIfOpen = () => parts.details.open && entry.job.state !== "waiting" && actions.follow(entry);
  parts.details = el("details", { open: isActive(entry.job), ontoggle: followIfOpen },
    el("summary", {}, "Details"), parts.curve.node, parts.messages);
  parts.node = el("article", { class: "card job" },
    el("header", {}, parts.title, parts.state, parts.cancel, parts.remove),
    parts.facts, parts.bar, parts.error, parts.details);
  return parts;
}

export function drawCard({ job, card, isDisconnected, steps, messages }) {
  card.title.textContent = jobTitle(job);
  card.state.textContent = stateLabels[job.state] ?? job.state;
  card.state.dataset.state = job.state;
  card.facts.textContent = isDisconnected && isActive(job)
    ? "The connection is lost. Reconnecting; the job continues." : jobFacts(job);
  card.bar.hidden = hasEnded(job);
  if (job.progress?.total) Object.assign(card.bar, { max: job.progress.total, value: job.progress.done });
  else card.bar.removeAttribute("value");
  card.error.hidden = !job.error;
  card.error.textContent = job.error ?? "";
  card.cancel.hidden = hasEnded(job);
  card.remove.hidden = isActive(job);
  card.curve.draw(steps);
  if (card.messages.childElementCount !== messages.length) {
    card.messages.replaceChildren(...messages.map((text) => el("li", {}, text)));
  }
  card.messages.hidden = messages.length === 0;
}

function jobFacts(job) {
  if (job.state === "waiting") return "Waiting for earlier jobs.";
  const seconds = (new Date(job.ended ?? Date.now()) - new Date(job.started ?? job.created)) / 1000;
  if (hasEnded(job)) return [moment(job.ended), job.started && duration(seconds)].filter(Boolean).join(" · ");
  const { phase, item, done, total, loss } = job.progress ?? {};
  const of = `${numbers.format(done ?? 0)} of ${numbers.format(total ?? 0)}`;
  const phases = {
    adding: `Compressing ${item ?? "the documents"}: ${of} tokens`,
    studying: `Writing questions about ${item ?? "the documents"}: ${of} passages`,
    tuning: `Training: step ${of}${loss == null ? "" : `, loss ${loss.toFixed(2)}`}`,
  };
  return phases[phase] ?? "Starting.";
}

// How a job looks: its card, with what it has said and its curve.

import { lossCurve } from "./curve.js";
import { button, el } from "./dom.js";
import { count, duration, moment, numbers } from "./words.js";

export const isActive = (job) => job.state === "waiting" || job.state === "running";
export const isOver = (job) => !isActive(job);

export const stateWords = {
  waiting: "waits", running: "at work", done: "done", failed: "failed", cancelled: "cancelled",
};

export function jobTitle(job) {
  if (job.kind === "finetune") return `Tuning ${job.group}`;
  const files = job.files ?? [];
  return `Adding ${files.length === 1 ? files[0] : count(files.length, "file")} to ${job.group}`;
}

/** `entry`: the job, and what it has said. `does`: what opening its account and its buttons do. */
export function makeCard(entry, does) {
  const parts = {
    title: el("h3"), state: el("span", { class: "badge" }), facts: el("p", { class: "hint" }),
    bar: el("progress", { "aria-label": "Progress" }), error: el("p", { class: "failure", hidden: true }),
    curve: lossCurve(), said: el("ul", { class: "said" }),
    cancel: button("Cancel", () => does.cancel(entry)),
    forget: button("Forget", () => does.forget(entry), { class: "quiet" }),
  };
  const hearWhereOpen = () => parts.details.open && entry.job.state !== "waiting" && does.follow(entry);
  parts.details = el("details", { open: isActive(entry.job), ontoggle: hearWhereOpen },
    el("summary", {}, "What it did"), parts.curve.node, parts.said);
  parts.node = el("article", { class: "card job" },
    el("header", {}, parts.title, parts.state, parts.cancel, parts.forget),
    parts.facts, parts.bar, parts.error, parts.details);
  return parts;
}

export function drawCard({ job, card, lost, steps, said }) {
  card.title.textContent = jobTitle(job);
  card.state.textContent = stateWords[job.state] ?? job.state;
  card.state.dataset.state = job.state;
  card.facts.textContent = lost && isActive(job)
    ? "The connection is lost. It is tried again; the job goes on meanwhile." : jobFacts(job);
  card.bar.hidden = isOver(job);
  if (job.progress?.total) Object.assign(card.bar, { max: job.progress.total, value: job.progress.done });
  else card.bar.removeAttribute("value");
  card.error.hidden = !job.error;
  card.error.textContent = job.error ?? "";
  card.cancel.hidden = isOver(job);
  card.forget.hidden = isActive(job);
  card.curve.draw(steps);
  if (card.said.childElementCount !== said.length) {
    card.said.replaceChildren(...said.map((text) => el("li", {}, text)));
  }
  card.said.hidden = said.length === 0;
}

function jobFacts(job) {
  if (job.state === "waiting") return "It waits for the work before it.";
  const seconds = (new Date(job.ended ?? Date.now()) - new Date(job.started ?? job.created)) / 1000;
  if (isOver(job)) return [moment(job.ended), job.started && duration(seconds)].filter(Boolean).join(" · ");
  const { phase, item, done, total, loss } = job.progress ?? {};
  const of = `${numbers.format(done ?? 0)} of ${numbers.format(total ?? 0)}`;
  const phases = {
    adding: `Reads ${item ?? "the documents"}: ${of} tokens`,
    studying: `Asks itself about ${item ?? "the documents"}: ${of} passages`,
    tuning: `Learns: step ${of}${loss == null ? "" : `, loss ${loss.toFixed(2)}`}`,
  };
  return phases[phase] ?? "It begins.";
}

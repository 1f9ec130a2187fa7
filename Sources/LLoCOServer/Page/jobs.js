// Jobs: what the server adds and tunes, and what it says of that.

import { request, requestJSON, serverEvents } from "./api.js";
import { drawCard, isActive, isOver, jobTitle, makeCard, stateWords } from "./cards.js";
import { $, announce, drawSoon } from "./dom.js";
import { attempt } from "./failures.js";
import { refreshLibrary } from "./groups.js";
import { isAskingForKey } from "./keys.js";
import { state } from "./state.js";
import { count, duration } from "./words.js";

/** By id: the job, what its events have said, and its card. */
const jobs = new Map();

const jobPath = ({ job }) => `/lloco/v1/jobs/${encodeURIComponent(job.id)}`;

const later = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

export async function refreshJobs() {
  const list = (await requestJSON("/lloco/v1/jobs")).jobs;
  const ids = new Set(list.map((job) => job.id));
  for (const id of jobs.keys()) if (!ids.has(id)) jobs.delete(id);
  for (const job of list) takeJob(job);
  placeJobs();
}

/** `isNew`: it was at work, or begun, while the page was open. */
export function takeJob(job, isNew = isActive(job)) {
  const entry = jobs.get(job.id) ?? { steps: [], said: [], isNew, heard: false, lost: false };
  const hasEnded = isOver(job) && (entry.job ? isActive(entry.job) : isNew);
  entry.job = job;
  entry.card ??= makeCard(entry, { follow, cancel: cancelJob, forget: forgetJob });
  jobs.set(job.id, entry);
  drawJob(entry);
  if (job.state === "running") follow(entry);
  if (hasEnded) endJob(job);
}

function drawJob(entry) {
  drawCard(entry);
  drawActiveCount();
}

/** Hears a job's events until it has ended. They begin anew with each connection. */
async function follow(entry) {
  if (entry.heard) return;
  entry.heard = true;
  for (let wait = 1; ; wait = Math.min(15, 2 * wait)) {
    try {
      const response = await request(`${jobPath(entry)}/events`);
      Object.assign(entry, { steps: [], said: [], lost: false });
      for await (const data of serverEvents(response)) {
        wait = 1;
        hear(entry, JSON.parse(data));
      }
      if (isOver(entry.job)) break;
    } catch (error) {
      if (error.status !== 0) {
        entry.said.push(error.message);
        break;
      }
    }
    entry.lost = true;
    drawJob(entry);
    await later(wait);
    if (!jobs.has(entry.job.id)) return;
  }
  drawJob(entry);
}

function hear(entry, event) {
  const job = entry.job;
  const wasActive = isActive(job);
  if (event.type === "state" && wasActive) {
    Object.assign(job, { state: event.state, error: event.error ?? job.error });
  }
  if (event.type === "progress") job.progress = { ...event, loss: job.progress?.loss };
  if (event.type === "note") entry.said.push(event.text);
  if (event.type === "step") {
    entry.steps.push(event);
    job.progress = { phase: "tuning", item: null, done: event.step, total: event.total, loss: event.loss };
  }
  if (event.type === "document") {
    entry.said.push(`${event.document}: ${count(event.tokens, "token")} in ${count(event.vectors, "vector")}, `
      + duration(event.seconds));
    if (wasActive) attempt(refreshLibrary);
  }
  if (wasActive && isOver(job)) {
    endJob(job);
    attempt(refreshJobs); // the next one begins
  }
  drawSoon(entry, () => drawJob(entry));
}

function endJob(job) {
  job.ended ??= new Date().toISOString();
  announce(`${jobTitle(job)}: ${stateWords[job.state]}.`);
  attempt(refreshLibrary);
}

function drawActiveCount() {
  const active = [...jobs.values()].filter((entry) => isActive(entry.job)).length;
  $("jobs-active").hidden = active === 0;
  $("jobs-active").textContent = active;
  $("jobs-active").setAttribute("aria-label", `${active} at work`);
}

/** Puts the cards in sight: all in their view; with a group those that were at work while the page was open. */
export function placeJobs() {
  const entries = [...jobs.values()].sort((a, b) => b.job.created.localeCompare(a.job.created));
  const ofGroup = entries.filter((entry) => entry.isNew && entry.job.group === state.group);
  const [container, shown] = state.view === "jobs" ? [$("all-jobs"), entries] : [$("group-jobs"), ofGroup];
  const nodes = shown.map((entry) => entry.card.node);
  if (nodes.length !== container.childElementCount || nodes.some((node, at) => node !== container.children[at])) {
    container.replaceChildren(...nodes);
  }
  $("jobs-empty").hidden = entries.length > 0;
  $("jobs-empty").textContent = "Nothing yet. Adding documents and tuning a group are jobs; both begin in the library.";
  for (const entry of shown) entry.card.curve.draw(entry.steps);
  drawActiveCount();
}

function cancelJob(entry) {
  return attempt(async () => takeJob(await requestJSON(`${jobPath(entry)}/cancel`, { method: "POST" })));
}

function forgetJob(entry) {
  return attempt(async () => {
    await request(jobPath(entry), { method: "DELETE" });
    jobs.delete(entry.job.id);
    placeJobs();
  });
}

/** Jobs that wait have no events of their own here: a browser opens few connections at once. */
export async function watchJobs() {
  for (;;) {
    await later(4);
    const waits = [...jobs.values()].some((entry) => isActive(entry.job));
    if (waits && !document.hidden && !isAskingForKey()) await attempt(refreshJobs);
  }
}

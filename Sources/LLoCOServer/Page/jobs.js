// Jobs, which add documents and tune groups, and their events.

import { request, requestJSON, serverEvents } from "./api.js";
import { drawCard, hasEnded, isActive, jobTitle, makeCard, stateLabels } from "./cards.js";
import { $, announce, drawSoon } from "./dom.js";
import { attempt } from "./failures.js";
import { refreshLibrary } from "./groups.js";
import { isAskingForKey } from "./keys.js";
import { state } from "./state.js";
import { count, duration } from "./words.js";

/** By id: the job, its steps and messages, and its card. */
const jobs = new Map();

const jobPath = ({ job }) => `/lloco/v1/jobs/${encodeURIComponent(job.id)}`;

const later = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

export async function refreshJobs() {
  const list = (await requestJSON("/lloco/v1/jobs")).jobs;
  const ids = new Set(list.map((job) => job.id));
  for (const id of jobs.keys()) if (!ids.has(id)) jobs.delete(id);
  for (const job of list) updateJob(job);
  placeJobs();
}

/** `isNew`: the job was active while the page was open. */
export function updateJob(job, isNew = isActive(job)) {
  const entry = jobs.get(job.id) ?? { steps: [], messages: [], isNew, isFollowed: false, isDisconnected: false };
  const endsNow = hasEnded(job) && (entry.job ? isActive(entry.job) : isNew);
  entry.job = job;
  entry.card ??= makeCard(entry, { follow, cancel: cancelJob, remove: deleteJob });
  jobs.set(job.id, entry);
  drawJob(entry);
  if (job.state === "running") follow(entry);
  if (endsNow) endJob(job);
}

function drawJob(entry) {
  drawCard(entry);
  drawActiveCount();
}

/** Follows a job's events until it has ended. Each connection starts with the first event. */
async function follow(entry) {
  if (entry.isFollowed) return;
  entry.isFollowed = true;
  for (let wait = 1; ; wait = Math.min(15, 2 * wait)) {
    try {
      const response = await request(`${jobPath(entry)}/events`);
      Object.assign(entry, { steps: [], messages: [], isDisconnected: false });
      for await (const data of serverEvents(response)) {
        wait = 1;
        handleEvent(entry, JSON.parse(data));
      }
      if (hasEnded(entry.job)) break;
    } catch (error) {
      if (error.status !== 0) {
        entry.messages.push(error.message);
        break;
      }
    }
    entry.isDisconnected = true;
    drawJob(entry);
    await later(wait);
    if (!jobs.has(entry.job.id)) return;
  }
  drawJob(entry);
}

function handleEvent(entry, event) {
  const job = entry.job;
  const wasActive = isActive(job);
  if (event.type === "state" && wasActive) {
    Object.assign(job, { state: event.state, error: event.error ?? job.error });
  }
  if (event.type === "progress") job.progress = { ...event, loss: job.progress?.loss };
  if (event.type === "note") entry.messages.push(event.text);
  if (event.type === "step") {
    entry.steps.push(event);
    job.progress = { phase: "tuning", item: null, done: event.step, total: event.total, loss: event.loss };
  }
  if (event.type === "document") {
    entry.messages.push(`${event.document}: ${count(event.tokens, "token")} in ${count(event.vectors, "vector")}, `
      + duration(event.seconds));
    if (wasActive) attempt(refreshLibrary);
  }
  if (wasActive && hasEnded(job)) {
    endJob(job);
    attempt(refreshJobs); // the next job starts
  }
  drawSoon(entry, () => drawJob(entry));
}

function endJob(job) {
  job.ended ??= new Date().toISOString();
  announce(`${jobTitle(job)}: ${stateLabels[job.state]}.`);
  attempt(refreshLibrary);
}

function drawActiveCount() {
  const active = [...jobs.values()].filter((entry) => isActive(entry.job)).length;
  $("jobs-active").hidden = active === 0;
  $("jobs-active").textContent = active;
  $("jobs-active").setAttribute("aria-label", `${active} active`);
}

/** Shows all cards in the jobs view. A group's view shows the jobs that were active while the page was open. */
export function placeJobs() {
  const entries = [...jobs.values()].sort((a, b) => b.job.created.localeCompare(a.job.created));
  const ofGroup = entries.filter((entry) => entry.isNew && entry.job.group === state.group);
  const [container, shown] = state.view === "jobs" ? [$("all-jobs"), entries] : [$("group-jobs"), ofGroup];
  const nodes = shown.map((entry) => entry.card.node);
  if (nodes.length !== container.childElementCount || nodes.some((node, at) => node !== container.children[at])) {
    container.replaceChildren(...nodes);
  }
  $("jobs-empty").hidden = entries.length > 0;
  $("jobs-empty").textContent = "No jobs yet. Adding documents and tuning a group in the library are jobs.";
  for (const entry of shown) entry.card.curve.draw(entry.steps);
  drawActiveCount();
}

function cancelJob(entry) {
  return attempt(async () => updateJob(await requestJSON(`${jobPath(entry)}/cancel`, { method: "POST" })));
}

function deleteJob(entry) {
  return attempt(async () => {
    await request(jobPath(entry), { method: "DELETE" });
    jobs.delete(entry.job.id);
    placeJobs();
  });
}

/** Polls the jobs. Events of waiting jobs are not followed, because a browser opens few connections per server. */
export async function watchJobs() {
  for (;;) {
    await later(4);
    const hasActive = [...jobs.values()].some((entry) => isActive(entry.job));
    if (hasActive && !document.hidden && !isAskingForKey()) await attempt(refreshJobs);
  }
}

// The page of `lloco serve`. What comes from the server is put into the page as text, never as markup.

const $ = (id) => document.getElementById(id);

/** What the page knows of the server, and what it shows. */
const state = { status: null, groups: [], view: null, group: null };

const mayWrite = () => state.status.scope !== "read" && state.status.jobs;

// Elements and words

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** Puts nodes in the place of a container's, and the focus back on the one with the same `data-key`. */
function fill(container, ...nodes) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  container.replaceChildren(...nodes.filter((node) => node != null));
  if (key) [...container.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus();
}

function button(content, action, attributes = {}) {
  return el("button", { type: "button", onclick: action, ...attributes }, ...[content].flat());
}

const numbers = new Intl.NumberFormat("en");
const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const count = (number, thing) => `${numbers.format(number)} ${thing}${number === 1 ? "" : "s"}`;
const percent = (part, whole) => `${Math.round((100 * part) / Math.max(1, whole))} %`;

function moment(text, format = times) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const unit = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${Number((bytes / unit[1]).toPrecision(3))} ${unit[0]}`;
}

function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Says something to those who listen to the page. */
function announce(text) {
  $("announcer").textContent = text;
}

const later = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

// What the browser keeps

function stored(storage, name) {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}

/** Returns whether there was room for it. */
function store(storage, name, value) {
  try {
    if (value == null) storage().removeItem(name);
    else storage().setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

// A browser that allows no storage throws where it is named.
const local = () => window.localStorage;
const session = () => window.sessionStorage;

// Requests

/** What went wrong, in words. Status 0: no answer came. */
class Failure extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

const unreachable = () => new Failure("The server cannot be reached. Is it still running?");
const brokenOff = () => new Failure("The connection broke off before the end.");
const isAbort = (error) => error.name === "AbortError";

const statusWords = {
  401: "The server asks for a key.",
  403: "This key does not allow it.",
  404: "This is not there any more.",
  413: "This is more than the server takes.",
  503: "The server has too much in hand.",
};

function failureOf(status, text, retryAfter) {
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

/** The key lives while this page does where the browser keeps nothing. */
let currentKey = stored(session, "lloco.key");

const authorization = () => (currentKey ? { Authorization: `Bearer ${currentKey}` } : {});

async function request(path, { method = "GET", json, headers, signal } = {}) {
  const used = currentKey;
  let response;
  try {
    response = await fetch(path, {
      method, signal, cache: "no-store", body: json && JSON.stringify(json),
      headers: { ...authorization(), ...(json && { "Content-Type": "application/json" }), ...headers },
    });
  } catch (error) {
    throw isAbort(error) ? error : unreachable();
  }
  if (response.status === 401) {
    await otherKey(used);
    return request(path, { method, json, headers, signal });
  }
  if (!response.ok) {
    throw failureOf(response.status, await response.text().catch(() => ""), response.headers.get("Retry-After"));
  }
  connectionIsBack();
  return response;
}

async function ask(path, options) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch (error) {
    throw isAbort(error) ? error : brokenOff();
  }
}

/** The `data` of a response's server-sent events. */
async function* serverEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
        if (line !== "" || data.length === 0) continue;
        yield data.join("\n");
        data = [];
      }
    }
  } catch (error) {
    throw error instanceof Failure || isAbort(error) ? error : brokenOff();
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function upload(files, onProgress, signal) {
  const used = currentKey;
  try {
    return await sendFiles(files, onProgress, signal);
  } catch (error) {
    if (error.status !== 401) throw error;
    await otherKey(used);
    return upload(files, onProgress, signal);
  }
}

/** By XMLHttpRequest: fetch does not say how much has been sent. */
function sendFiles(files, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const whole = files.reduce((sum, file) => sum + file.size, 0);
    const limit = state.status.maximum_upload_bytes;
    if (whole > limit) throw new Failure(`The files have ${size(whole)} together, the server takes ${size(limit)} at a time.`);
    const form = new FormData();
    for (const file of files) form.append("file", file, file.name);
    const call = new XMLHttpRequest();
    call.open("POST", "/lloco/v1/uploads");
    for (const [name, value] of Object.entries(authorization())) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    call.onload = () => {
      if (call.status === 201) resolve(JSON.parse(call.responseText));
      else reject(failureOf(call.status, call.responseText, call.getResponseHeader("Retry-After")));
    };
    call.onerror = () => reject(new Failure(
      "The upload broke off. The server cannot be reached, or a file is larger than it takes, or has changed."));
    call.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

// What failed

function failureBox(error, retry) {
  return el("div", { class: "failure" }, el("p", {}, error.message), retry && button("Try again", retry));
}

/** What to do when the server can be reached again. */
let retryLost = null;

async function attempt(work) {
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

function connectionIsBack() {
  const again = retryLost;
  retryLost = null;
  again?.();
}

// Dialogs

/** Opens a dialog; true where it is submitted, false where it is cancelled. */
function opened(dialog) {
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

function confirmed(title, text, action) {
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = action;
  return opened($("confirm-dialog"));
}

let askingForKey = null;

/** Waits for another key than the one that was refused. */
async function otherKey(used) {
  if (currentKey !== used) return;
  const hint = used ? "The key was not accepted." : "Whoever runs the server has given you one, or can.";
  askingForKey ??= keyFromPerson(hint).finally(() => (askingForKey = null));
  if (!(await askingForKey)) throw failureOf(401, "");
}

async function keyFromPerson(hint) {
  $("key-hint").textContent = hint;
  $("key-forget").hidden = !currentKey;
  $("key").value = "";
  if (!(await opened($("key-dialog")))) return false;
  keepKey($("key").value.trim());
  return true;
}

function keepKey(key) {
  currentKey = key;
  store(session, "lloco.key", key);
  $("key-button").hidden = !key;
}

async function changeKey() {
  if (await keyFromPerson("Another key may show other groups and allow other things.")) location.reload();
}

function forgetKey() {
  keepKey(null);
  location.reload();
}

// Colours

const darkByDefault = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return (document.documentElement.dataset.theme ?? (darkByDefault.matches ? "dark" : "light")) === "dark";
}

function showTheme(theme) {
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  $("theme").setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colours`);
}

function changeTheme() {
  showTheme(isDark() ? "light" : "dark");
  store(local, "lloco.theme", document.documentElement.dataset.theme);
}

// Views

const address = (view, group) => `#/${view}${group == null ? "" : `/${encodeURIComponent(group)}`}`;

function place() {
  const [, view, group] = /^#\/(ask|library|new|jobs)(?:\/(.+))?$/.exec(location.hash) ?? [];
  try {
    return { view, group: group && decodeURIComponent(group) };
  } catch {
    return { view };
  }
}

function showPlace() {
  let { view, group } = place();
  if (!view && state.view) return; // the skip link
  view ??= state.groups.length > 0 ? "ask" : "library";
  if (view === "jobs" && !mayWrite()) view = "library";
  showView(view === "new" ? "library" : view);
  if (view === "ask" && group != null) chooseGroup(group);
  if (view === "library") showGroup(group ?? state.group ?? ($("ask-group").value || null));
  if (view === "new") showGroup(null);
  placeJobs();
}

function showView(view) {
  const before = state.view;
  state.view = view;
  for (const section of document.querySelectorAll(".view")) section.hidden = section.id !== `view-${view}`;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = $(`view-${view}`).querySelector("h1");
  document.title = `${heading.textContent} · lloco`;
  if (before && before !== view) {
    closePanel();
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

// Groups and documents

async function refreshGroups() {
  state.groups = (await ask("/lloco/v1/groups")).groups;
  drawGroups();
  drawGroupChoice();
}

function documentsOf(group) {
  return ask(`/lloco/v1/documents?group=${encodeURIComponent(group)}`).then((answer) => answer.documents);
}

async function refreshLibrary() {
  await refreshGroups();
  if (state.view === "library") await drawShelf();
  await refreshAskDocuments();
}

function drawGroups() {
  fill($("groups"), ...state.groups.map((group) => el("li", {},
    el("a", {
      href: address("library", group.name), "data-key": group.name,
      "aria-current": group.name === state.group ? "true" : null,
    },
    el("span", { class: "group-name" }, group.name),
    el("span", { class: "hint" },
      `${count(group.documents, "document")}, ${count(group.tokens, "token")}${group.adapter ? ", tuned" : ""}`)))));
  fill($("group-names"), ...state.groups.map((group) => el("option", { value: group.name })));
  $("view-library").classList.toggle("bare", state.groups.length === 0);
}

function showGroup(name) {
  const changed = state.group !== name;
  state.group = name;
  if (changed) {
    closeTune();
    $("document-list").replaceChildren();
    $("documents").hidden = true;
  }
  drawGroups();
  drawAdd();
  return attempt(drawShelf);
}

async function drawShelf() {
  const name = state.group;
  const group = state.groups.find((group) => group.name === name);
  $("group-head").hidden = name == null;
  drawShelfHint(name, group);
  if (name == null) return;
  $("group-name").textContent = name;
  $("group-facts").textContent = group ? groupFacts(group) : "It has no documents yet.";
  $("group-ask").href = address("ask", name);
  $("group-ask").setAttribute("aria-label", `Ask ${name}`);
  $("group-ask").hidden = !group;
  $("group-tune").hidden = $("group-remove").hidden = !group || !mayWrite();
  const documents = group ? await documentsOf(name) : [];
  if (state.group !== name) return;
  $("documents").hidden = documents.length === 0;
  fill($("document-list"), ...documents.map(documentItem));
}

function groupFacts(group) {
  const readers = {
    own: `read with its own adapter${group.adapter ? ` (tuned ${moment(group.adapter.created, dates)})` : ""}`,
    general: "read with the general adapter",
    none: "read without an adapter",
  };
  return [
    count(group.documents, "document"), `${count(group.tokens, "token")} in ${count(group.vectors, "vector")}`,
    readers[group.reads_with],
  ].filter(Boolean).join(" · ");
}

/** What a library is, where nothing stands in it yet. */
function drawShelfHint(name, group) {
  const hints = [];
  if (state.groups.length === 0 && name == null) {
    hints.push(el("h2", {}, mayWrite() ? "Begin with a document" : "There are no documents"));
    hints.push(el("p", {}, "lloco reads a long document once and keeps it as a few vectors, a thirtieth of its tokens. "
      + "Questions are answered from these, so that an answer begins soon however long the document is."));
    hints.push(el("p", {}, mayWrite()
      ? "Documents about one matter make a group. Name one below and add its files; then ask."
      : "Whoever runs the server adds them with “lloco add”, or with a key that may."));
  } else if (name == null) {
    hints.push(el("h2", {}, mayWrite() ? "A new group" : "The library"));
    hints.push(el("p", {}, mayWrite() ? "A group begins with its first documents."
      : "Choose a group to see its documents."));
  } else if (!group && !mayWrite()) {
    hints.push(el("p", {}, "There is no such group."));
  }
  fill($("library-empty"), ...hints);
  $("library-empty").hidden = hints.length === 0;
}

function documentItem(document) {
  const name = button(document.name, () => openDocument(document), {
    class: "link", "data-key": `text ${document.id}`, "aria-label": `Read ${document.name}`,
  });
  return el("li", {},
    el("span", { class: "document-name" }, name,
      document.complete ? null
        : el("span", { class: "badge", title: "Adding it broke off; add it again to go on." }, "unfinished")),
    el("span", { class: "fact" }, count(document.tokens, "token")),
    el("span", { class: "fact" }, count(document.vectors, "vector")),
    el("span", { class: "fact" }, size(document.bytes)),
    el("span", { class: "fact" }, moment(document.added, dates)),
    el("span", { class: "actions" },
      button("Questions", () => openQuestions(document), {
        class: "quiet", "data-key": `questions ${document.id}`, "aria-label": `Questions asked about ${document.name}`,
      }),
      mayWrite() ? button("Remove", () => removeDocument(document), {
        class: "quiet danger", "data-key": `remove ${document.id}`, "aria-label": `Remove ${document.name}`,
      }) : null));
}

async function removeDocument(document) {
  const text = `“${document.name}” goes with its vectors. The file that it was read from stays.`;
  if (!(await confirmed("Remove the document?", text, "Remove"))) return;
  await attempt(async () => {
    await request(`/lloco/v1/documents/${document.id}`, { method: "DELETE" });
    announce(`${document.name} is removed.`);
    await refreshLibrary();
  });
}

async function removeGroup() {
  const name = state.group;
  const text = `“${name}” goes with all its documents and its adapter.`;
  if (!(await confirmed("Remove the group?", text, "Remove the group"))) return;
  await attempt(async () => {
    await request(`/lloco/v1/groups/${encodeURIComponent(name)}`, { method: "DELETE" });
    announce(`${name} is removed.`);
    state.group = null;
    await refreshGroups();
    location.hash = address("library");
  });
}

// Adding

let chosen = [];
let adding = null;

function drawAdd() {
  const known = state.group != null;
  $("add-title").textContent = known ? `Add documents to ${state.group}` : "Add documents";
  $("add-group").hidden = known;
  drawChosen();
}

function drawChosen() {
  fill($("chosen"), ...chosen.map((file) => el("li", {},
    el("span", {}, file.name), el("span", { class: "hint" }, size(file.size)),
    button("Leave out", () => leaveOut(file), { class: "quiet", "aria-label": `Leave out ${file.name}` }))));
  $("add-actions").hidden = chosen.length === 0;
  $("add-submit").textContent = `Add ${count(chosen.length, "file")}`;
}

function chooseFiles(files) {
  const names = new Set(files.map((file) => file.name));
  chosen = [...chosen.filter((file) => !names.has(file.name)), ...files];
  outcomeOf("add").replaceChildren();
  drawChosen();
  announce(`${count(chosen.length, "file")} chosen.`);
}

function leaveOut(file) {
  chosen = chosen.filter((other) => other !== file);
  drawChosen();
  $("files").focus();
}

function dropFiles(event) {
  const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory);
  const files = items.filter((item) => !folders.includes(item)).map((item) => item.getAsFile()).filter(Boolean);
  if (files.length > 0) chooseFiles(files);
  if (folders.length > 0) {
    sayIn("add", new Failure("A folder cannot be dropped here. Choose the files in it."));
  }
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function takeDrops() {
  const allowed = (event) => carriesFiles(event) && state.view === "library" && mayWrite() && !adding;
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault(); // or the browser leaves the page for the file
    $("drop").classList.toggle("over", allowed(event));
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").classList.remove("over");
  });
  addEventListener("drop", (event) => {
    if (carriesFiles(event)) event.preventDefault();
    $("drop").classList.remove("over");
    if (allowed(event)) dropFiles(event);
  });
}

async function addDocuments() {
  const group = state.group ?? $("add-name").value.trim();
  if (!group) {
    sayIn("add", new Failure("Name the group first."));
    $("add-name").focus();
  } else if (chosen.length > 0 && (await beginJob("add", { kind: "add", group }, chosen, addDocuments))) {
    chosen = [];
    $("add-name").value = "";
    drawChosen();
    location.hash = address("library", group);
  }
}

const outcomeOf = (form) => $(form).querySelector(".outcome");

function sayIn(form, error, retry) {
  outcomeOf(form).replaceChildren(failureBox(error, retry));
}

/** Begins the job that a form asks for, and says there how it goes. Returns whether it has begun. */
async function beginJob(form, fields, files, retry) {
  if (adding) return false;
  adding = new AbortController();
  const submit = $(form).querySelector("[type=submit]");
  submit.disabled = true;
  try {
    await startJob(fields, files, outcomeOf(form), adding.signal);
    return true;
  } catch (error) {
    if (!isAbort(error)) sayIn(form, error, retry);
    else outcomeOf(form).replaceChildren();
    return false;
  } finally {
    adding = null;
    submit.disabled = false;
  }
}

/** Uploads the files, if there are any, and begins the job that is about them. */
async function startJob(fields, files, outcome, signal) {
  const sent = files.length > 0 ? await uploadIn(outcome, files, signal) : null;
  try {
    const job = await ask("/lloco/v1/jobs", { method: "POST", json: { ...fields, ...(sent && { upload: sent.id }) } });
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
    button("Stop", () => adding?.abort(), { class: "quiet" })));
  return upload(files, (done, total) => {
    bar.value = total ? done / total : 0;
    words.textContent = `${size(done)} of ${size(total)} sent`;
  }, signal);
}

// Tuning

function openTune() {
  $("tune").hidden = false;
  $("group-tune").setAttribute("aria-expanded", "true");
  $("tune").querySelector("input:checked").focus();
}

function closeTune() {
  $("tune").hidden = true;
  $("group-tune").setAttribute("aria-expanded", "false");
  outcomeOf("tune").replaceChildren();
}

const questionsFrom = () => $("tune").querySelector("input[name=questions]:checked").value;

async function beginTuning() {
  const files = questionsFrom() === "file" ? [...$("questions-file").querySelector("input").files] : [];
  if (questionsFrom() === "file" && files.length === 0) {
    sayIn("tune", new Failure("Choose the file of questions first."));
    return;
  }
  const fields = { kind: "finetune", group: state.group };
  if ($("epochs").value) fields.epochs = Number($("epochs").value);
  if ($("learning-rate").value) fields.learning_rate = Number($("learning-rate").value);
  if (!(await beginJob("tune", fields, files, beginTuning))) return;
  closeTune();
  $("group-tune").focus();
}

// Jobs

/** By id: the job, what its events have said, and its card. */
const jobs = new Map();

const isActive = (job) => job.state === "waiting" || job.state === "running";
const isOver = (job) => !isActive(job);

const stateWords = {
  waiting: "waits", running: "at work", done: "done", failed: "failed", cancelled: "cancelled",
};

function jobTitle(job) {
  if (job.kind === "finetune") return `Tuning ${job.group}`;
  const files = job.files ?? [];
  return `Adding ${files.length === 1 ? files[0] : count(files.length, "file")} to ${job.group}`;
}

async function refreshJobs() {
  const list = (await ask("/lloco/v1/jobs")).jobs;
  const ids = new Set(list.map((job) => job.id));
  for (const id of jobs.keys()) if (!ids.has(id)) jobs.delete(id);
  for (const job of list) takeJob(job);
  placeJobs();
}

/** `isNew`: it was at work, or begun, while the page was open. */
function takeJob(job, isNew = isActive(job)) {
  const entry = jobs.get(job.id) ?? { steps: [], said: [], isNew, heard: false, lost: false };
  const hasEnded = isOver(job) && (entry.job ? isActive(entry.job) : isNew);
  entry.job = job;
  entry.card ??= makeCard(entry);
  jobs.set(job.id, entry);
  drawCard(entry);
  if (job.state === "running") follow(entry);
  if (hasEnded) endJob(job);
}

/** Hears a job's events until it has ended. They begin anew with each connection. */
async function follow(entry) {
  if (entry.heard) return;
  entry.heard = true;
  for (let wait = 1; ; wait = Math.min(15, 2 * wait)) {
    try {
      const response = await request(`/lloco/v1/jobs/${encodeURIComponent(entry.job.id)}/events`);
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
    drawCard(entry);
    await later(wait);
    if (!jobs.has(entry.job.id)) return;
  }
  drawCard(entry);
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
  drawSoon(entry);
}

function endJob(job) {
  job.ended ??= new Date().toISOString();
  announce(`${jobTitle(job)}: ${stateWords[job.state]}.`);
  attempt(refreshLibrary);
}

function makeCard(entry) {
  const hearWhereOpen = () => parts.details.open && entry.job.state !== "waiting" && follow(entry);
  const parts = {
    title: el("h3"), state: el("span", { class: "badge" }), facts: el("p", { class: "hint" }),
    bar: el("progress", { "aria-label": "Progress" }), error: el("p", { class: "failure", hidden: true }),
    curve: lossCurve(), said: el("ul", { class: "said" }),
    cancel: button("Cancel", () => cancelJob(entry)),
    forget: button("Forget", () => forgetJob(entry), { class: "quiet" }),
  };
  parts.details = el("details", { open: isActive(entry.job), ontoggle: hearWhereOpen },
    el("summary", {}, "What it did"), parts.curve.node, parts.said);
  parts.node = el("article", { class: "card job" },
    el("header", {}, parts.title, parts.state, parts.cancel, parts.forget),
    parts.facts, parts.bar, parts.error, parts.details);
  return parts;
}

function drawSoon(entry) {
  entry.drawing ??= requestAnimationFrame(() => {
    entry.drawing = null;
    drawCard(entry);
  });
}

function drawCard(entry) {
  const { job, card } = entry;
  card.title.textContent = jobTitle(job);
  card.state.textContent = stateWords[job.state] ?? job.state;
  card.state.dataset.state = job.state;
  card.facts.textContent = entry.lost && isActive(job)
    ? "The connection is lost. It is tried again; the job goes on meanwhile." : jobFacts(job);
  card.bar.hidden = isOver(job);
  if (job.progress?.total) Object.assign(card.bar, { max: job.progress.total, value: job.progress.done });
  else card.bar.removeAttribute("value");
  card.error.hidden = !job.error;
  card.error.textContent = job.error ?? "";
  card.cancel.hidden = isOver(job);
  card.forget.hidden = isActive(job);
  card.curve.draw(entry.steps);
  if (card.said.childElementCount !== entry.said.length) {
    card.said.replaceChildren(...entry.said.map((text) => el("li", {}, text)));
  }
  card.said.hidden = entry.said.length === 0;
  drawActiveCount();
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

function drawActiveCount() {
  const active = [...jobs.values()].filter((entry) => isActive(entry.job)).length;
  $("jobs-active").hidden = active === 0;
  $("jobs-active").textContent = active;
  $("jobs-active").setAttribute("aria-label", `${active} at work`);
}

/** Puts the cards in sight: all in their view; with a group those that were at work while the page was open. */
function placeJobs() {
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
  return attempt(async () => {
    takeJob(await ask(`/lloco/v1/jobs/${encodeURIComponent(entry.job.id)}/cancel`, { method: "POST" }));
  });
}

function forgetJob(entry) {
  return attempt(async () => {
    await request(`/lloco/v1/jobs/${encodeURIComponent(entry.job.id)}`, { method: "DELETE" });
    jobs.delete(entry.job.id);
    placeJobs();
  });
}

/** Jobs that wait have no events of their own here: a browser opens few connections at once. */
async function watchJobs() {
  for (;;) {
    await later(4);
    const waits = [...jobs.values()].some((entry) => isActive(entry.job));
    if (waits && !document.hidden && !askingForKey) await attempt(refreshJobs);
  }
}

// The loss of a tuning, drawn

function svg(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text != null) node.textContent = text;
  return node;
}

function lossCurve() {
  const drawing = svg("svg", { role: "img", class: "curve" });
  const caption = el("figcaption", { class: "hint" });
  const node = el("figure", { hidden: true }, drawing, caption);
  let steps = [];
  const draw = (newer) => {
    steps = newer;
    node.hidden = steps.length === 0;
    if (node.hidden || node.clientWidth === 0) return;
    caption.textContent = curveWords(steps);
    drawing.setAttribute("aria-label", `Loss by step. ${caption.textContent}`);
    drawCurve(drawing, steps, node.clientWidth);
  };
  new ResizeObserver(() => draw(steps)).observe(node);
  return { node, draw };
}

function curveWords(steps) {
  const [first, last] = [steps[0], steps.at(-1)];
  const least = steps.reduce((best, step) => (step.loss < best.loss ? step : best));
  const speed = last.tokens_per_second ? `, ${numbers.format(Math.round(last.tokens_per_second))} tokens a second` : "";
  return `From ${first.loss.toFixed(2)} at step ${first.step} to ${last.loss.toFixed(2)} at step ${last.step} of `
    + `${last.total}; the least is ${least.loss.toFixed(2)} at step ${least.step}${speed}.`;
}

/** Round numbers from one at or below `low` to one at or above `high`. */
function ticks(low, high, most) {
  const rough = Math.max(high - low, 1e-9) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const first = Math.floor(low / step);
  const length = Math.ceil(high / step) - first + 1;
  return Array.from({ length }, (_, at) => Number(((first + at) * step).toPrecision(6)));
}

/** Each step with the mean of the losses around it. */
function smoothed(steps) {
  const reach = Math.min(20, Math.ceil(steps.length / 15));
  return steps.map(({ step }, at) => {
    const near = steps.slice(Math.max(0, at - reach), at + reach + 1);
    return { step, loss: near.reduce((sum, other) => sum + other.loss, 0) / near.length };
  });
}

function drawCurve(drawing, steps, width) {
  const height = 190;
  const edge = { left: 44, right: 14, top: 14, bottom: 34 };
  const total = Math.max(steps.at(-1).total, steps.at(-1).step, 2);
  const losses = steps.map((step) => step.loss);
  const isInside = (step) => step <= total;
  const marks = ticks(Math.min(...losses), Math.max(...losses), 4);
  const [low, high] = [marks[0], Math.max(marks.at(-1), marks[0] + 1e-6)];
  const x = (step) => edge.left + ((step - 1) / (total - 1)) * (width - edge.left - edge.right);
  const y = (loss) => edge.top + ((high - loss) / (high - low)) * (height - edge.top - edge.bottom);
  const points = (list) => list.map((step) => `${x(step.step).toFixed(1)},${y(step.loss).toFixed(1)}`).join(" ");
  const stepMarks = ticks(0, total, width < 420 ? 4 : 8).map((mark) => Math.max(1, mark)).filter(isInside);
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("height", height);
  drawing.replaceChildren(
    ...marks.flatMap((mark) => [
      svg("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: y(mark), y2: y(mark) }),
      svg("text", { x: edge.left - 8, y: y(mark) + 4, "text-anchor": "end" }, mark),
    ]),
    ...stepMarks.map((mark) => svg("text", { x: x(mark), y: height - 16, "text-anchor": "middle" }, mark)),
    svg("line", { class: "axis", x1: edge.left, x2: width - edge.right, y1: y(low), y2: y(low) }),
    svg("line", { class: "axis", x1: edge.left, x2: edge.left, y1: edge.top, y2: y(low) }),
    svg("text", { class: "axis-name", x: width - edge.right, y: height - 2, "text-anchor": "end" }, "step"),
    svg("text", { class: "axis-name", x: edge.left + 8, y: edge.top + 2 }, "loss"),
    svg("polyline", { class: "each", points: points(steps) }),
    svg("polyline", { class: "mean", points: points(smoothed(steps)) }),
    svg("circle", { class: "last", cx: x(steps.at(-1).step), cy: y(smoothed(steps).at(-1).loss), r: 3.5 }));
}

// The panel beside: a document's text, or the questions about it

const wide = matchMedia("(min-width: 62rem)");

function openPanel(title, facts, back) {
  const panel = $("panel");
  $("panel-title").textContent = title;
  $("panel-facts").textContent = facts;
  $("panel-back").hidden = !back;
  $("panel-back").onclick = back;
  $("panel-body").replaceChildren(el("p", { class: "hint" }, "Reading …"));
  $("panel-body").scrollTop = 0;
  if (!panel.open) {
    if (wide.matches) panel.show();
    else panel.showModal();
    document.body.classList.add("with-panel");
  }
  $("panel-title").focus();
}

/** Marks the citation whose passage the panel shows. */
function markOpened(citation) {
  document.querySelector(".citation[aria-current]")?.removeAttribute("aria-current");
  citation?.setAttribute("aria-current", "true");
}

function closePanel() {
  if ($("panel").open) $("panel").close();
}

/** The text that the panel shows: the bytes from `from` to `to` of a document, and where its passage is. */
let reading = null;
const around = 1600;
const stretch = 4000;

const openDocument = (document) =>
  openPassage({ document: document.name, document_id: document.id, start: 0, end: 0 });

async function openPassage(passage, back) {
  const { document: name, document_id: id, start, end } = passage;
  openPanel(name, "", back);
  const current = (reading = { id, from: 0, to: 0, total: 0 });
  try {
    const piece = await readBytes(id, start - around, Math.max(end + around, stretch));
    if (reading !== current) return;
    Object.assign(current, { from: piece.from, to: piece.from + piece.bytes.length, total: piece.total });
    $("panel-facts").textContent = end > start
      ? `Bytes ${numbers.format(start)} to ${numbers.format(end)} of ${numbers.format(piece.total)}, `
        + `at ${percent(start, piece.total)}`
      : size(piece.total);
    drawPassage(current, piece, start, end);
  } catch (error) {
    if (reading === current) $("panel-body").replaceChildren(failureBox(error, () => openPassage(passage, back)));
  }
}

function drawPassage(current, { bytes, from }, start, end) {
  const first = characterStart(bytes, start - from);
  const last = characterStart(bytes, end - from);
  const mark = last > first ? el("mark", { id: "passage" }, decoded(bytes.subarray(first, last))) : null;
  const body = $("panel-body");
  current.text = el("div", { class: "document-text" },
    decoded(bytes.subarray(0, first)), mark, decoded(bytes.subarray(last)));
  current.above = button("Show more above", () => readMore(current, true), { class: "more" });
  current.below = button("Show more below", () => readMore(current, false), { class: "more" });
  body.replaceChildren(current.above, current.text, current.below);
  drawMore(current);
  if (mark) body.scrollTop = mark.offsetTop - body.clientHeight / 4;
}

function drawMore(current) {
  current.above.hidden = current.from === 0;
  current.below.hidden = current.to >= current.total;
}

async function readMore(current, above) {
  const body = $("panel-body");
  const pressed = above ? current.above : current.below;
  pressed.disabled = true;
  try {
    const piece = above
      ? await readBytes(current.id, current.from - stretch, current.from)
      : await readBytes(current.id, current.to, current.to + stretch);
    if (reading !== current) return;
    const height = body.scrollHeight;
    if (above) {
      current.text.prepend(decoded(piece.bytes));
      current.from = piece.from;
    } else {
      current.text.append(decoded(piece.bytes));
      current.to = piece.from + piece.bytes.length;
    }
    drawMore(current);
    if (above) body.scrollTop += body.scrollHeight - height;
    body.querySelector(".failure")?.remove();
  } catch (error) {
    body.querySelector(".failure")?.remove();
    if (reading === current) pressed.after(failureBox(error, () => readMore(current, above)));
  } finally {
    pressed.disabled = false;
    if (pressed.hidden) body.focus();
    else pressed.focus({ preventScroll: true });
  }
}

const decoded = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const continues = (byte) => (byte & 0xc0) === 0x80;
const characterLength = (lead) => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1);

/** The start of the character that an offset is in. */
function characterStart(bytes, offset) {
  let start = Math.min(Math.max(0, offset), bytes.length);
  while (start > 0 && start < bytes.length && continues(bytes[start])) start -= 1;
  return start;
}

/** The whole characters among a document's bytes from `low` to `high`, and where they begin. */
async function readBytes(id, low, high) {
  const asked = Math.max(0, low);
  const response = await request(`/lloco/v1/documents/${encodeURIComponent(id)}/text`, {
    headers: { Range: `bytes=${asked}-${Math.max(asked, high - 1)}` },
  });
  let bytes;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw brokenOff();
  }
  if (response.status === 200) return { bytes, from: 0, total: bytes.length };
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range")) ?? [0, asked, high];
  return wholeCharacters(bytes, Number(from), Number(total));
}

function wholeCharacters(bytes, from, total) {
  let first = 0;
  while (from > 0 && first < bytes.length && continues(bytes[first])) first += 1;
  let last = bytes.length;
  if (from + last < total) {
    const lead = characterStart(bytes, last - 1);
    if (lead + characterLength(bytes[lead]) > last) last = lead;
  }
  return { bytes: bytes.subarray(first, last), from: from + first, total };
}

const rejectionWords = {
  empty: "it asks or answers nothing", "no-question": "it is not one question", "too-long": "it is too long",
  loop: "it goes in circles", "names-text": "it speaks of the text itself", ungrounded: "it is not about the passage",
  echo: "the answer repeats the question", duplicate: "it was asked before",
};

async function openQuestions(document) {
  openPanel(document.name, "What the model has asked itself about it");
  const current = (reading = {});
  try {
    const { questions } = await ask(`/lloco/v1/documents/${document.id}/questions`);
    if (reading === current) drawQuestions(document, questions);
  } catch (error) {
    if (reading === current) $("panel-body").replaceChildren(failureBox(error, () => openQuestions(document)));
  }
}

function drawQuestions(document, questions) {
  if (questions.length === 0) {
    $("panel-body").replaceChildren(el("p", {}, "Nothing yet. When its group is tuned without a file of questions, "
      + "the model asks itself about each passage, and learns from the good questions."));
    return;
  }
  const kept = questions.filter((question) => question.rejection == null);
  const rejected = questions.filter((question) => question.rejection != null);
  const list = (items) => el("ul", { class: "plain questions" }, ...items.map((item) => questionItem(document, item)));
  $("panel-body").replaceChildren(
    el("h3", { class: "label" }, `Learned from: ${numbers.format(kept.length)}`), list(kept),
    el("h3", { class: "label" }, `Left out: ${numbers.format(rejected.length)}`), list(rejected));
}

function questionItem(document, item) {
  const passage = { document: document.name, document_id: document.id, start: item.start, end: item.end };
  const reason = item.rejection && (rejectionWords[item.rejection] ?? item.rejection);
  return el("li", {},
    el("p", { class: "asked" }, item.question), el("p", {}, item.answer),
    el("p", { class: "hint" }, [item.kind, reason && `left out: ${reason}`].filter(Boolean).join(" · "), " ",
      button("Its passage", () => openPassage(passage, () => openQuestions(document)), { class: "link" })));
}

// Asking: what is chosen

let askDocuments = [];

const modeWords = {
  hybrid: "Vectors, and the pieces of text that the question is about, within the budget.",
  compressed: "The documents' vectors alone.",
  retrieval: "The passages that fit the question best, as text.",
  full: "The whole text. Slow where it is long.",
  none: "Nothing but the question.",
};
const readsWithin = new Set(["hybrid", "compressed", "retrieval"]);

function drawGroupChoice() {
  const select = $("ask-group");
  const before = select.options.length > 1 ? select.value : null;
  const names = state.groups.map((group) => group.name);
  fill(select, ...names.map((name) => el("option", { value: name }, name)),
    el("option", { value: "" }, "None: the model alone"));
  select.value = names.includes(before) || before === "" ? before : (names[0] ?? "");
  if (before && select.value !== before) newConversation();
  drawAskHint();
}

function drawModes() {
  const { modes, default_mode: usual } = state.status;
  fill($("ask-mode"), ...modes.map((mode) => el("option", { value: mode }, mode)));
  $("ask-mode").value = usual;
  fill($("compare-modes").querySelector("div"), ...modes.map((mode) => el("label", {},
    el("input", { type: "checkbox", value: mode, checked: mode !== "full" && mode !== "none" }),
    el("span", {}, mode, el("span", { class: "hint" }, ` ${modeWords[mode] ?? ""}`)))));
  drawModeHint();
}

function drawModeHint() {
  const mode = $("ask-mode").value;
  $("mode-hint").textContent = modeWords[mode] ?? "";
  $("budget").disabled = !readsWithin.has(mode);
}

async function chooseGroup(name) {
  if (!state.groups.some((group) => group.name === name)) return;
  if ($("ask-group").value === name) return;
  $("ask-group").value = name;
  await groupChosen();
}

/** Another group's documents are another conversation. */
async function groupChosen() {
  newConversation();
  $("ask-documents").querySelector("div").replaceChildren();
  await attempt(refreshAskDocuments);
}

async function refreshAskDocuments() {
  const group = $("ask-group").value;
  const documents = group ? await documentsOf(group) : [];
  if ($("ask-group").value !== group) return;
  askDocuments = documents;
  const before = chosenDocuments();
  fill($("ask-documents").querySelector("div"), ...documents.map((document) => el("label", {},
    el("input", {
      type: "checkbox", value: document.name, checked: before.includes(document.name), "data-key": document.name,
    }),
    el("span", {}, document.name))));
  $("ask-documents").hidden = documents.length < 2;
  drawAskHint();
}

const chosenDocuments = () =>
  [...$("ask-documents").querySelectorAll("input:checked")].map((input) => input.value);

function drawAskHint() {
  const group = $("ask-group").value;
  const known = state.groups.find((one) => one.name === group);
  const alone = state.groups.length === 0;
  $("compare").disabled = !group;
  $("ask-empty").hidden = conversation.turns.length > 0;
  fill($("ask-empty"),
    el("h2", {}, group ? `Ask about ${group}` : alone ? "No documents yet" : "Ask the model alone"),
    el("p", {}, group
      ? "Answers come from what the documents were compressed to. Each says what it rests on, and opens its passages."
      : "Without documents the model says what it remembers, and nothing can be looked up."),
    known ? el("p", { class: "hint" }, groupFacts(known)) : null,
    alone && mayWrite() ? el("a", { class: "button main", href: address("library") }, "Add documents") : null);
}

// Asking: the conversation

let conversation = { id: Date.now(), group: "", turns: [] };
let asking = null;

function newConversation() {
  asking?.abort();
  conversation = { id: Date.now(), group: $("ask-group").value, turns: [] };
  drawConversation();
}

function drawConversation() {
  $("turns").replaceChildren(...conversation.turns.map(turnNode));
  $("new-conversation").hidden = conversation.turns.length === 0;
  drawAskHint();
}

/** The earlier turns, and the question. Comparisons have several answers and are not told. */
function messagesBefore(question) {
  const told = conversation.turns.filter((turn) =>
    turn.answers.length === 1 && turn.answers[0].text && turn.answers[0].state !== "failed");
  return [
    ...told.slice(-20).flatMap((turn) => [
      { role: "user", content: turn.question }, { role: "assistant", content: turn.answers[0].text },
    ]),
    { role: "user", content: question },
  ];
}

function requestBody(messages, mode) {
  const group = $("ask-group").value;
  const body = { model: group || state.status.model, messages, stream: true, stream_options: { include_usage: true } };
  if ($("longest").value) body.max_tokens = Number($("longest").value);
  if (!group) return body;
  body.lloco = { mode };
  const budget = $("budget").value.replace(/\s/g, "");
  if (budget && readsWithin.has(mode)) body.lloco.budget = budget;
  if (chosenDocuments().length > 0) body.lloco.documents = chosenDocuments();
  return body;
}

/** Asks in each of the modes, one after another. */
async function askIn(modes) {
  const question = $("question").value.trim();
  if (asking || !question) return;
  const messages = messagesBefore(question);
  const turn = {
    question,
    answers: modes.map((mode) => ({ mode, text: "", state: "waiting", body: requestBody(messages, mode) })),
  };
  conversation.group = $("ask-group").value;
  conversation.turns.push(turn);
  $("question").value = "";
  $("ask-empty").hidden = true;
  $("new-conversation").hidden = false;
  const node = turnNode(turn);
  $("turns").append(node);
  node.scrollIntoView({ block: "start" });
  await giveAnswers(turn.answers);
}

async function giveAnswers(answers) {
  const own = conversation;
  asking = new AbortController();
  const { signal } = asking;
  showAsking(true);
  for (const answer of answers) await giveAnswer(answer, signal);
  asking = null;
  showAsking(false);
  keepConversation(own);
}

function showAsking(busy) {
  $("turns").setAttribute("aria-busy", busy);
  const focused = document.activeElement === $("stop") || document.activeElement === $("ask");
  $("stop").hidden = !busy;
  $("ask").hidden = busy;
  $("compare").disabled = busy || !$("ask-group").value;
  if (focused) $(busy ? "stop" : "ask").focus();
}

async function giveAnswer(answer, signal) {
  Object.assign(answer, { text: "", state: "reading", error: null, began: Date.now() });
  const clock = setInterval(answer.draw, 1000);
  announce("The model reads.");
  try {
    signal.throwIfAborted();
    await streamAnswer(answer, signal);
    answer.state = "done";
    announce("The answer is complete.");
  } catch (error) {
    answer.state = isAbort(error) ? "stopped" : "failed";
    answer.error = isAbort(error) ? null : error;
    announce(answer.error?.message ?? "Stopped.");
  }
  clearInterval(clock);
  answer.draw();
}

async function streamAnswer(answer, signal) {
  const response = await request("/v1/chat/completions", { method: "POST", json: answer.body, signal });
  let isWhole = false;
  for await (const data of serverEvents(response)) {
    if (data === "[DONE]") isWhole = true;
    else takeChunk(answer, JSON.parse(data));
    answer.drawing ??= requestAnimationFrame(() => {
      answer.drawing = null;
      answer.draw();
    });
  }
  if (!isWhole) throw brokenOff();
}

function takeChunk(answer, chunk) {
  if (chunk.error) throw failureOf(500, JSON.stringify(chunk));
  const choice = chunk.choices?.[0];
  if (choice?.delta?.content) {
    answer.text += choice.delta.content;
    answer.state = "answering";
  }
  if (choice?.finish_reason) answer.isCut = choice.finish_reason === "length";
  if (chunk.lloco) Object.assign(answer, { basis: chunk.lloco, documents: documentFacts(chunk.lloco.documents) });
  if (chunk.usage) answer.written = chunk.usage.completion_tokens;
}

/** What citations and shares are reckoned with; kept with the answer, as documents go. */
function documentFacts(names) {
  return askDocuments.filter((document) => names.includes(document.name))
    .map(({ id, tokens, bytes }) => ({ id, tokens, bytes }));
}

function turnNode(turn) {
  const compared = turn.answers.length > 1;
  return el("article", { class: "turn" },
    el("h3", { class: "question" }, turn.question),
    el("div", { class: compared ? "compared" : null },
      ...turn.answers.map((answer) => answerNode(answer, compared))));
}

/** An answer's node. `answer.draw` brings it up to date. */
function answerNode(answer, compared) {
  const words = el("p", { class: "text" });
  const progress = el("p", { class: "hint waiting", "aria-hidden": "true" });
  const basis = el("div", { class: "basis" });
  answer.draw = () => followEnd(() => {
    words.textContent = answer.text;
    words.hidden = answer.text === "";
    progress.textContent = progressWords(answer);
    progress.hidden = progress.textContent === "";
    if (["done", "stopped", "failed"].includes(answer.state)) fill(basis, ...basisNodes(answer, compared));
    else basis.replaceChildren();
  });
  answer.draw();
  return el("section", { class: "answer" }, compared ? el("h4", {}, answer.mode) : null, words, progress, basis);
}

function progressWords(answer) {
  if (answer.state === "waiting") return "Waits";
  if (answer.state !== "reading") return "";
  const seconds = Math.round((Date.now() - answer.began) / 1000);
  return `Reading …${seconds > 1 ? ` ${duration(seconds)}` : ""}`;
}

/** Keeps the end of the page in sight where it was. */
function followEnd(draw) {
  const page = document.documentElement;
  const atEnd = asking && page.scrollHeight - innerHeight - scrollY < 80;
  draw();
  if (atEnd) scrollTo(0, page.scrollHeight);
}

function basisNodes(answer, compared) {
  const { basis, state: ended, error } = answer;
  return [
    ended === "stopped" ? el("p", { class: "hint" }, "Stopped.") : null,
    error ? failureBox(error, answer.body && (() => asking || giveAnswers([answer]))) : null,
    answer.isCut ? el("p", { class: "hint" }, "It ends where the longest answer does.") : null,
    basis ? cost(answer, compared) : null,
    basis ? shareBar(answer) : null,
    basis?.passages?.length ? citations(answer, compared ? 3 : 6) : null,
    ...(basis?.omissions ?? []).map((omission) => el("p", { class: "hint" }, omission)),
  ];
}

const tokensOf = (answer) => (answer.documents ?? []).reduce((sum, document) => sum + document.tokens, 0);

/** What it cost; the mode too, where the answer does not stand under its name. */
function cost(answer, compared) {
  const { mode, context_tokens: read, seconds } = answer.basis;
  const total = tokensOf(answer);
  const reading = mode === "none" ? "nothing read"
    : total > read ? `${count(read, "position")} in place of ${count(total, "token")}`
      : `${count(read, "token")} read`;
  const first = (seconds.retrieve ?? 0) + (seconds.prefill ?? 0);
  const words = [
    !compared && mode, reading, `${duration(seconds.total)}, begun after ${duration(first)}`,
    answer.written && `${count(answer.written, "token")} written`,
  ];
  return el("p", { class: "cost" }, ...words.filter(Boolean).map((part) => el("span", {}, part)));
}

function shareBar(answer) {
  const total = tokensOf(answer);
  if (total === 0 || answer.basis.mode === "none") return null;
  const part = el("span");
  part.style.width = `${Math.max(0.5, Math.min(100, (100 * answer.basis.context_tokens) / total))}%`;
  return el("div", { class: "share", "aria-hidden": "true" }, part);
}

function citations(answer, most) {
  const items = answer.basis.passages.map((passage, index) => citation(answer, passage, index));
  const rest = items.slice(most);
  const more = rest.length === 0 ? null : el("li", {}, button(`${rest.length} more`, () => {
    more.replaceWith(...rest);
    rest[0].firstChild.focus();
  }, { class: "citation" }));
  return el("ol", { class: "plain citations", "aria-label": "Passages" }, ...items.slice(0, most), more);
}

function citation(answer, passage, index) {
  const bytes = answer.documents?.find((document) => document.id === passage.document_id)?.bytes;
  const where = bytes ? `at ${percent(passage.start, bytes)}` : `byte ${numbers.format(passage.start)}`;
  const content = [
    el("span", { class: "ordinal" }, index + 1), el("span", { class: "cited" }, passage.document),
    el("span", { class: "hint" }, where),
  ];
  const open = (event) => {
    openPassage(passage);
    markOpened(event.currentTarget);
  };
  return el("li", {}, button(content, open, {
    class: "citation", "aria-label": `Passage ${index + 1}: ${passage.document}, ${where}`,
  }));
}

// Earlier conversations, in this browser

const mostConversations = 40;
const mostTurns = 60;
const mostCharacters = 1_000_000;

function earlierConversations() {
  try {
    const list = JSON.parse(stored(local, "lloco.conversations") ?? "[]");
    return list.filter((one) => one.turns.length > 0 && one.turns.every((turn) => turn.answers.length > 0));
  } catch {
    return [];
  }
}

function keepConversation({ id, group, turns }) {
  if (turns.length === 0) return;
  const kept = turns.slice(-mostTurns).map(({ question, answers }) => ({
    question,
    answers: answers.map(({ mode, text, state, basis, documents, written, isCut }) =>
      ({ mode, text, state, basis, documents, written, isCut })),
  }));
  const others = earlierConversations().filter((one) => one.id !== id);
  let list = [{ id, group, at: new Date().toISOString(), turns: kept }, ...others].slice(0, mostConversations);
  while (list.length > 1 && JSON.stringify(list).length > mostCharacters) list.pop();
  while (list.length > 0 && !store(local, "lloco.conversations", JSON.stringify(list))) list.pop();
  drawEarlier();
}

function drawEarlier() {
  const list = earlierConversations();
  $("earlier").hidden = list.length === 0;
  fill($("earlier-list"), ...list.map((one) => el("li", {}, button([
    el("span", {}, one.turns[0].question),
    el("span", { class: "hint" }, `${one.group || "the model alone"} · ${moment(one.at)}`),
  ], () => openConversation(one), { class: "earlier", "data-key": one.id }))));
}

async function openConversation(one) {
  asking?.abort();
  const known = state.groups.some((group) => group.name === one.group);
  $("ask-group").value = known ? one.group : "";
  conversation = { id: one.id, group: one.group, turns: one.turns };
  drawConversation();
  scrollTo(0, document.documentElement.scrollHeight);
  $("question").focus({ preventScroll: true });
  await attempt(refreshAskDocuments);
}

async function clearHistory() {
  const text = "All questions and answers that this browser keeps go, those in sight too.";
  if (!(await confirmed("Clear the history?", text, "Clear"))) return;
  store(local, "lloco.conversations", null);
  conversation.turns = []; // an answer in hand is not kept either
  newConversation();
  drawEarlier();
}

// The beginning

async function load() {
  state.status = await ask("/lloco/v1/status");
  for (const node of document.querySelectorAll("[data-writer]")) node.hidden = !mayWrite();
  $("model").textContent = state.status.model;
  $("model").title = `lloco ${state.status.version}, a window of ${count(state.status.window, "token")}`;
  drawModes();
  await refreshGroups();
  showPlace();
  await refreshAskDocuments();
  if (mayWrite()) await refreshJobs();
}

function onSubmit(id, action) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

function listenToLibrary() {
  $("group-remove").onclick = removeGroup;
  $("group-tune").onclick = () => ($("tune").hidden ? openTune() : closeTune());
  $("tune-close").onclick = () => {
    closeTune();
    $("group-tune").focus();
  };
  $("tune").addEventListener("change", () => ($("questions-file").hidden = questionsFrom() !== "file"));
  onSubmit("tune", beginTuning);
  onSubmit("add", addDocuments);
  $("files").onchange = () => {
    chooseFiles([...$("files").files]);
    $("files").value = "";
  };
  $("add-clear").onclick = () => {
    chosen = [];
    drawChosen();
    $("files").focus();
  };
  takeDrops();
}

function listenToAsking() {
  $("ask-group").onchange = groupChosen;
  $("ask-mode").onchange = drawModeHint;
  onSubmit("ask-form", () => $("budget").reportValidity() && askIn([$("ask-mode").value]));
  $("question").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("ask-form").requestSubmit();
  });
  $("stop").onclick = () => asking?.abort();
  $("compare").onclick = compareModes;
  $("new-conversation").onclick = () => {
    newConversation();
    $("question").focus();
  };
  $("clear-history").onclick = clearHistory;
}

async function compareModes() {
  if (!$("ask-form").reportValidity() || !(await opened($("compare-dialog")))) return;
  const modes = [...$("compare-modes").querySelectorAll("input:checked")].map((input) => input.value);
  if (modes.length > 0) askIn(modes);
}

function listenToPage() {
  addEventListener("hashchange", () => state.status && showPlace());
  addEventListener("online", connectionIsBack);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state.status) attempt(refreshLibrary);
  });
  darkByDefault.addEventListener("change", () => showTheme());
  $("theme").onclick = changeTheme;
  $("key-button").onclick = changeKey;
  $("key-forget").onclick = forgetKey;
  $("panel-close").onclick = closePanel;
  $("panel").onclose = () => {
    reading = null;
    markOpened(null);
    document.body.classList.remove("with-panel");
  };
  $("panel").addEventListener("keydown", (event) => event.key === "Escape" && closePanel());
}

showTheme(stored(local, "lloco.theme"));
$("key-button").hidden = !currentKey;
$("options").open = wide.matches;
$("earlier").open = wide.matches;
listenToPage();
listenToLibrary();
listenToAsking();
drawEarlier();
attempt(load);
watchJobs();

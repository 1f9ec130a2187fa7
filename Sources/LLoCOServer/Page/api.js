// Requests to the server.

import { brokenOff, connectionIsBack, Failure, failureOf, isAbort, unreachable } from "./failures.js";
import { authorization, withKey } from "./keys.js";
import { state } from "./state.js";
import { size } from "./words.js";

/** A response whose status is one of success; anything else is thrown. */
export function request(path, options = {}) {
  return withKey(() => send(path, options));
}

export async function requestJSON(path, options) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch (error) {
    throw isAbort(error) ? error : brokenOff();
  }
}

async function send(path, { method = "GET", json, headers, signal }) {
  let response;
  try {
    response = await fetch(path, {
      method, signal, cache: "no-store", body: json && JSON.stringify(json),
      headers: { ...authorization(), ...(json && { "Content-Type": "application/json" }), ...headers },
    });
  } catch (error) {
    throw isAbort(error) ? error : unreachable();
  }
  if (!response.ok) {
    throw failureOf(response.status, await response.text().catch(() => ""), response.headers.get("Retry-After"));
  }
  connectionIsBack();
  return response;
}

/** The `data` of a response's server-sent events. */
export async function* serverEvents(response) {
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

export async function upload(files, onProgress, signal) {
  const whole = files.reduce((sum, file) => sum + file.size, 0);
  const limit = state.status.maximum_upload_bytes;
  if (whole > limit) {
    throw new Failure(`The files have ${size(whole)} together, the server takes ${size(limit)} at a time.`);
  }
  return withKey(() => sendFiles(files, onProgress, signal));
}

/** By XMLHttpRequest: fetch does not say how much has been sent. */
function sendFiles(files, onProgress, signal) {
  return new Promise((resolve, reject) => {
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

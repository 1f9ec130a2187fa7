// Requests to the server.

import { connectionRestored, Failure, failureOf, interrupted, isAbort, unreachable } from "./failures.js";
import { authorization, withKey } from "./keys.js";
import { state } from "./state.js";
import { size } from "./words.js";

/** Sends a request. Throws a `Failure` unless its status is a success. */
export function request(path, options = {}) {
  return withKey(() => send(path, options));
}

export async function requestJSON(path, options) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch (error) {
    throw isAbort(error) ? error : interrupted();
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
  connectionRestored();
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
    throw error instanceof Failure || isAbort(error) ? error : interrupted();
  } finally {
    reader.cancel().catch(() => {});
  }
}

export async function upload(files, onProgress, signal) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const limit = state.status.maximum_upload_bytes;
  if (total > limit) {
    throw new Failure(`The files have ${size(total)} in total; the maximum of one upload is ${size(limit)}.`);
  }
  return withKey(() => sendFiles(files, onProgress, signal));
}

/** Uses XMLHttpRequest, because fetch does not report upload progress. */
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
      "The upload failed. The server cannot be reached, a file is too large, or a file has changed."));
    call.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

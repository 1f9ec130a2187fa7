// The server's API key.

import { openDialog } from "./dialogs.js";
import { $ } from "./dom.js";
import { failureOf } from "./failures.js";
import { store, stored } from "./state.js";

/** Kept in memory too, in case the browser blocks storage. */
let currentKey = stored("sessionStorage", "lloco.key");
let askingForKey = null;

export const authorization = () => (currentKey ? { Authorization: `Bearer ${currentKey}` } : {});

export const isAskingForKey = () => askingForKey != null;

/** Runs `work`. If the key is refused, asks for another one and retries. */
export async function withKey(work) {
  const used = currentKey;
  try {
    return await work();
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  await requestKey(used);
  return withKey(work);
}

/** Waits until the refused key `used` is replaced. */
async function requestKey(used) {
  if (currentKey !== used) return;
  const hint = used ? "The key was not accepted." : "Ask the server's administrator for a key.";
  askingForKey ??= promptForKey(hint).finally(() => (askingForKey = null));
  if (!(await askingForKey)) throw failureOf(401, "");
}

async function promptForKey(hint) {
  $("key-hint").textContent = hint;
  $("key-forget").hidden = !currentKey;
  $("key").value = "";
  if (!(await openDialog($("key-dialog")))) return false;
  storeKey($("key").value.trim());
  return true;
}

function storeKey(key) {
  currentKey = key;
  store("sessionStorage", "lloco.key", key);
  $("key-button").hidden = !key;
}

async function changeKey() {
  if (await promptForKey("Another key may allow other groups and requests.")) location.reload();
}

function forgetKey() {
  storeKey(null);
  location.reload();
}

export function listenToKeys() {
  $("key-button").hidden = !currentKey;
  $("key-button").onclick = changeKey;
  $("key-forget").onclick = forgetKey;
}

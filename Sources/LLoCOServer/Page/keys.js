// The key that the server asks for.

import { opened } from "./dialogs.js";
import { $ } from "./dom.js";
import { failureOf } from "./failures.js";
import { store, stored } from "./state.js";

/** It lives while the page does where the browser keeps nothing. */
let currentKey = stored("sessionStorage", "lloco.key");
let askingForKey = null;

export const authorization = () => (currentKey ? { Authorization: `Bearer ${currentKey}` } : {});

export const isAskingForKey = () => askingForKey != null;

/** Does what needs a key, and again with another where the key is refused. */
export async function withKey(work) {
  const used = currentKey;
  try {
    return await work();
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  await otherKey(used);
  return withKey(work);
}

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
  store("sessionStorage", "lloco.key", key);
  $("key-button").hidden = !key;
}

async function changeKey() {
  if (await keyFromPerson("Another key may show other groups and allow other things.")) location.reload();
}

function forgetKey() {
  keepKey(null);
  location.reload();
}

export function listenToKeys() {
  $("key-button").hidden = !currentKey;
  $("key-button").onclick = changeKey;
  $("key-forget").onclick = forgetKey;
}

// The shared state of the page, and the browser's storage.

/** `status` is the server's; `view` and `group` are shown. */
export const state = { status: null, groups: [], view: null, group: null };

export const mayWrite = () => state.status.scope !== "read" && state.status.jobs;

export const groupNamed = (name) => state.groups.find((group) => group.name === name);

export const address = (view, group) => `#/${view}${group == null ? "" : `/${encodeURIComponent(group)}`}`;

/** `storage` is a name, because accessing a blocked storage throws. */
export function stored(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Stores a value; null removes it. Returns whether it succeeded. */
export function store(storage, name, value) {
  try {
    if (value == null) window[storage].removeItem(name);
    else window[storage].setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

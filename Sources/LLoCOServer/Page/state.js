// What all parts of the page know, and what the browser keeps.

/** `status` is the server's; `view` and `group` are what is shown. */
export const state = { status: null, groups: [], view: null, group: null };

export const mayWrite = () => state.status.scope !== "read" && state.status.jobs;

export const groupNamed = (name) => state.groups.find((group) => group.name === name);

export const address = (view, group) => `#/${view}${group == null ? "" : `/${encodeURIComponent(group)}`}`;

/** `storage` is by its name: a browser that allows none throws where it is named. */
export function stored(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Returns whether there was room for it. */
export function store(storage, name, value) {
  try {
    if (value == null) window[storage].removeItem(name);
    else window[storage].setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

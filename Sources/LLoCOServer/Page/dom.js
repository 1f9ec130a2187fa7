// DOM elements. Content from the server is inserted as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** Matches if a side panel fits. */
export const wide = matchMedia("(min-width: 62rem)");

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** Replaces a container's children. The focus returns to the node with the same `data-key`. */
export function fill(container, ...nodes) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  container.replaceChildren(...nodes.filter((node) => node != null));
  if (key) [...container.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus();
}

export function button(content, action, attributes = {}) {
  return el("button", { type: "button", onclick: action, ...attributes }, ...[content].flat());
}

export function onSubmit(id, action) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

/** Draws `target` in the next frame, at most once per frame. */
export function drawSoon(target, draw) {
  target.drawing ??= requestAnimationFrame(() => {
    target.drawing = null;
    draw();
  });
}

/** Announces a text to screen readers. */
export function announce(text) {
  $("announcer").textContent = text;
}

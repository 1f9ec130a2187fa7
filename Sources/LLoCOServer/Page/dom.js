// Elements. What comes from the server is put into the page as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** Where there is room for a panel beside. */
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

/** Puts nodes in the place of a container's, and the focus back on the one with the same `data-key`. */
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

/** Draws a thing with the next frame, once however often it is asked. */
export function drawSoon(thing, draw) {
  thing.drawing ??= requestAnimationFrame(() => {
    thing.drawing = null;
    draw();
  });
}

/** Says something to those who listen to the page. */
export function announce(text) {
  $("announcer").textContent = text;
}

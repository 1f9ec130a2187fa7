// The light and dark themes.

import { $ } from "./dom.js";
import { store, stored } from "./state.js";

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
  store("localStorage", "lloco.theme", document.documentElement.dataset.theme);
}

export function listenToTheme() {
  showTheme(stored("localStorage", "lloco.theme"));
  darkByDefault.addEventListener("change", () => showTheme());
  $("theme").onclick = changeTheme;
}

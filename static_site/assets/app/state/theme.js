// Light, dark, or whatever the system says; remembered. early_theme.js applies it before paint.
import { signal } from "../html.js";

const NAME = "everhop.theme";
export const THEMES = ["light", "system", "dark"];

export const theme = signal(document.documentElement.dataset.theme ?? "system");

export function choose(name) {
  theme.value = name;
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // Not remembered, then.
  }
}

// Keyboard shortcuts of the whole page: n (new), / (search), Ctrl+Z or u (undo).
import { undoLatest } from "./state/toasts.js";

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

function focusOn(id) {
  const field = document.getElementById(id);
  field?.focus();
  field?.scrollIntoView({ block: "nearest" });
  return Boolean(field);
}

const SHORTCUTS = {
  n: () => focusOn("destination"),
  "/": () => focusOn("search"),
  u: undoLatest,
};

function shortcutOf(event) {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "z" && !event.shiftKey) return undoLatest;
  return command || event.altKey ? undefined : SHORTCUTS[event.key];
}

export function onKey(event) {
  if (event.defaultPrevented || event.target.closest?.(TYPING)) return;
  if (document.querySelector("dialog[open], [popover]:popover-open")) return;
  if (shortcutOf(event)?.()) event.preventDefault();
}

// Keyboard shortcuts of the whole page: n (new), / (search), Ctrl+Z or u (undo), and pasting.
import { undoLatest } from "./state/toasts.js";

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/** Fields with typing that the browser's own undo takes back. */
const edited = new WeakSet();

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
  // With Caps Lock on, the key is "Z".
  if (command && event.key.toLowerCase() === "z" && !event.shiftKey) return undoLatest;
  return command || event.altKey ? undefined : SHORTCUTS[event.key];
}

/** Whether a field has no use for a key: nothing typed to undo, and no address begins with a slash. */
function spares(field, shortcut, key) {
  if (key === "/") return field.id === "destination" && field.value === "";
  return shortcut === undoLatest && key !== "u" && !edited.has(field);
}

const isCovered = () => document.querySelector("dialog[open], [popover]:popover-open") !== null;

export function onInput(event) {
  edited.add(event.target);
}

export function onKey(event) {
  if (event.defaultPrevented || isCovered()) return;
  const shortcut = shortcutOf(event);
  const field = event.target.closest?.(TYPING);
  if (field && !spares(field, shortcut, event.key)) return;
  if (shortcut?.()) event.preventDefault();
}

/** What is pasted beside the fields is meant for the destination; Ctrl+Z brings back what was there. */
export function onPaste(event) {
  const text = event.clipboardData.getData("text/plain").trim();
  if (!text || isCovered() || event.target.closest?.(TYPING) || !focusOn("destination")) return;
  event.preventDefault();
  document.activeElement.select();
  document.execCommand("insertText", false, text);
}

// Short notices at the bottom of the page. One that can be undone counts down, and waits while
// it is pointed at or focused.
import { signal } from "../html.js";

const TICK = 200;
const MOST = 3;

export const toasts = signal([]);
export const spoken = signal("");

let last = 0;
let timer;

function update(id, change) {
  toasts.value = toasts.value.map((toast) => (toast.id === id ? { ...toast, ...change } : toast));
}

/** Removes a toast without ending it: what it would have done is not done. */
export function dismiss(id) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Removes a toast and does what was waiting for its end. */
export function end(id) {
  const toast = toasts.value.find((one) => one.id === id);
  dismiss(id);
  toast?.onEnd?.();
}

export function pause(id, paused) {
  update(id, { paused });
}

function tick() {
  const now = performance.now();
  const passed = now - last;
  last = now;
  const running = toasts.value.map((toast) => ({
    ...toast,
    left: toast.paused ? toast.left : toast.left - passed,
  }));
  toasts.value = running;
  running.filter((toast) => toast.left <= 0).forEach((toast) => end(toast.id));
  if (toasts.value.length === 0) timer = clearInterval(timer);
}

/**
 * Shows a toast and answers its id. `action` is {label, run}; `counts` shows the seconds left;
 * `onEnd` runs when it times out or is closed, not when its action was taken.
 */
export function show({ text, tone = "plain", action, counts = false, lasts = 5000, onEnd }) {
  const id = crypto.getRandomValues(new Uint32Array(1))[0];
  const toast = { id, text, tone, action, counts, lasts, left: lasts, onEnd, paused: false };
  toasts.value = [...toasts.value, toast];
  toasts.value.slice(0, -MOST).forEach((old) => end(old.id));
  spoken.value = action ? `${text}. ${action.label} is available.` : text;
  if (!timer) {
    last = performance.now();
    timer = setInterval(tick, TICK);
  }
  return id;
}

export function fail(text) {
  return show({ text, tone: "danger", lasts: 9000 });
}

export function act(toast) {
  dismiss(toast.id);
  toast.action.run();
}

/** The toast of the latest thing that can be undone, if any. */
export function latestUndo() {
  return toasts.value.findLast((one) => one.action?.label === "Undo");
}

/** Undoes the latest thing that can be undone; false when there is none. */
export function undoLatest() {
  const toast = latestUndo();
  if (toast) act(toast);
  return Boolean(toast);
}

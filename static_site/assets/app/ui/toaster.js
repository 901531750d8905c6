// Shows the toasts; a reader hears each once, the seconds are for the eyes only.
import { html } from "../html.js";
import { act, end, latestUndo, pause, spoken, toasts } from "../state/toasts.js";
import { Icon } from "./icons.js";

const ROUND = 2 * Math.PI * 9;

function Countdown({ left, lasts }) {
  return html`<span class="countdown" aria-hidden="true">
    <svg viewBox="0 0 24 24">
      <circle cx="12" cy="12" r="9" />
      <circle class="countdown-left" cx="12" cy="12" r="9" stroke-dasharray=${ROUND}
        stroke-dashoffset=${ROUND * (1 - Math.max(0, left) / lasts)} />
    </svg>
    <b>${Math.max(1, Math.ceil(left / 1000))}</b>
  </span>`;
}

function Toast({ toast }) {
  const waits = (paused) => () => pause(toast.id, paused);
  return html`<li class="toast ${toast.tone}" onMouseEnter=${waits(true)} onMouseLeave=${waits(false)}
    onFocusIn=${waits(true)} onFocusOut=${waits(false)}>
    ${toast.counts && html`<${Countdown} ...${toast} />`}
    ${toast.tone === "danger" && html`<${Icon} name="warning" />`}
    <span class="toast-text"><bdi>${toast.text}</bdi></span>
    ${toast.action && html`<button type="button" class="toast-action" onClick=${() => act(toast)}>
      ${toast.action.label}${toast.id === latestUndo()?.id && html`<kbd class="hint-key" aria-hidden="true">u</kbd>`}
    </button>`}
    <button type="button" class="icon-button" aria-label=${toast.counts ? "Close and delete now" : "Close"}
      onClick=${() => end(toast.id)}><${Icon} name="close" /></button>
  </li>`;
}

export function Toaster() {
  return html`<div class="off-screen" role="status" aria-live="polite">${spoken.value}</div>
    <section aria-label="Notices"><ul class="toaster">
      ${toasts.value.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} />`)}
    </ul></section>`;
}

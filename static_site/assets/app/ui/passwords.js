// The field of a link's password: what is there is never known, so it is kept, replaced or removed.
import { html } from "../html.js";
import { Field } from "./fields.js";

const KEPT = "It has one, which nobody can read. Type another to replace it.";
const REMOVED = "It will be removed when you save: everyone can follow the link then.";
const NONE = "Visitors must type it first. Empty: none.";

/** `value` is what was typed, or null to remove the one that the link has. */
export function PasswordField({ value, onValue, has, ...field }) {
  const hint = value === null ? REMOVED : has ? KEPT : NONE;
  // Shown as it is typed: it is made up here to be told to others, and is nobody's own.
  const control = (tied) => html`<div class="time">
    <input class="input" ...${tied} type="text" value=${value ?? ""} maxlength="200" autocomplete="off"
      autocapitalize="off" spellcheck=${false} onInput=${(event) => onValue(event.currentTarget.value)} />
    ${has && html`<button type="button" class="text-button" onClick=${() => onValue(value === null ? "" : null)}>
      ${value === null ? "Keep" : "Remove"}</button>`}
  </div>`;
  return html`<${Field} ...${field} label="Password" hint=${hint} control=${control} />`;
}

// Form fields: a label, a control, a hint, and the error that belongs to it.
import { html, useId } from "../html.js";

/** Wraps a control; `control` is given the attributes that tie it to label, hint and error. */
export function Field({ name, label, hint, error, wide, control }) {
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  const tied = { id, name, "aria-invalid": error ? "true" : undefined, "aria-describedby": described || undefined };
  return html`<div class=${wide ? "field wide" : "field"} data-field=${name}>
    <label for=${id}>${label}</label>
    ${control(tied)}
    ${error && html`<p class="field-error" id="${id}-error">${error}</p>`}
    ${hint && html`<p class="field-hint" id="${id}-hint">${hint}</p>`}
  </div>`;
}

export function TextField({ value, onValue, type = "text", inputmode, maxlength, placeholder, ...field }) {
  const control = (tied) => html`<input class="input" ...${tied} type=${type} value=${value}
    inputmode=${inputmode} maxlength=${maxlength} placeholder=${placeholder} autocomplete="off" spellcheck=${type === "text"}
    onInput=${(event) => onValue(event.currentTarget.value)} />`;
  return html`<${Field} ...${field} control=${control} />`;
}

export function AreaField({ value, onValue, maxlength, placeholder, ...field }) {
  const control = (tied) => html`<textarea class="input" ...${tied} rows="3" maxlength=${maxlength}
    placeholder=${placeholder} value=${value}
    onInput=${(event) => onValue(event.currentTarget.value)}></textarea>`;
  return html`<${Field} ...${field} control=${control} />`;
}

export function SelectField({ value, onValue, options, off, ...field }) {
  const control = (tied) => html`<select class="input" ...${tied} value=${value} disabled=${off}
    onChange=${(event) => onValue(event.currentTarget.value)}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
  </select>`;
  return html`<${Field} ...${field} control=${control} />`;
}

/** A local date and time, with a way to empty it: not every browser's picker has one. */
export function TimeField({ value, onValue, ...field }) {
  const control = (tied) => html`<div class="time">
    <input class="input" ...${tied} type="datetime-local" value=${value}
      onInput=${(event) => onValue(event.currentTarget.value)} />
    ${value && html`<button type="button" class="text-button" onClick=${() => onValue("")}>Clear</button>`}
  </div>`;
  return html`<${Field} ...${field} control=${control} />`;
}

export function Switch({ name, label, hint, value, onValue }) {
  const id = useId();
  return html`<div class="switch" data-field=${name}>
    <input id=${id} name=${name} type="checkbox" role="switch" checked=${value}
      onChange=${(event) => onValue(event.currentTarget.checked)} />
    <label for=${id}>${label}${hint && html`<span>${hint}</span>`}</label>
  </div>`;
}

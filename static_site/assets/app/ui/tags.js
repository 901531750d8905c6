// The tags field: type a tag, Enter or a comma adds it, Backspace takes the last one back.
import { addTags } from "../changes.js";
import { html, useState } from "../html.js";
import { tagsInUse } from "../state/links.js";
import { Field } from "./fields.js";
import { Icon } from "./icons.js";

const MOST = 10;

function TagsInput({ tied, tags, onValue }) {
  const [text, setText] = useState("");
  const take = (typed) => {
    if (typed.trim()) onValue(addTags(tags, typed));
    setText("");
  };
  const input = (event) => {
    const typed = event.currentTarget.value;
    if (typed.includes(",")) take(typed);
    else setText(typed);
  };
  const key = (event) => {
    if (event.key === "Enter" && text.trim()) {
      event.preventDefault();
      take(text);
    }
    if (event.key === "Backspace" && !text) onValue(tags.slice(0, -1));
  };
  const suggestions = tagsInUse.value.filter((tag) => !tags.includes(tag));
  return html`<div class="input tags-input">
    ${tags.map((tag) => html`<span class="tag" key=${tag}>${tag}
      <button type="button" aria-label="Remove tag ${tag}"
        onClick=${() => onValue(tags.filter((other) => other !== tag))}><${Icon} name="close" /></button>
    </span>`)}
    ${tags.length < MOST && html`<input ...${tied} value=${text} list="${tied.id}-tags" maxlength="40"
      placeholder=${tags.length ? "" : "Add a tag"} autocomplete="off" enterkeyhint="done"
      onInput=${input} onKeyDown=${key} onBlur=${(event) => take(event.currentTarget.value)} />`}
    <datalist id="${tied.id}-tags">
      ${suggestions.map((tag) => html`<option key=${tag} value=${tag} />`)}
    </datalist>
  </div>`;
}

export function TagsField({ value, onValue, error }) {
  const hint = "Separate with commas. Up to 10.";
  const control = (tied) => html`<${TagsInput} tied=${tied} tags=${value} onValue=${onValue} />`;
  return html`<${Field} name="tags" label="Tags" hint=${hint} error=${error} control=${control} />`;
}

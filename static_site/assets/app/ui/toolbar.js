// Above the list: which links, the search box, and the tag that filters.
import { html, useEffect, useRef, useState } from "../html.js";
import { phase } from "../state/links.js";
import { look, search, view } from "../state/view.js";
import { Icon } from "./icons.js";

const PAUSE = 250;

function Search() {
  const [text, setText] = useState(view.value.q);
  const timer = useRef();
  // The view may be changed elsewhere ("Clear the search"): the box follows.
  useEffect(() => setText(view.value.q), [view.value.q]);
  const find = (q) => {
    clearTimeout(timer.current);
    search(q.trim());
  };
  const input = (event) => {
    const typed = event.currentTarget.value;
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => find(typed), PAUSE);
  };
  const clear = () => {
    setText("");
    find("");
  };
  const key = (event) => {
    if (event.key === "Enter") find(text);
    if (event.key === "Escape") {
      if (text) clear();
      else event.currentTarget.blur();
    }
  };
  return html`<div class="search" role="search">
    ${phase.value === "again" ? html`<span class="spinner late"></span>` : html`<${Icon} name="search" />`}
    <input id="search" type="text" inputmode="search" enterkeyhint="search" aria-label="Search links"
      placeholder="Search links" autocomplete="off" spellcheck=${false} maxlength="100" value=${text}
      onInput=${input} onKeyDown=${key} />
    ${text
      ? html`<button type="button" class="icon-button" aria-label="Clear the search" onClick=${clear}><${Icon} name="close" /></button>`
      : html`<kbd class="hint-key">/</kbd>`}
  </div>`;
}

function Tabs() {
  const { archived } = view.value;
  const tab = (name, isArchived) => html`<button type="button" aria-pressed=${archived === isArchived}
    onClick=${() => look({ archived: isArchived })}>${name}</button>`;
  return html`<div class="tabs" role="group" aria-label="Which links">${tab("Links", false)}${tab("Archived", true)}</div>`;
}

export function Toolbar() {
  const { tag } = view.value;
  return html`<div class="toolbar">
    <${Tabs} />
    ${tag && html`<span class="filter"><${Icon} name="tag" />${tag}
      <button type="button" aria-label="Remove the filter ${tag}" onClick=${() => look({ tag: "" })}><${Icon} name="close" /></button>
    </span>`}
    <${Search} />
  </div>`;
}

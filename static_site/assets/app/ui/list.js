// The list and everything it can be instead: skeletons, an error, a lesson, "nothing found".
import { html, useEffect, useRef, useState } from "../html.js";
import { sentence } from "../problems.js";
import * as list from "../state/links.js";
import { isFiltered, look, view } from "../state/view.js";
import { Blank } from "./blank.js";
import { Row } from "./rows.js";

const PATIENCE = 200;

/** True once `waiting` has lasted long enough to be worth showing. */
function useSlow(waiting) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [waiting]);
  return waiting && slow;
}

function Skeletons() {
  return html`<div class="skeletons" aria-hidden="true">
    ${[..."123456"].map((key) => html`<div class="skeleton" key=${key}><i></i><i></i><i></i></div>`)}
  </div>`;
}

function Failure() {
  return html`<${Blank} icon="warning" title="The list could not be loaded">
    <p>${sentence(list.error.value)}</p>
    <button type="button" class="button" onClick=${list.load}>Try again</button>
  <//>`;
}

function NothingFound() {
  const { q, tag, archived } = view.value;
  const what = [q && `“${q}”`, tag && `the tag “${tag}”`].filter(Boolean).join(" and ");
  return html`<${Blank} icon="search" title="Nothing found for ${what}">
    <p>The search looks at slugs, titles, destinations, notes and tags${archived ? " of archived links" : ""}.</p>
    <button type="button" class="button" onClick=${() => look({ q: "", tag: "" })}>Clear the search</button>
  <//>`;
}

function Lesson() {
  if (view.value.archived) {
    return html`<${Blank} icon="archive" title="The archive is empty">
      <p>Archive links you no longer want to see. They keep redirecting, and you find them here.</p>
    <//>`;
  }
  return html`<${Blank} icon="link" title="Your first short link is one paste away">
    <ol class="steps">
      <li><b>Paste</b> a long link into the field above.</li>
      <li><b>Name it</b> with a slug people can remember, or take a random one.</li>
      <li><b>Copy</b> the short link and share it. You can change where it leads at any time.</li>
    </ol>
    <button type="button" class="button primary" onClick=${() => document.getElementById("destination").focus()}>
      Create a link
    </button>
  <//>`;
}

function Table() {
  return html`<table role="table" class="links" aria-label="Links" aria-busy=${list.phase.value === "again"}>
    <thead role="rowgroup"><tr role="row">
      <th role="columnheader" scope="col" class="cell-link">Short link</th>
      <th role="columnheader" scope="col">Destination</th>
      <th role="columnheader" scope="col" class="cell-state">State</th>
      <th role="columnheader" scope="col" class="cell-created">Created</th>
      <th role="columnheader" scope="col" class="cell-actions"><span class="off-screen">Actions</span></th>
    </tr></thead>
    <tbody role="rowgroup">
      ${list.links.value.map((link) => html`<${Row} key=${link.slug} link=${link} />`)}
    </tbody>
  </table>`;
}

/** The end of the list: loads more when it comes into sight, and has a button for those who click. */
function More() {
  const end = useRef();
  useEffect(() => {
    const sight = new IntersectionObserver(([entry]) => entry.isIntersecting && list.more(), { rootMargin: "400px" });
    sight.observe(end.current);
    return () => sight.disconnect();
  }, [list.cursor.value]);
  return html`<div class="more" ref=${end}>
    <button type="button" class="button" onClick=${list.more}>Load more</button>
  </div>`;
}

function Searching() {
  const seen = list.pages.value;
  return html`<div class="more searching" role="status">
    <span class="spinner"></span>
    ${isFiltered() ? "Searching older links…" : "Loading more…"}
    ${seen > 1 && html`<button type="button" class="text-button" onClick=${list.stop}>Stop</button>`}
  </div>`;
}

function Foot() {
  const waiting = list.phase.value !== "done";
  const slow = useSlow(waiting);
  if (waiting) return slow && list.phase.value !== "first" ? html`<${Searching} />` : null;
  if (list.error.value) return html`<div class="more"><p class="form-error">${sentence(list.error.value)}</p>
    <button type="button" class="button" onClick=${list.cursor.value ? list.more : list.load}>Try again</button></div>`;
  return list.cursor.value ? html`<${More} />` : null;
}

export function List() {
  const { q, tag, archived } = view.value;
  const first = list.phase.value === "first";
  const slow = useSlow(first);
  useEffect(() => void list.load(), [q, tag, archived]);
  if (first && !list.links.value.length) return slow ? html`<${Skeletons} />` : html`<div class="waiting"></div>`;
  if (list.links.value.length) return html`<div class="list"><${Table} /><${Foot} /></div>`;
  if (list.error.value) return html`<${Failure} />`;
  if (list.phase.value !== "done" || list.cursor.value) return html`<div class="list"><${Foot} /></div>`;
  return isFiltered() ? html`<${NothingFound} />` : html`<${Lesson} />`;
}

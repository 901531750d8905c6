// One link in the list: a table row on wide screens, a card on a phone.
import { html, useRef } from "../html.js";
import { stateOf } from "../pages.js";
import { openEditor } from "../state/editing.js";
import { toggleArchived, toggleDisabled } from "../state/edits.js";
import { go, hrefOf } from "../state/place.js";
import { openQr } from "../state/qr.js";
import { remove } from "../state/removals.js";
import { look } from "../state/view.js";
import { exact, relative } from "../times.js";
import { splitDestination, splitShortUrl, visible } from "../urls.js";
import { CopyButton } from "./copy.js";
import { Icon } from "./icons.js";
import { Marks } from "./marks.js";
import { Menu } from "./menu.js";

/** Where the keyboard goes on from when its row leaves the list. */
function focusNeighbour(row) {
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  requestAnimationFrame(() => {
    const target = next?.isConnected ? next.querySelector(".row-actions button") : null;
    // Not a field: there, the u that undoes would be typed.
    (target ?? document.getElementById("list"))?.focus({ preventScroll: true });
  });
}

function actionsOf(link, row) {
  const leave = (deed) => () => {
    focusNeighbour(row.current);
    deed(link);
  };
  return [
    { label: "Open link", icon: "open", href: link.short_url },
    { label: "Preview page", icon: "eye", href: `${link.short_url}+` },
    { label: "Stats", icon: "chart", run: () => go({ page: "stats", slug: link.slug }) },
    { label: "QR code", icon: "qr", run: () => openQr(link) },
    { label: link.disabled ? "Enable" : "Disable", icon: link.disabled ? "play" : "pause",
      run: () => toggleDisabled(link), apart: true },
    { label: link.archived ? "Move out of archive" : "Archive", icon: "archive", run: leave(toggleArchived) },
    { label: "Delete", icon: "trash", run: leave(remove), danger: true, apart: true },
  ];
}

function ShortLink({ link }) {
  const { base, slug } = splitShortUrl(link.short_url);
  return html`<div class="short">
    <a class="short-link" href=${link.short_url} target="_blank" rel="noopener noreferrer"
      title="Open ${link.short_url}"><bdi><span class="short-base">${base.slice(0, -1)}</span><span class="short-slash">/</span><b>${slug}</b></bdi></a>
    <${CopyButton} text=${link.short_url} />
  </div>
  ${link.title && html`<p class="title" title=${link.title}><bdi>${visible(link.title)}</bdi></p>`}`;
}

function Destination({ link }) {
  const { host, path, unicode, mixed, insecure } = splitDestination(link.destination);
  return html`<p class="destination" title=${link.destination}>
    <bdi>${insecure && html`<span class="insecure">http://</span>`}<b>${host}</b>${path}</bdi>
  </p>
  ${unicode && html`<p class=${mixed ? "idn warn" : "idn"}>
    ${mixed && html`<${Icon} name="warning" />`}
    <span>${mixed ? "reads as" : "shown as"} <bdi>${unicode}</bdi>${mixed && ", with look-alike letters"}</span>
  </p>`}`;
}

function Tags({ tags }) {
  return html`<div class="tags">
    ${tags.map((tag) => html`<button type="button" class="tag" key=${tag} title="Show links tagged ${tag}"
      onClick=${() => look({ tag })}>${tag}</button>`)}
  </div>`;
}

const WHEN = {
  scheduled: (link) => [`starts ${relative(link.starts_at)}`, link.starts_at],
  expired: (link) => [`ended ${relative(link.expires_at)}`, link.expires_at],
  active: (link) => (link.expires_at ? [`ends ${relative(link.expires_at)}`, link.expires_at] : null),
};

function State({ link }) {
  const state = stateOf(link);
  const when = WHEN[state]?.(link);
  return html`<div class="state">
    <span class="badges">
      <span class="badge ${state}">${state}</span>
      ${link.archived && html`<span class="badge archived">archived</span>`}
      ${link.status !== 302 && html`<span class="code" title="Redirects with status ${link.status}">${link.status}</span>`}
    </span>
    ${when && html`<span class="when" title=${exact(when[1])}>${when[0]}</span>`}
  </div>`;
}

export function Row({ link }) {
  const row = useRef();
  return html`<tr role="row" class="row" data-slug=${link.slug} data-state=${stateOf(link)} ref=${row}>
    <td role="cell" class="cell-link"><${ShortLink} link=${link} /></td>
    <td role="cell" class="cell-destination">
      <${Destination} link=${link} />
      <${Marks} link=${link} />
      ${link.tags.length > 0 && html`<${Tags} tags=${link.tags} />`}
    </td>
    <td role="cell" class="cell-state"><${State} link=${link} /></td>
    <td role="cell" class="cell-created">
      <time datetime=${link.created_at} title=${exact(link.created_at)}>${relative(link.created_at)}</time>
    </td>
    <td role="cell" class="cell-actions">
      <div class="row-actions">
        ${link.notes && html`<span class="has-notes" title=${link.notes}><${Icon} name="note" /><span class="off-screen">Has notes</span></span>`}
        <a class="icon-button to-stats" href=${hrefOf({ page: "stats", slug: link.slug })} aria-label="Stats of ${link.slug}" title="Stats"><${Icon} name="chart" /></a>
        <button type="button" class="icon-button" aria-label="Edit ${link.slug}" title="Edit"
          onClick=${() => openEditor(link)}><${Icon} name="edit" /></button>
        <${Menu} label="More actions for ${link.slug}" items=${actionsOf(link, row)} />
      </div>
    </td>
  </tr>`;
}

// The top of a page of stats: whose they are, where that link leads, and what can be done with them.
import { html, useEffect, useRef, useState } from "../html.js";
import { save } from "../pictures.js";
import { sentence } from "../problems.js";
import { statQuery } from "../spans.js";
import { openEditor } from "../state/editing.js";
import { useLink } from "../state/link.js";
import { hrefOf } from "../state/place.js";
import { openQr } from "../state/qr.js";
import { api } from "../state/session.js";
import { fail } from "../state/toasts.js";
import { splitDestination, splitShortUrl, visible } from "../urls.js";
import { CopyButton } from "./copy.js";
import { EraseDialog } from "./erase.js";
import { Icon } from "./icons.js";
import { Menu } from "./menu.js";

const MAKE = {
  csv: (slug, query) => api.value.statSheet(slug, query),
  json: async (slug, query) => new Blob([JSON.stringify(await api.value.stats(slug, query), null, 2)], { type: "application/json" }),
};

async function download(slug, span, format) {
  try {
    save(await MAKE[format](slug, { ...statQuery(span), top: "100" }), `${slug ? `${slug}-` : ""}stats.${format}`);
  } catch (error) {
    fail(`The ${format.toUpperCase()} could not be made. ${sentence(error)}`);
  }
}

function Where({ link }) {
  const { base, slug } = splitShortUrl(link.short_url);
  const { host, path } = splitDestination(link.destination);
  return html`<div class="stat-link">
    <span class="stat-short"><a href=${link.short_url} target="_blank" rel="noopener noreferrer"
      title="Open ${link.short_url}"><bdi>${base}<b>${slug}</b></bdi></a><${CopyButton} text=${link.short_url} /></span>
    <span class="stat-destination" title=${link.destination}><${Icon} name="arrow" /><bdi><b>${host}</b>${path}</bdi></span>
    ${link.title && html`<span class="stat-title"><bdi>${visible(link.title)}</bdi></span>`}
  </div>`;
}

function actionsOf(link, slug, onErase) {
  const ofLink = link ? [
    { label: "Open link", icon: "open", href: link.short_url },
    { label: "Preview page", icon: "eye", href: `${link.short_url}+` },
    { label: "QR code", icon: "qr", run: () => openQr(link) },
    { label: "Edit link", icon: "edit", run: () => openEditor(link) },
  ] : [];
  return [...ofLink, { label: "Erase stats…", icon: "trash", run: onErase, danger: true, apart: ofLink.length > 0 }];
}

export function StatHead({ slug, span, found, onErased }) {
  const title = useRef();
  const link = useLink(slug);
  const [erasing, setErasing] = useState(false);
  const to = (format) => download(slug, span, format);
  // Who came by a link within the page goes on from here, by keyboard or by ear.
  useEffect(() => title.current.focus({ preventScroll: true }), []);
  const files = [
    { label: "CSV, for spreadsheets", icon: "table", run: () => to("csv") },
    { label: "JSON, for programs", icon: "note", run: () => to("json") },
  ];
  const done = () => {
    setErasing(false);
    onErased();
  };
  return html`<div class="stats-head">
    <div>
      ${slug && html`<p class="trail"><a href=${hrefOf({ page: "stats", span })}>All links</a></p>`}
      <h1 ref=${title} tabindex="-1">${slug ? html`Stats of <bdi>${slug}</bdi>` : "Stats of all links"}</h1>
    </div>
    <div class="stats-actions">
      <${Menu} label="Export" items=${files} kind="button export"><${Icon} name="download" /><span>Export</span><//>
      ${slug && found && html`<${Menu} label="More actions for ${slug}" items=${actionsOf(link, slug, () => setErasing(true))} kind="button square" />`}
    </div>
  </div>
  ${link && html`<${Where} link=${link} />`}
  ${erasing && html`<${EraseDialog} slug=${slug} onExport=${to} onErased=${done} onClose=${() => setErasing(false)} />`}`;
}

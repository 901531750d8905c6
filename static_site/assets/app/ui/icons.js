// Icons, drawn on a 20 × 20 grid with one stroke width; decorative, so hidden from readers.
import { html } from "../html.js";

const PATHS = {
  archive: "M3.5 4h13v3.5h-13z M5 7.5V16h10V7.5 M8 10.5h4",
  arrow: "M4 10h12 M11 5l5 5-5 5",
  chart: "M3.5 16.5h13 M5.5 13.5v-4 M10 13.5v-9 M14.5 13.5v-6",
  check: "M4 10.5l4 4 8-9",
  chevron: "M6 8l4 4 4-4",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M10 6v4l2.5 2",
  close: "M5 5l10 10 M15 5L5 15",
  copy: "M7.5 7.5h9v9h-9z M12.5 7.5v-4h-9v9h4",
  download: "M10 3v9.5 M6 9l4 4 4-4 M3.5 16.5h13",
  edit: "M4 16l.8-3.6L13.4 3.8l2.8 2.8-8.6 8.6z M11.5 5.7l2.8 2.8",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10z M10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z",
  eyeOff: "M3 3l14 14 M8 4.7A7.6 7.6 0 0 1 10 4.5c5 0 8 5.5 8 5.5a14 14 0 0 1-2.4 3 M12.6 14.9a7.5 7.5 0 0 1-2.6.6c-5 0-8-5.5-8-5.5a14 14 0 0 1 3.4-3.9",
  leave: "M8 3.5H4v13h4 M8 10h9 M13.5 6.5L17 10l-3.5 3.5",
  limit: "M4 4h12 M10 16.5V7.5 M6 11.5l4-4 4 4",
  link: "M8.5 11.5a3.5 3.5 0 0 0 5 0l2.5-2.5a3.5 3.5 0 0 0-5-5l-1 1 M11.5 8.5a3.5 3.5 0 0 0-5 0L4 11a3.5 3.5 0 0 0 5 5l1-1",
  lock: "M5 9h10v7.5H5z M7 9V6.5a3 3 0 0 1 6 0V9 M10 12v1.5",
  moon: "M16.5 11.7A7 7 0 0 1 8.3 3.5a7 7 0 1 0 8.2 8.2z",
  more: "M4.5 10h.01 M10 10h.01 M15.5 10h.01",
  note: "M5 3.5h10v13H5z M8 7h4 M8 10h4 M8 13h2",
  open: "M11 3.5h5.5V9 M16.5 3.5L9 11 M14 11.5v5H3.5V6h5",
  pause: "M7 4.5v11 M13 4.5v11",
  play: "M6.5 4l9 6-9 6z",
  plus: "M10 4v12 M4 10h12",
  qr: "M3.5 3.5h5v5h-5z M11.5 3.5h5v5h-5z M3.5 11.5h5v5h-5z M11.5 11.5h2v2 M16.5 11.5v2 M11.5 16.5h2 M16.5 16.5h.01",
  rules: "M3.5 10h4 M7.5 10c3 0 2-5 5-5h4 M7.5 10c3 0 2 5 5 5h4 M14 2.5L16.5 5 14 7.5 M14 12.5l2.5 2.5-2.5 2.5",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12z M13.5 13.5L17 17",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M10 2v1.5 M10 16.5V18 M2 10h1.5 M16.5 10H18 M4.3 4.3l1.1 1.1 M14.6 14.6l1.1 1.1 M4.3 15.7l1.1-1.1 M14.6 5.4l1.1-1.1",
  system: "M3 4h14v9.5H3z M7 16.5h6 M10 13.5v3",
  table: "M3.5 4.5h13v11h-13z M3.5 8.5h13 M8 8.5v7",
  tag: "M3.5 3.5h6l7 7-6 6-7-7z M6.8 6.8h.01",
  trash: "M4 5.5h12 M8 5.5V3.5h4v2 M5.5 5.5l.7 11h7.6l.7-11 M8.5 8.5v5 M11.5 8.5v5",
  warning: "M10 3.5l7.5 13h-15z M10 8.5v3.5 M10 14.3h.01",
};

export function Icon({ name }) {
  return html`<svg class="icon icon-${name}" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}

/** An e, and what hops off it. */
export function Logo() {
  return html`<span class="logo">
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-tile" width="32" height="32" rx="9" />
      <path class="logo-hop" d="M8 16.5H20.5C20.5 12 17.8 9 14.2 9 10.5 9 7.7 12 7.7 16.2 7.7 20.5 10.6 23.4 14.6 23.4 16.6 23.4 18.2 22.7 19.4 21.6" />
      <circle class="logo-ball" cx="24.6" cy="21.4" r="2.5" />
    </svg>
    <span>Everhop</span>
  </span>`;
}

// Which link's QR code is shown, and how codes look: kept while the page is, so that a series of codes matches.
import { signal } from "../html.js";

export const coded = signal(null);
export const look = signal({ dark: "#000000", light: "#ffffff", see_through: false, error: "M", logo_space: "0", size: "1024" });

export function openQr(link) {
  coded.value = link;
}

export function closeQr() {
  coded.value = null;
}

export function restyle(change) {
  look.value = { ...look.value, ...change };
}

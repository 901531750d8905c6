// Reads addresses the way a person does: adds the scheme, finds the host, shows IDN hosts.
import { toUnicode, mixesScripts } from "./hosts.js";

const SCHEME = /^[a-z][a-z0-9+.-]*:(?!\d)/i;
const INVISIBLE = /[\u0000-\u001f\u007f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** What the field should say before it is sent: scheme-less input gets https://. */
export function withScheme(text) {
  const trimmed = text.trim();
  if (!trimmed || SCHEME.test(trimmed) || trimmed.startsWith("/")) return trimmed;
  return `https://${trimmed}`;
}

/** Text without the characters that can make one address look like another. */
export function visible(text) {
  return text.replace(INVISIBLE, "");
}

/** The parts of a destination that the list shows, each as plain text. */
export function splitDestination(destination) {
  let url;
  try {
    url = new URL(destination);
  } catch {
    return { host: visible(destination), path: "", unicode: "", mixed: false, insecure: false };
  }
  const start = destination.indexOf("://") + 3;
  const end = destination.slice(start).search(/[/?#]/);
  const path = end < 0 ? "" : visible(destination.slice(start + end));
  const unicode = url.host.includes("xn--") ? visible(toUnicode(url.host)) : "";
  return {
    host: url.host,
    path: path === "/" ? "" : path,
    unicode: unicode === url.host ? "" : unicode,
    mixed: unicode !== "" && mixesScripts(unicode),
    insecure: url.protocol === "http:",
  };
}

/** A short link as it is read aloud: no scheme; host and slug apart. */
export function splitShortUrl(shortUrl) {
  const text = shortUrl.replace(/^https?:\/\//, "");
  const cut = text.lastIndexOf("/") + 1;
  return { base: text.slice(0, cut), slug: text.slice(cut) };
}

// Which page of the dashboard is looked at: kept in the address's fragment, so that Back goes back.
import { signal } from "../html.js";
import { formatSpan, parseSpan } from "../spans.js";

const PAGES = ["stats", "status"];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** #stats, #stats/promo?days=7, #status; null for fragments that are no pages, such as #list. */
export function parsePlace(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?");
  const [page, slug = ""] = path.split("/").map(decoded);
  if (page === "") return { page: "links", slug: "", span: parseSpan("") };
  return PAGES.includes(page) ? { page, slug: page === "stats" ? slug : "", span: parseSpan(query) } : null;
}

/** The address of a page. */
export function hrefOf({ page, slug = "", span = parseSpan("") }) {
  if (page === "links") return "#";
  const query = page === "stats" ? formatSpan(span) : "";
  return `#${page}${slug && `/${encodeURIComponent(slug)}`}${query && `?${query}`}`;
}

export const place = signal(parsePlace(globalThis.location?.hash ?? "") ?? parsePlace(""));

/** Follows the address; what skips to a part of the page leads to no other page. */
export function onPlace() {
  const next = parsePlace(location.hash);
  if (!next) return;
  const moved = next.page !== place.value.page || next.slug !== place.value.slug;
  place.value = next;
  if (moved) scrollTo(0, 0);
}

export function go(next) {
  location.hash = hrefOf(next);
}

/** Looks at other days, or otherwise, on the same page; no place to go back to. */
export function respan(change) {
  const { page, slug, span } = place.value;
  place.value = { page, slug, span: { ...span, ...change } };
  history.replaceState(null, "", location.pathname + location.search + hrefOf(place.value));
}

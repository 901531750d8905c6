// Follows next_cursor: a filtered page may be short, or empty, and still not be the last.

/**
 * Fetches pages until `want` links came or there are no more. `onPage(links, cursor)` is told
 * about each page as it arrives, so that what is found shows at once.
 */
export async function follow(fetchPage, cursor, want, onPage) {
  let count = 0;
  let next = cursor;
  do {
    const page = await fetchPage(next);
    count += page.links.length;
    next = page.next_cursor;
    onPage(page.links, next);
  } while (next && count < want);
  return next;
}

/** `links` with `more` behind, each slug once; an earlier one wins. */
export function appended(links, more) {
  const seen = new Set(links.map((link) => link.slug));
  return [...links, ...more.filter((link) => !seen.has(link.slug))];
}

/** `links` with `link` in its place, or on top when it wasn't there. */
export function merged(links, link) {
  const at = links.findIndex((other) => other.slug === link.slug);
  return at < 0 ? [link, ...links] : links.with(at, link);
}

/** `links` without the one of that slug. */
export function without(links, slug) {
  return links.filter((link) => link.slug !== slug);
}

/** `link` put back where its age belongs: the list is newest first. */
export function restored(links, link) {
  const rest = without(links, link.slug);
  const at = rest.findIndex((other) => other.created_at < link.created_at);
  return at < 0 ? [...rest, link] : [...rest.slice(0, at), link, ...rest.slice(at)];
}

/** Letters as a search compares them: upper case comes closest to the server's case folding (ß is SS). */
const folded = (text) => text.normalize("NFKC").toLowerCase().toUpperCase();

/**
 * Whether a link that no search has found belongs in the list that is being looked at: one made
 * or changed in this tab, perhaps ahead of the server's index. What a search found is not asked.
 */
export function belongs(link, view) {
  if (link.archived !== view.archived) return false;
  if (view.tag && !link.tags.map(folded).includes(folded(view.tag))) return false;
  const written = [link.slug, link.destination, link.title ?? "", link.notes ?? "", ...link.tags];
  return written.some((part) => folded(part).includes(folded(view.q ?? "")));
}

/** What following the link does at a time: the same rule as the server's. */
export function stateOf(link, now = Date.now()) {
  if (link.disabled) return "disabled";
  if (link.expires_at && Date.parse(link.expires_at) <= now) return "expired";
  if (link.starts_at && Date.parse(link.starts_at) > now) return "scheduled";
  return "active";
}

// The list of links: loading it page by page, and keeping it true while links change.
import { batch, computed, signal } from "../html.js";
import { appended, belongs, follow, merged, restored, without } from "../pages.js";
import { isUnclear } from "../problems.js";
import { api } from "./session.js";
import { view } from "./view.js";

const SCREENFUL = 20;
const PAGE = 50;

const items = signal([]);
export const cursor = signal(null);
/** "first" (nothing to show yet), "again" (old rows still show), "more" or "done". */
export const phase = signal("first");
export const error = signal(null);
export const pages = signal(0);
/** Slugs that are gone for the person, though perhaps not yet for the server. */
export const hidden = signal(new Set());

export const links = computed(() => items.value.filter((link) => !hidden.value.has(link.slug)));
export const tagsInUse = computed(() => [...new Set(items.value.flatMap((link) => link.tags))].sort());

// The list's index lags behind writes; what this tab was told by a write is newer.
const told = new Map();
let created = [];
let running;

function newest(link) {
  const known = told.get(link.slug);
  return known && known.version > link.version ? known : link;
}

function fetchPage(signal) {
  const { q, tag, archived } = view.value;
  return async (after) => {
    const page = await api.value.listLinks({ limit: PAGE, cursor: after, q, tag, archived }, signal);
    pages.value += 1;
    return { ...page, links: page.links.map(newest).filter((link) => link.archived === archived) };
  };
}

function failed(problem) {
  if (problem.name === "AbortError") return;
  batch(() => {
    error.value = problem;
    phase.value = "done";
  });
}

async function run(start, onPage) {
  running?.abort();
  const mine = (running = new AbortController());
  pages.value = 0;
  error.value = null;
  try {
    await follow(fetchPage(mine.signal), start, SCREENFUL, (found, next) => {
      batch(() => {
        onPage(found);
        cursor.value = next;
      });
    });
    phase.value = "done";
  } catch (problem) {
    failed(problem);
  }
}

/** Loads the first screenful of the view; the old rows stay until something newer came. */
export function load() {
  phase.value = items.value.length ? "again" : "first";
  let fresh = true;
  return run(null, (found) => {
    // Only the first page takes the old rows' place: rows may change while later pages come.
    const shown = fresh ? created.map(newest).filter((link) => belongs(link, view.value)) : items.value;
    items.value = appended(shown, found);
    fresh = false;
  });
}

/** Loads the next screenful. */
export function more() {
  if (phase.value !== "done" || !cursor.value) return undefined;
  phase.value = "more";
  return run(cursor.value, (found) => {
    items.value = appended(items.value, found);
  });
}

/** Stops looking further; what was found stays. */
export function stop() {
  running?.abort();
  phase.value = "done";
}

/** Forgets everything. */
export function forget() {
  running?.abort();
  told.clear();
  created = [];
  batch(() => {
    items.value = [];
    hidden.value = new Set();
    cursor.value = null;
    phase.value = "first";
    error.value = null;
  });
}

/**
 * Takes in what a write answered (or, ahead of the answer, what it will). A row that is shown
 * stays though the search may no longer find it: it would vanish under the hand.
 */
export function put(link) {
  told.set(link.slug, link);
  const known = items.value.some((one) => one.slug === link.slug);
  if (link.archived !== view.value.archived) items.value = without(items.value, link.slug);
  else if (known) items.value = merged(items.value, link);
  else if (belongs(link, view.value)) items.value = restored(items.value, link);
}

export function putCreated(link) {
  told.set(link.slug, link);
  created = [link, ...created];
  if (belongs(link, view.value)) items.value = merged(items.value, link);
}

export function hide(slug, isHidden) {
  const next = new Set(hidden.value);
  if (isHidden) next.add(slug);
  else next.delete(slug);
  hidden.value = next;
}

/** After a write that failed: a link that is gone leaves the list, one in doubt is read again. */
export async function reread(slug, failure) {
  if (failure.status === 404) return hide(slug, true);
  if (!isUnclear(failure)) return undefined;
  try {
    return put((await api.value.getLink(slug)).link);
  } catch (problem) {
    return problem.status === 404 ? hide(slug, true) : undefined;
  }
}

// What of the list is looked at: text, tag, archived or not. Mirrored in the address's query.
import { signal } from "../html.js";

export function parseView(search) {
  const query = new URLSearchParams(search);
  return {
    q: query.get("q") ?? "",
    tag: query.get("tag") ?? "",
    archived: query.get("archived") === "true",
  };
}

export function formatView(view) {
  const query = new URLSearchParams();
  if (view.q) query.set("q", view.q);
  if (view.tag) query.set("tag", view.tag);
  if (view.archived) query.set("archived", "true");
  return query.size ? `?${query}` : "";
}

export const view = signal(parseView(globalThis.location?.search ?? ""));

/** Looks at something else; what isn't named stays. */
export function look(change) {
  const next = { ...view.value, ...change };
  if (formatView(next) === formatView(view.value)) return;
  view.value = next;
  history.replaceState(null, "", location.pathname + formatView(next));
}

export const isFiltered = () => Boolean(view.value.q || view.value.tag);

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

function change(next, write) {
  if (formatView(next) === formatView(view.value)) return;
  view.value = next;
  write.call(history, null, "", location.pathname + formatView(next));
}

/** Looks at something else; what isn't named stays. Back returns to what was looked at before. */
export const look = (parts) => change({ ...view.value, ...parts }, history.pushState);

/** Looks for a text; the steps of typing it are no places to go back to. */
export const search = (q) => change({ ...view.value, q }, history.replaceState);

export function onPopState() {
  view.value = parseView(location.search);
}

export const isFiltered = () => Boolean(view.value.q || view.value.tag);

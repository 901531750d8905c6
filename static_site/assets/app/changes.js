// A link as a form, and a form as what the API is sent: everything, or only what changed.
import { toLocalInput, toUtc } from "./times.js";
import { withScheme } from "./urls.js";

/** Fields a form has, in the order errors are looked for. */
export const FIELDS = [
  "destination", "slug", "title", "notes", "tags", "status", "starts_at", "expires_at",
  "forward_query", "query_winner", "password", "max_clicks", "max_clicks_exact", "disabled", "archived",
];

export const EMPTY = Object.freeze({
  destination: "", slug: "", title: "", notes: "", tags: Object.freeze([]), status: "302",
  starts_at: "", expires_at: "", forward_query: false, query_winner: "destination",
  password: "", has_password: false, max_clicks: "", max_clicks_exact: false,
  disabled: false, archived: false,
});

/** A whole number; what is none is sent as it was typed, and the server says so. */
const toNumber = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim() || null);

/** True when the limit of clicks that was typed is one. */
export const limited = (form) => Number.isInteger(toNumber(form.max_clicks)) && toNumber(form.max_clicks) > 0;

const WIRE = {
  destination: withScheme,
  slug: (text) => text.trim() || null,
  title: (text) => text.trim() || null,
  notes: (text) => text.trim() || null,
  tags: (tags) => (tags.length ? [...tags] : null),
  status: Number,
  starts_at: toUtc,
  expires_at: toUtc,
  max_clicks: toNumber,
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const wire = (field, value) => (WIRE[field] ? WIRE[field](value) : value);

/** The form that shows a link. */
export function toForm(link) {
  return {
    ...EMPTY,
    destination: link.destination, slug: link.slug, title: link.title ?? "", notes: link.notes ?? "",
    tags: [...link.tags], status: String(link.status), starts_at: toLocalInput(link.starts_at),
    expires_at: toLocalInput(link.expires_at), forward_query: link.forward_query,
    query_winner: link.query_winner, has_password: link.has_password,
    max_clicks: String(link.max_clicks ?? ""), max_clicks_exact: link.max_clicks_exact, disabled: link.disabled, archived: link.archived,
  };
}

/** The form without an exactness that nothing is left for: its switch is not there to be seen. */
function settled(form, base) {
  if (limited(form)) return form;
  return { ...form, max_clicks_exact: limited(base) ? false : base.max_clicks_exact };
}

/** The fields of `form` that differ from `base`. */
export function changed(form, base) {
  const meant = settled(form, base);
  return FIELDS.filter((field) => !same(meant[field], base[field]));
}

/** Body of a POST: what was filled in, nothing else. */
export function toCreate(form) {
  const fields = ["destination", ...changed(form, EMPTY).filter((field) => field !== "destination")];
  const body = Object.fromEntries(fields.map((field) => [field, wire(field, form[field])]));
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** Body of a PATCH: only what changed; an emptied field is null. A slug is never changed. */
export function toPatch(form, base) {
  const fields = changed(form, base).filter((field) => field !== "slug");
  const meant = settled(form, base);
  return Object.fromEntries(fields.map((field) => [field, wire(field, meant[field])]));
}

/** What was typed, laid over a newer version of the link. */
export function rebase(form, base, newer) {
  const mine = Object.fromEntries(changed(form, base).map((field) => [field, form[field]]));
  return { ...newer, ...mine };
}

/** Mistakes that need no server to be seen, by field. */
export function mistakes(form) {
  const found = {};
  if (!form.destination.trim()) found.destination = "Paste the address the link should lead to.";
  if (form.starts_at && form.expires_at && form.expires_at <= form.starts_at) {
    found.expires_at = "It must expire after it starts.";
  }
  return found;
}

/** The tags after typing some more: split at commas, trimmed, no doubles. */
export function addTags(tags, text) {
  const typed = text.split(",").map((tag) => tag.trim()).filter(Boolean);
  return [...new Set([...tags, ...typed])];
}

// Turns an API error into what a person reads: sentences for the form and for its fields.
import { inWords } from "./times.js";

const SENTENCES = {
  401: "Your key is no longer accepted. Sign in again.",
  403: "Your key isn't allowed to do this.",
  404: "This link no longer exists.",
  413: "That is too long. Shorten the notes or the destination.",
  429: "Too many requests at once. Wait a moment and try again.",
};

const AWAY = "Everhop couldn't be reached. Check your connection and try again.";
const UNAVAILABLE = "Everhop can't do this right now. Try again in a moment.";
const UNSURE =
  "Everhop gave no clear answer, so we can't tell whether this was saved. " +
  "What you typed is still here: look at the list, then try again.";
const NOT_SAVED = "Not saved: Everhop is briefly unavailable. What you typed is still here, so try again in a moment.";

/** One sentence for an error that is not about a field. */
export function sentence(error) {
  if (error.status === 0) return AWAY;
  if (error.unreachable) return UNAVAILABLE;
  const wait = Number(error.retryAfter);
  if (error.status === 429 && wait > 1) return `Too many requests. Try again in ${wait} seconds.`;
  return SENTENCES[error.status] ?? (error.detail || "Something went wrong. Try again.");
}

/** True when a write may or may not have been done: nobody said no. */
export function isUnclear(error) {
  return [0, 500, 502, 504].includes(error.status);
}

/** The same for a write, where silence leaves open whether it happened. */
export function writeSentence(error) {
  if (error.status === 503) return NOT_SAVED;
  return isUnclear(error) ? UNSURE : sentence(error);
}

/** The same for what is done to a link from the list: `done` is "deleted" or "changed". */
export function outcome(slug, done, error) {
  if (!isUnclear(error)) return `${slug} was not ${done}. ${sentence(error)}`;
  return `Everhop gave no clear answer, so we can't tell whether ${slug} was ${done}. Look at the list, then try again.`;
}

/** Field name of a JSON pointer: "/tags/2" is about `tags`. */
export function fieldOf(pointer) {
  return String(pointer ?? "").split("/")[1] ?? "";
}

/** Splits an API error into `fields` (name to sentence) and `form` (the rest, or ""). */
export function explain(error, known) {
  const fields = {};
  const rest = [];
  for (const { pointer, detail } of error.errors ?? []) {
    const field = fieldOf(pointer);
    if (known.includes(field)) fields[field] ??= inWords(detail);
    else rest.push(inWords(detail));
  }
  if (error.code === "slug_taken" && known.includes("slug")) {
    fields.slug = `${inWords(error.detail) || "This slug is already taken."} Choose another one.`;
  }
  const told = Object.keys(fields).length > 0;
  return { fields, form: rest.join(" ") || (told ? "" : writeSentence(error)) };
}

// What a link does beside leading to its destination, in words: for the list and for whoever edits it.
import { visible } from "./urls.js";

const LIMITS = new Intl.NumberFormat("en");
const count = (number, thing) => `${LIMITS.format(number)} ${thing}${number === 1 ? "" : "s"}`;
const utmNames = (link) => Object.keys(link.utm ?? {}).map((name) => `utm_${name}`);

function limit({ max_clicks: most, max_clicks_exact: exact }) {
  const said = `${count(most, "click")} at most${exact ? ", and never one more" : ""}`;
  return { icon: "limit", text: `≤ ${count(most, "click")}`, said };
}

function ruled({ rules }) {
  const text = count(rules.length, "rule");
  return { icon: "rules", text, said: `${text} may lead visitors elsewhere` };
}

/** The marks of a link in the list: an icon, a few characters, and the same as it is said. */
export function marksOf(link) {
  return [
    link.has_password && { icon: "lock", text: "Password", said: "Asks for a password" },
    link.rules?.length > 0 && ruled(link),
    link.max_clicks && limit(link),
    link.forward_path && { icon: "arrow", text: "Path", said: "Passes on the path that follows the slug" },
    link.utm && { icon: "tag", text: "UTM", said: `Adds ${utmNames(link).join(", ")}` },
  ].filter(Boolean);
}

/** True when visitors are led to the destination as it is, by all that the form doesn't show. */
export const isPlain = (link) => !(link.rules?.length || link.utm || link.forward_path);

/** Sentences about what the form doesn't show, but which decides with the destination. */
export function beside(link) {
  const rules = link.rules?.length ?? 0;
  const utm = Object.entries(link.utm ?? {}).map(([name, text]) => `utm_${name}=${visible(text)}`);
  return [
    rules > 0 && `${count(rules, "rule")} ${rules === 1 ? "comes" : "come"} before this and may lead visitors elsewhere.`,
    link.forward_path && "The path that follows the slug is passed on.",
    utm.length > 0 && `Adds ${utm.join(", ")}.`,
  ].filter(Boolean);
}

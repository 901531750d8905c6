// Which days are looked at: the choices, what of them stands in the address, and what is asked of the API.

export const CHOICES = [
  ["today", "Today"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["year", "Year"],
  ["own", "Dates"],
];
const DAYS = { today: 1, 7: 7, 30: 30, 90: 90, year: 365 };
const DEFAULT = "30";
const two = (number) => String(number).padStart(2, "0");
const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day of the reader's calendar as the API has it: 2026-11-23. */
export function dayOf(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The day so many days earlier; by the calendar, as days have 23 to 25 hours. */
export function daysBefore(date, days) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - days);
}

/** The days between two days, both counted; 0 when they are the wrong way round. */
export function daysIn({ from, to }) {
  const days = (Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / 86_400_000 + 1;
  return Math.max(Number.isFinite(days) ? days : 0, 0);
}

/** What the query of an address says: which days, beside those before or not, with bots or without. */
export function parseSpan(text) {
  const query = new URLSearchParams(text);
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const own = DAY.test(from) && DAY.test(to) && daysIn({ from, to }) > 0;
  const days = query.get("days");
  const choice = own ? "own" : Object.hasOwn(DAYS, days ?? "") ? days : DEFAULT;
  return { choice, ...(own && { from, to }), compare: query.has("compare"), bots: query.has("bots") };
}

/** The same as text; what nobody chose is left out. */
export function formatSpan({ choice, from, to, compare, bots }) {
  const query = new URLSearchParams();
  if (choice === "own") {
    query.set("from", from);
    query.set("to", to);
  } else if (choice !== DEFAULT) query.set("days", choice);
  if (compare) query.set("compare", "1");
  if (bots) query.set("bots", "1");
  return query.toString();
}

/** The first and last day of a choice, as of a moment; a year is twelve months, this one among them. */
export function datesOf({ choice, from, to }, now = new Date()) {
  if (choice === "own") return { from, to };
  if (choice === "year") return { from: dayOf(new Date(now.getFullYear(), now.getMonth() - 11, 1)), to: dayOf(now) };
  return { from: dayOf(daysBefore(now, DAYS[choice] - 1)), to: dayOf(now) };
}

/** The reader's time zone by its name; UTC where the browser does not say. */
export function zoneName() {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name && name !== "Etc/Unknown" ? name : "UTC";
}

/** The parameters of a request for stats. What is under way ends now, so that it is compared fairly. */
export function statQuery(span, now = new Date(), zone = zoneName()) {
  const { from, to } = datesOf(span, now);
  const query = { from, time_zone: zone, top: "100" };
  if (to < dayOf(now)) query.to = to;
  if (span.choice === "today") query.interval = "hour";
  else if (span.choice === "year") query.interval = "month";
  else if (span.choice !== "own") query.interval = "day";
  if (span.compare) query.compare = "previous";
  return query;
}

/** The parameters for the points of the days before, which the answer for these days has named. */
export function beforeQuery({ compared, interval, time_zone }) {
  return { from: compared.from, to: compared.to, interval, time_zone, top: "1" };
}

/** What the days before are called in a sentence. */
export function before({ choice, from, to }) {
  if (choice === "today") return "yesterday until now";
  if (choice === "year") return "the year before";
  const days = choice === "own" ? daysIn({ from, to }) : Number(choice);
  return days === 1 ? "the day before" : `the ${days} days before`;
}

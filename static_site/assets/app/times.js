// Times: RFC 3339 UTC on the wire, the reader's own clock on the screen.

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const two = (number) => String(number).padStart(2, "0");

/** "3 hours ago", "in 2 days"; under a minute is "just now". */
export function relative(iso, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  if (!unit) return seconds > 0 ? "in a moment" : "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return format.format(Math.trunc(seconds / unit[1]), unit[0]);
}

/** The exact time, in the reader's zone, for a tooltip. */
export function exact(iso) {
  return new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" }).format(new Date(iso));
}

/** A moment in few words, in the reader's zone: "23 Nov, 12:55". */
export function short(iso) {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

const POINTS = {
  hour: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
};

/** What a point of a chart is called on its axis. */
export function pointLabel(iso, interval) {
  return new Intl.DateTimeFormat("en-GB", POINTS[interval]).format(new Date(iso));
}

/** Whether clocks are changed on the day of a moment: an hour of it comes twice, or never. */
function isTurning(at) {
  const [day, next] = [0, 1].map((days) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + days));
  return day.getTimezoneOffset() !== next.getTimezoneOffset();
}

/** The same with nothing left to guess. */
export function pointName(iso, interval) {
  const turning = interval === "hour" && isTurning(new Date(iso)) ? { timeZoneName: "short" } : {};
  const more = { hour: { weekday: "short", day: "numeric", month: "short" }, day: { weekday: "short", year: "numeric" }, month: { month: "long" } };
  return new Intl.DateTimeFormat("en-GB", { ...POINTS[interval], ...more[interval], ...turning }).format(new Date(iso));
}

/** Text in which each API time is written as people write it, in the reader's zone. */
export function inWords(text) {
  const format = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => format.format(new Date(iso)));
}

/** What a datetime-local input shows for an API time ("" for none). */
export function toLocalInput(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** RFC 3339 UTC of what a datetime-local input holds; null when it is empty. */
export function toUtc(local) {
  return local ? new Date(local).toISOString().replace(/\.\d+Z$/, "Z") : null;
}

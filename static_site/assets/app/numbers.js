// Numbers and codes as people read them: 12,345, 12K, 34%, Germany.
import { visible } from "./urls.js";

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });

/** 12,345 */
export const number = (value) => whole.format(value);
/** 12.3K: where there is no room. */
export const brief = (value) => (value < 10_000 ? whole.format(value) : short.format(value));

/** 34%; under a hundredth it is 0.4%, and never 0% of something. */
export function part(share) {
  if (share > 0 && share < 0.001) return "<0.1%";
  return (share < 0.01 ? fine : percent).format(share);
}

/** +12%, -3%; "" where there was nothing to compare with. */
export const growth = (change) => (change === null ? "" : signed.format(change));

/** "1 click", "2 clicks". */
export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

const OTHERS = "(other)";
const UNKNOWN = "(unknown)";
const REMOVED = "(removed)";
const SYSTEMS = { ios: "iOS", android: "Android", windows: "Windows", macos: "macOS", linux: "Linux", chromeos: "ChromeOS" };

function nameBy(type, code) {
  try {
    return new Intl.DisplayNames("en", { type, fallback: "code" }).of(code) ?? code;
  } catch {
    return code; // what is no code is shown as it is
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const NAMES = {
  countries: (code) => nameBy("region", code),
  languages: (code) => nameBy("language", code),
  devices: capital,
  systems: (name) => SYSTEMS[name] ?? capital(name),
  browsers: (name) => (name === "(program)" ? "Programs, not browsers" : name),
};

/** What a value of a dimension is called on the screen. */
export function nameOf(dimension, value) {
  if (value === OTHERS) return "Everything else";
  if (value === UNKNOWN) return dimension === "referrers" ? "None: typed, or from an app" : "Not known";
  if (value === REMOVED) return "Destinations that were removed";
  return visible(NAMES[dimension]?.(value) ?? value);
}

/** Whether a value stands for many, or for nothing. */
export const isVague = (value) => [OTHERS, UNKNOWN, REMOVED].includes(value);

// What the lists of values are: which dimensions, in which order, and how much of each is shown.
const TITLES = {
  links: ["Links", "Link"],
  countries: ["Countries", "Country"],
  referrers: ["Referrers", "Referrer"],
  devices: ["Devices", "Device"],
  browsers: ["Browsers", "Browser"],
  systems: ["Systems", "System"],
  languages: ["Languages", "Language"],
  variants: ["Variants", "Variant"],
  utm_sources: ["UTM sources", "Source"],
  utm_mediums: ["UTM mediums", "Medium"],
  utm_campaigns: ["UTM campaigns", "Campaign"],
};
const REST = "(other)";

/** "new_things" is New things, whoever added it to the API. */
function titleOf(dimension) {
  const words = dimension.replaceAll("_", " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return [title, title];
}

const isTold = (values) => values.some((one) => one.value !== "(unknown)");

/** The lists of an answer in the order of the page, also of dimensions that this page has never heard of. */
export function listsOf(top) {
  const names = [...new Set([...Object.keys(TITLES), ...Object.keys(top)])];
  return names
    .filter((name) => top[name]?.length && isTold(top[name]))
    .map((name) => {
      const [title, column] = TITLES[name] ?? titleOf(name);
      return { dimension: name, title, column, values: top[name] };
    });
}

/** The titles of dimensions of which no click told anything. */
export function untold(top) {
  const names = Object.keys(top).filter((name) => top[name].length && !isTold(top[name]));
  return names.map((name) => (TITLES[name] ?? titleOf(name))[0].toLowerCase());
}

/** The first values, and all others in one; a list that is hardly longer stays as it is. */
export function shortened(values, most) {
  if (values.length <= most + 1) return values;
  const rest = values.slice(most);
  const sum = (name) => rest.reduce((total, one) => total + one[name], 0);
  return [...values.slice(0, most), { value: REST, clicks: sum("clicks"), share: sum("share") }];
}

/** The clicks of the longest bar: all that is not named may be more than that together, and would dwarf the rest. */
export function longest(values) {
  return Math.max(...values.filter((one) => one.value !== REST).map((one) => one.clicks), 1);
}

// How a map tells more from less.

export const STEPS = 5;

/** From 1 to 5 for a country with clicks, 0 for one without; by the root, as most have few. */
export function heatOf(clicks, most) {
  if (!(clicks > 0)) return 0;
  return Math.min(STEPS, Math.max(1, Math.ceil(Math.sqrt(clicks / most) * STEPS)));
}

/** The countries of a list by code: {DE: {clicks, share, heat}}; what is no country is in no map. */
export function heatsOf(values) {
  const known = values.filter((one) => /^[A-Z]{2}$/.test(one.value));
  const most = Math.max(...known.map((one) => one.clicks), 1);
  return Object.fromEntries(known.map((one) => [one.value, { ...one, heat: heatOf(one.clicks, most) }]));
}

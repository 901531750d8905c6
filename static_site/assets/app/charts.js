// The geometry of charts: round steps for the axis, bars, and labels that don't run into each other.

const ROUND = [1, 2, 2.5, 5, 10];

/** The ends and steps of an axis from 0 to at least `most`, in whole numbers: [0, 5, 10]. */
export function ticks(most, wanted = 4) {
  const rough = Math.max(most, 1) / wanted;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, Math.ceil(ROUND.map((one) => one * size).find((one) => one >= rough)));
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** Every how many-th point has a label, so that labels of `width` have room. */
export function everyNth(points, space, width, steps = [1, 2, 3, 5, 7, 10, 14, 15, 30, 60]) {
  const most = Math.max(1, Math.floor(space / width));
  const least = Math.ceil(points / most);
  return steps.find((step) => step >= least) ?? least;
}

/** Bars of a series in a box: {x, width, y, height} of clicks, and of bots on top where they are shown. */
export function bars(series, { width, height }, top, withBots) {
  const slot = width / Math.max(series.length, 1);
  const thick = Math.max(1, Math.min(slot - Math.min(slot * 0.25, 4), 44));
  return series.map(({ clicks, bots }, at) => {
    const tall = (clicks / top) * height;
    const more = withBots ? (bots / top) * height : 0;
    const x = at * slot + (slot - thick) / 2;
    return { x, middle: x + thick / 2, width: thick, y: height - tall, height: tall, bots: { y: height - tall - more, height: more } };
  });
}

/** The highest bar, or point of the days before. */
export function highest(series, withBots) {
  return series.reduce((most, one) => Math.max(most, one.clicks + (withBots ? one.bots : 0), one.before?.clicks ?? 0), 0);
}

/** Each point beside the one as far into the days before; where those have no such point it stands alone. */
export function beside(series, before) {
  return series.map((point, at) => (before?.[at] ? { ...point, before: before[at] } : point));
}

/** The line of the days before through the middles of the bars, as a path; "" when there is none. */
export function line(series, columns, height, top) {
  const points = series.map((point, at) => point.before && `${columns[at].middle} ${height - (point.before.clicks / top) * height}`);
  return points.filter(Boolean).length > 1 ? `M${points.filter(Boolean).join("L")}` : "";
}

/** A rectangle with a round top, as a path: where it is low, as round as it can be. */
export function column({ x, y, width, height }, round = 3) {
  const r = Math.min(round, width / 2, height);
  return `M${x} ${y + height}v${-(height - r)}q0 ${-r} ${r} ${-r}h${width - 2 * r}q${r} 0 ${r} ${r}v${height - r}z`;
}

/** Which point is at a place: the nearest, and none beyond the ends. */
export function pointAt(place, width, count) {
  return Math.min(Math.max(Math.floor((place / width) * count), 0), count - 1);
}

/** Where a label of a width stands around a middle without leaving the box; its left end. */
export function within(middle, width, space) {
  return Math.min(Math.max(middle - width / 2, 0), Math.max(space - width, 0));
}

/** The hours of a day that have not come yet, as points: the axis is the whole day from its start. */
export function withHoursToCome(series, now = Date.now()) {
  const last = series.at(-1);
  if (!last) return series;
  const end = new Date(last.at);
  end.setHours(24, 0, 0, 0);
  const rest = [];
  for (let at = Date.parse(last.at) + 3_600_000; at < end.getTime() && rest.length < 25; at += 3_600_000) {
    rest.push({ at: new Date(at).toISOString(), clicks: 0, bots: 0, ahead: at > now });
  }
  return [...series, ...rest];
}

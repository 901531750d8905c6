// Facts about lists of values, the map, the line of the days before, and hours on the day clocks change.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { connect } from "../../static_site/assets/app/api.js";
import { beside, bars, highest, line } from "../../static_site/assets/app/charts.js";
import { heatOf, heatsOf } from "../../static_site/assets/app/maps.js";
import { nameOf } from "../../static_site/assets/app/numbers.js";
import { before, beforeQuery, datesOf, formatSpan, parseSpan, statQuery } from "../../static_site/assets/app/spans.js";
import { pointName } from "../../static_site/assets/app/times.js";
import { listsOf, longest, shortened, untold } from "../../static_site/assets/app/tops.js";

const one = (value, clicks, share = 0) => ({ value, clicks, share });

test("lists come in the page's order; those it has never heard of come last, by a name made of theirs", () => {
  const lists = listsOf({ moon_phases: [one("full", 1)], devices: [one("phone", 2)], links: [one("a", 3)], languages: [] });
  assert.deepEqual(lists.map((list) => list.title), ["Links", "Devices", "Moon phases"]);
  assert.equal(lists[2].column, "Moon phases");
});

test("a dimension of which nothing is known is no list, but it is named", () => {
  const top = { countries: [one("(unknown)", 9)], devices: [one("(unknown)", 1), one("phone", 8)], utm_sources: [] };
  assert.deepEqual(listsOf(top).map((list) => list.dimension), ["devices"]);
  assert.deepEqual(untold(top), ["countries"]);
});

test("a long list is cut, and what is cut is still summed; a list that is hardly longer is not", () => {
  const values = Array.from({ length: 12 }, (_, at) => one(`v${at}`, 12 - at, 0.05));
  const few = shortened([...values, one("(other)", 100, 0.4)], 8);
  assert.equal(few.length, 9);
  assert.equal(few[8].value, "(other)");
  assert.equal(few[8].clicks, 4 + 3 + 2 + 1 + 100);
  assert.ok(Math.abs(few[8].share - 0.6) < 1e-9);
  assert.equal(shortened(values.slice(0, 9), 8).length, 9);
  assert.equal(longest([...values, one("(other)", 100)]), 12);
  assert.equal(longest([one("(unknown)", 7), one("x", 3)]), 7);
});

test("a country is as warm as its clicks, and none with clicks is cold", () => {
  assert.deepEqual([0, 1, 100, 400, 10_000].map((clicks) => heatOf(clicks, 10_000)), [0, 1, 1, 1, 5]);
  const heats = heatsOf([one("DE", 100), one("AT", 25), one("(unknown)", 9000), one("<b>", 5), one("(other)", 1)]);
  assert.deepEqual(Object.entries(heats).map(([code, { heat }]) => [code, heat]), [["DE", 5], ["AT", 3]]);
});

test("the world has every country's letters once, in paths of whole numbers within its box", () => {
  const world = JSON.parse(readFileSync(new URL("../../static_site/assets/world.json", import.meta.url), "utf8"));
  const codes = new Set([...Object.keys(world.shapes), ...Object.keys(world.dots)]);
  assert.ok(codes.size > 240);
  for (const code of ["DE", "US", "GB", "SG", "HK", "MT", "XK", "GF", "TW", "PS"]) assert.ok(codes.has(code), code);
  for (const [code, path] of Object.entries(world.shapes)) assert.match(path, /^(M\d+ \d+l-?\d+( -?\d+|-\d+)*z)+$/, code);
  for (const [x, y] of Object.values(world.dots)) assert.ok(x >= 0 && x <= world.width && y >= 0 && y <= world.height);
  assert.ok(!codes.has("AQ"));
  const order = Object.keys(world.shapes);
  assert.ok(order.indexOf("LS") > order.indexOf("ZA"), "a country within another is drawn over it");
});

test("the days before lie as a line over the days, as far as they go", () => {
  const series = [4, 2, 8].map((clicks, at) => ({ at: `2026-11-0${at + 1}T00:00:00Z`, clicks, bots: 0 }));
  const points = beside(series, [{ at: "x", clicks: 16 }, { at: "y", clicks: 0 }]);
  const drawn = line(points, bars(points, { width: 300, height: 100 }, 16, false), 100, 16);
  assert.deepEqual(points.map((point) => point.before?.clicks), [16, 0, undefined]);
  assert.equal(highest(points, false), 16);
  assert.match(drawn, /^M50 0L150 100$/);
  assert.equal(line(series, bars(series, { width: 300, height: 100 }, 8, false), 100, 8), "");
  assert.deepEqual(beside(series, null), series);
});

test("the points before are asked for as the answer named them", () => {
  const stats = { compared: { from: "2026-10-01T22:00:00Z", to: "2026-10-31T23:00:00Z", clicks: 3 }, interval: "day", time_zone: "Europe/Berlin" };
  assert.deepEqual(beforeQuery(stats), { from: "2026-10-01T22:00:00Z", to: "2026-10-31T23:00:00Z", interval: "day", time_zone: "Europe/Berlin", top: "1" });
});

test("a year is twelve months, this one among them", () => {
  const noon = new Date(2026, 10, 23, 12);
  assert.equal(formatSpan(parseSpan("days=year")), "days=year");
  assert.deepEqual(datesOf({ choice: "year" }, noon), { from: "2025-12-01", to: "2026-11-23" });
  assert.equal(statQuery(parseSpan("days=year"), noon, "UTC").interval, "month");
  assert.equal(before(parseSpan("days=year")), "the year before");
});

test("the hour that comes twice has two names, and no other hour is longer for it", () => {
  const { TZ } = process.env;
  process.env.TZ = "Europe/Berlin";
  try {
    const names = ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-26T01:00:00Z"].map((at) => pointName(at, "hour"));
    assert.notEqual(names[0], names[1]);
    assert.match(names[2], /26 Oct,? (at )?02:00$/);
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
});

test("no name turns the text around it", () => {
  assert.equal(nameOf("referrers", "\u202eevil\u202c.example"), "evil.example");
});

test("stats are erased by slug, and once more where nobody answered", async () => {
  const asked = [];
  const api = connect("eh_k", async (path, { method }) => {
    asked.push(`${method} ${path}`);
    return new Response(null, { status: asked.length === 1 ? 503 : 204 });
  }, async () => {});
  await api.eraseStats("ä");
  assert.deepEqual(asked, Array(2).fill("DELETE /api/v1/links/%C3%A4/stats"));
});

// Facts about charts, spans of days, numbers and pages of the dashboard, none of which need a browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../static_site/assets/app/api.js";
import { bars, column, everyNth, highest, pointAt, ticks, within, withHoursToCome } from "../../static_site/assets/app/charts.js";
import { brief, counted, growth, isVague, nameOf, number, part } from "../../static_site/assets/app/numbers.js";
import { before, datesOf, dayOf, daysBefore, daysIn, formatSpan, parseSpan, statQuery } from "../../static_site/assets/app/spans.js";
import { pointLabel, pointName } from "../../static_site/assets/app/times.js";

const NOON = new Date(2026, 10, 23, 12);

test("an axis goes from 0 to above the highest bar, in few whole and round steps", () => {
  for (const most of [0, 1, 2, 3, 7, 9, 10, 11, 99, 100, 101, 650, 12_345, 9_999_999]) {
    const steps = ticks(most);
    assert.ok(steps.at(-1) >= most && steps.at(-1) > 0, `${most}`);
    assert.ok(steps.length >= 2 && steps.length <= 6, `${most}: ${steps}`);
    assert.ok(steps.every(Number.isInteger), `${most}: ${steps}`);
    assert.equal(new Set(steps.slice(1).map((step, at) => step - steps[at])).size, 1);
  }
  assert.deepEqual(ticks(650), [0, 200, 400, 600, 800]);
});

test("bars stay in their box, in their order, and bots stand on clicks", () => {
  const series = Array.from({ length: 90 }, (_, at) => ({ clicks: at, bots: 90 - at }));
  const drawn = bars(series, { width: 300, height: 100 }, 90, true);
  assert.ok(drawn.every((bar) => bar.x >= 0 && bar.x + bar.width <= 300.001));
  assert.ok(drawn.every((bar, at) => at === 0 || bar.x >= drawn[at - 1].x + drawn[at - 1].width));
  assert.ok(drawn.every((bar) => Math.abs(bar.y + bar.height - 100) < 0.001));
  assert.ok(drawn.every((bar) => Math.abs(bar.bots.y + bar.bots.height - bar.y) < 0.001 && bar.bots.y > -0.001));
  assert.equal(highest(series, true), 90);
  assert.equal(highest(series, false), 89);
  assert.equal(highest([], true), 0);
});

test("a low bar is no more round than it is high", () => {
  assert.match(column({ x: 0, y: 99, width: 10, height: 1 }), /^M0 100v0q0 -1 1 -1h8q1 0 1 1v0z$/);
});

test("labels are as many as have room", () => {
  for (const points of [1, 7, 24, 25, 30, 90, 400]) {
    const nth = everyNth(points, 320, 60);
    assert.ok(Math.ceil(points / nth) * 60 <= 320 + 60, `${points}: every ${nth}`);
  }
  assert.equal(everyNth(7, 1000, 60), 1);
  assert.equal(within(5, 40, 300), 0);
  assert.equal(within(299, 40, 300), 260);
});

test("the pointer reads the point it is over, and none beyond the ends", () => {
  assert.deepEqual([-5, 0, 99, 100, 500].map((place) => pointAt(place, 100, 10)), [0, 0, 9, 9, 9]);
});

test("today has all of its hours, those to come without bars", () => {
  const start = new Date(2026, 10, 23);
  const series = [0, 1, 2].map((hour) => ({ at: new Date(start.getTime() + hour * 3_600_000).toISOString(), clicks: 1, bots: 0 }));
  const whole = withHoursToCome(series, start.getTime() + 2.5 * 3_600_000);
  assert.equal(whole.length, 24);
  assert.equal(whole.filter((point) => point.ahead).length, 21);
  assert.deepEqual(withHoursToCome([]), []);
});

test("the address keeps what was chosen, and nothing else", () => {
  for (const text of ["", "days=7", "days=today&compare=1", "from=2026-11-01&to=2026-11-07&bots=1"]) {
    assert.equal(formatSpan(parseSpan(text)), text);
  }
  for (const text of ["days=8", "days=constructor", "from=2026-11-07&to=2026-11-01", "from=x&to=y", "from=2026-11-01"]) {
    assert.equal(parseSpan(text).choice, "30", text);
  }
});

test("days go by the calendar, over changes of the clock too", () => {
  assert.equal(dayOf(daysBefore(new Date(2026, 2, 30, 1), 1)), "2026-03-29");
  assert.deepEqual(datesOf({ choice: "7" }, NOON), { from: "2026-11-17", to: "2026-11-23" });
  assert.equal(daysIn({ from: "2026-03-28", to: "2026-03-30" }), 3);
  assert.equal(daysIn({ from: "2026-03-30", to: "2026-03-28" }), 0);
});

test("what is asked for ends now, unless it ended before", () => {
  const asked = (text) => statQuery(parseSpan(text), NOON, "Europe/Berlin");
  assert.deepEqual(asked("days=7&compare=1"), { from: "2026-11-17", time_zone: "Europe/Berlin", top: "100", interval: "day", compare: "previous" });
  assert.equal(asked("days=today").interval, "hour");
  assert.deepEqual(asked("from=2026-11-01&to=2026-11-07"), { from: "2026-11-01", to: "2026-11-07", time_zone: "Europe/Berlin", top: "100" });
  assert.equal(asked("from=2026-11-01&to=2026-11-23").to, undefined);
});

test("the days before have a name", () => {
  assert.equal(before(parseSpan("days=today")), "yesterday until now");
  assert.equal(before(parseSpan("days=7")), "the 7 days before");
  assert.equal(before(parseSpan("from=2026-11-07&to=2026-11-07")), "the day before");
});

test("numbers are read at a glance", () => {
  assert.deepEqual([0, 9999, 15_367, 2_000_000].map(brief), ["0", "9,999", "15.4K", "2M"]);
  assert.equal(number(1_234_567), "1,234,567");
  assert.deepEqual([1, 0.344, 0.004, 0.0001, 0].map(part), ["100%", "34%", "0.4%", "<0.1%", "0%"]);
  assert.deepEqual([0.12, -0.03, 0, null].map(growth), ["+12%", "-3%", "0%", ""]);
  assert.equal(counted(1, "click"), "1 click");
});

test("codes have names, and what is no code is shown as it is", () => {
  assert.equal(nameOf("countries", "DE"), "Germany");
  assert.equal(nameOf("countries", "<b>"), "<b>");
  assert.equal(nameOf("languages", "pt-BR"), "Brazilian Portuguese");
  assert.equal(nameOf("systems", "ios"), "iOS");
  assert.equal(nameOf("countries", "(other)"), "Everything else");
  assert.equal(nameOf("referrers", "(unknown)"), "None: typed, or from an app");
  assert.equal(nameOf("variants", "constructor"), "constructor");
  assert.equal(nameOf("variants", "(removed)"), "Destinations that were removed");
  assert.deepEqual(["(other)", "(unknown)", "(removed)", "DE"].map(isVague), [true, true, true, false]);
});

test("points are named on the axis in short, and in full where they are read", () => {
  const at = new Date(2026, 10, 23, 14).toISOString();
  assert.deepEqual(["hour", "day", "month"].map((interval) => pointLabel(at, interval)), ["14:00", "23 Nov", "Nov 2026"]);
  assert.match(pointName(at, "day"), /^Mon,? 23 Nov 2026$/);
});

test("stats are asked for by slug or of all, and are asked again rather than kept", async () => {
  const asked = [];
  const api = connect("eh_k", async (path, options) => {
    asked.push([path, options.cache]);
    return new Response("{}", { headers: { "Content-Type": "application/json" } });
  });
  await api.stats("", { top: "8" });
  await api.stats("ä/b", { top: "8" });
  await api.statSheet("x", {});
  assert.deepEqual(asked, [
    ["/api/v1/stats?top=8", "no-cache"], ["/api/v1/links/%C3%A4%2Fb/stats?top=8", "no-cache"], ["/api/v1/links/x/stats?format=csv", "no-store"],
  ]);
});

// The page of stats, of one link or of all: how many clicks, when, from where and with what.
import { withHoursToCome } from "../charts.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { brief, counted, growth, number } from "../numbers.js";
import { save } from "../pictures.js";
import { sentence } from "../problems.js";
import { before, statQuery } from "../spans.js";
import { hrefOf, place, respan } from "../state/place.js";
import { api } from "../state/session.js";
import { useStats } from "../state/stats.js";
import { fail } from "../state/toasts.js";
import { exact, relative, short } from "../times.js";
import { Blank } from "./blank.js";
import { Chart } from "./chart.js";
import { Switch } from "./fields.js";
import { Icon } from "./icons.js";
import { Spans } from "./spans.js";
import { Tops } from "./tops.js";

async function download(slug, span) {
  try {
    save(await api.value.statSheet(slug, { ...statQuery(span), top: "100" }), `${slug ? `${slug}-` : ""}stats.csv`);
  } catch (error) {
    fail(`The CSV could not be made. ${sentence(error)}`);
  }
}

function Head({ slug, span }) {
  const title = useRef();
  // Who came by a link within the page goes on from here, by keyboard or by ear.
  useEffect(() => title.current.focus({ preventScroll: true }), []);
  return html`<div class="stats-head">
    <div>
      ${slug && html`<p class="trail"><a href=${hrefOf({ page: "stats", span })}>All links</a></p>`}
      <h1 ref=${title} tabindex="-1">${slug ? html`Stats of <bdi>${slug}</bdi>` : "Stats of all links"}</h1>
    </div>
    <button type="button" class="button" onClick=${() => download(slug, span)}><${Icon} name="download" />CSV</button>
  </div>`;
}

function Change({ compared, span }) {
  if (!compared) return null;
  const { change, clicks } = compared;
  if (change === null) return html`<p class="change">None in ${before(span)}</p>`;
  const way = change > 0 ? "up" : change < 0 ? "down" : "";
  return html`<p class="change"><b class=${way}>${growth(change)}</b> against ${before(span)} (${number(clicks)})</p>`;
}

function Figures({ stats, span }) {
  const figure = (name, label, value, more) => html`<div class="figure" data-figure=${name}>
    <dt>${label}</dt><dd><b title=${number(value)}>${value < 1_000_000 ? number(value) : brief(value)}</b>${more}</dd></div>`;
  return html`<dl class="figures">
    ${figure("clicks", "Clicks", stats.clicks, html`<${Change} compared=${stats.compared} span=${span} />`)}
    ${figure("bots", "Bots", stats.bots)}
    ${figure("previews", "Previews", stats.previews)}
    ${figure("heads", "Only headers", stats.heads)}
  </dl>`;
}

function Counted({ stats }) {
  const at = stats.complete_as_of;
  if (!at) return html`<p class="counted">No log has been counted yet.</p>`;
  return html`<p class="counted" title=${exact(at)}>Counted until <time datetime=${at}>${short(at)}</time>, ${relative(at)}.</p>`;
}

function summaryOf(stats) {
  const best = stats.series.reduce((one, other) => (other.clicks > one.clicks ? other : one), stats.series[0]);
  return `${counted(stats.clicks, "click")} from ${short(stats.from)} to ${short(stats.to)}, at most ${number(best.clicks)} in one ${stats.interval}.`;
}

function OverTime({ stats, span }) {
  const [asTable, setAsTable] = useState(false);
  const isDay = span.choice === "today";
  const series = isDay ? withHoursToCome(stats.series) : stats.series;
  return html`<section class="over-time" aria-labelledby="over-time-title">
    <div class="over-time-head">
      <h2 id="over-time-title">Clicks by the ${stats.interval}</h2>
      <button type="button" class="button small" onClick=${() => setAsTable(!asTable)}>
        <${Icon} name=${asTable ? "chart" : "table"} />${asTable ? "As a chart" : "As a table"}</button>
      <${Switch} name="compare" label="Compare" value=${span.compare} onValue=${(compare) => respan({ compare })} />
      <${Switch} name="bots" label="Show bots" value=${span.bots} onValue=${(bots) => respan({ bots })} />
    </div>
    <${Chart} series=${series} interval=${stats.interval} to=${stats.to} until=${stats.complete_as_of} withBots=${span.bots}
      summary=${summaryOf(stats)} asTable=${asTable} />
    <div class="over-time-foot">
      ${span.bots && html`<p class="legend"><span><i class="key"></i>Clicks</span><span><i class="key bots"></i>Bots</span></p>`}
      <${Counted} stats=${stats} />
    </div>
  </section>`;
}

function Nothing({ slug, stats }) {
  return html`<section class="panel nothing"><${Blank} icon="chart" title="No clicks in these days">
    <p>${slug ? "When somebody follows this link" : "When somebody follows one of your links"}, it shows here some minutes later.</p>
    <${Counted} stats=${stats} />
  <//></section>`;
}

function Waiting() {
  return html`<div class="stats-waiting" aria-hidden="true"><i></i><i></i><i></i></div><p class="off-screen" role="status">Loading…</p>`;
}

function Failure({ error, retry }) {
  const gone = error.status === 404;
  return html`<section class="panel nothing"><${Blank} icon="warning" title=${gone ? "There is no such link" : "The stats could not be loaded"}>
    <p>${gone ? "It may have been deleted, or the address is not quite right." : sentence(error)}</p>
    ${gone ? html`<a class="button" href=${hrefOf({ page: "stats" })}>Stats of all links</a>`
      : html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  <//></section>`;
}

export function StatsPage({ slug }) {
  const { span } = place.value;
  const { stats, error, waiting, retry } = useStats(slug, span);
  return html`<div class="stats" aria-busy=${waiting}>
    <${Head} slug=${slug} span=${span} />
    <${Spans} span=${span} />
    ${!stats && !error && html`<${Waiting} />`}
    ${error && html`<${Failure} error=${error} retry=${retry} />`}
    ${stats && !error && html`<div class="stats-body" data-stale=${waiting}>
      <${Figures} stats=${stats} span=${span} />
      ${stats.clicks + stats.bots > 0
        ? html`<${OverTime} stats=${stats} span=${span} /><${Tops} top=${stats.top} span=${span} />`
        : html`<${Nothing} slug=${slug} stats=${stats} />`}
    </div>`}
  </div>`;
}

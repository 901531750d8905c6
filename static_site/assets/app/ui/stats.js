// The page of stats, of one link or of all: how many clicks, when, from where and with what.
import { beside, withHoursToCome } from "../charts.js";
import { html, useState } from "../html.js";
import { brief, counted, growth, number } from "../numbers.js";
import { sentence } from "../problems.js";
import { before } from "../spans.js";
import { hrefOf, place, respan } from "../state/place.js";
import { useStats } from "../state/stats.js";
import { exact, relative, short } from "../times.js";
import { Blank } from "./blank.js";
import { Chart } from "./chart.js";
import { Switch } from "./fields.js";
import { Icon } from "./icons.js";
import { Spans } from "./spans.js";
import { StatHead } from "./stat_head.js";
import { Tops } from "./tops.js";

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
  const hint = (text) => html`<p class="figure-hint">${text}</p>`;
  return html`<dl class="figures">
    ${figure("clicks", "Clicks", stats.clicks, stats.compared
      ? html`<${Change} compared=${stats.compared} span=${span} />` : hint("by people who were led on"))}
    ${figure("bots", "Bots", stats.bots, hint("robots that say so"))}
    ${figure("previews", "Previews", stats.previews, hint("looks at the page of slug+"))}
    ${figure("heads", "HEAD", stats.heads, hint("requests for headers only"))}
  </dl>`;
}

function Counted({ stats, late }) {
  const at = stats.complete_as_of;
  return html`<p class="counted" title=${at ? exact(at) : undefined}>
    ${at ? html`Counted until <time datetime=${at}>${short(at)}</time>, ${relative(at)}.` : "No log has been counted yet."}
    ${late && html`<span class="late-note"><${Icon} name="warning" />Not refreshed: Everhop does not answer.</span>`}</p>`;
}

function summaryOf(stats) {
  const best = stats.series.reduce((one, other) => (other.clicks > one.clicks ? other : one), stats.series[0]);
  return `${counted(stats.clicks, "click")} from ${short(stats.from)} to ${short(stats.to)}, at most ${number(best.clicks)} in one ${stats.interval}.`;
}

function OverTime({ stats, before: points, late, span }) {
  const [asTable, setAsTable] = useState(false);
  const isDay = span.choice === "today";
  const series = beside(isDay ? withHoursToCome(stats.series) : stats.series, points);
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
      ${(span.bots || points) && html`<p class="legend"><span><i class="key"></i>Clicks</span>
        ${span.bots && html`<span><i class="key bots"></i>Bots</span>`}
        ${points && html`<span><i class="key before"></i>Clicks of ${before(span)}</span>`}</p>`}
      <${Counted} stats=${stats} late=${late} />
    </div>
  </section>`;
}

function Nothing({ slug, stats, late, span }) {
  const longer = span.choice !== "year" && span.choice !== "own";
  return html`<section class="panel nothing"><${Blank} icon="chart" title="No clicks in these days">
    <p>${slug ? "When somebody follows this link" : "When somebody follows one of your links"}, it shows here some minutes later.</p>
    <${Counted} stats=${stats} late=${late} />
    ${longer && html`<button type="button" class="button" onClick=${() => respan({ choice: "year" })}>Look at the whole year</button>`}
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
  const { stats, before: points, error, late, waiting, retry } = useStats(slug, span);
  return html`<div class="stats" aria-busy=${waiting}>
    <${StatHead} slug=${slug} span=${span} found=${Boolean(stats)} onErased=${retry} />
    <${Spans} span=${span} />
    ${!stats && !error && html`<${Waiting} />`}
    ${error && html`<${Failure} error=${error} retry=${retry} />`}
    ${stats && !error && html`<div class="stats-body" data-stale=${waiting}>
      <${Figures} stats=${stats} span=${span} />
      ${stats.clicks + stats.bots > 0
        ? html`<${OverTime} stats=${stats} before=${points} late=${late} span=${span} /><${Tops} top=${stats.top} span=${span} />`
        : html`<${Nothing} slug=${slug} stats=${stats} late=${late} span=${span} />`}
    </div>`}
  </div>`;
}

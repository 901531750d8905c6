// The page of the service's state: what of it answers, region by region and tier by tier.
import { html, useEffect, useRef } from "../html.js";
import { counted } from "../numbers.js";
import { useStatus } from "../state/status.js";
import { exact } from "../times.js";
import { Icon } from "./icons.js";

const seconds = (value) => (value >= 120 ? `${Math.round(value / 60)} min` : `${Number(value.toFixed(1))} s`);

function Mark({ good, children }) {
  return html`<span class="verdict ${good ? "good" : "bad"}"><${Icon} name=${good ? "check" : "warning"} />${children}</span>`;
}

function Health({ health }) {
  return html`<section class="card" aria-labelledby="health-title">
    <div class="card-head"><h2 id="health-title">This region${health && html` <span>${health.region}</span>`}</h2>
      <${Mark} good=${health?.status === "ok"}>${!health ? "does not answer" : health.status === "ok" ? "works" : "fails"}<//></div>
    ${health && html`<dl>
      <div><dt>Release</dt><dd>${health.release ?? "not named"}</dd></div>
      ${health.checks.map((check) => html`<div key=${check.name}><dt>${check.name}</dt>
        <dd>${check.status === "ok" ? `answered in ${check.took_ms} ms` : "does not answer"}</dd></div>`)}
    </dl>`}
  </section>`;
}

/** The tiers in the order in which a request meets them; one that is not there is off. */
function tiersOf(region) {
  const cache = region.api_cache;
  return [
    ["API cache", cache ? `${cache.size} GB${cache.answers === undefined ? "" : `, ${counted(cache.answers, "answer")}`}` : "off"],
    ["DAX", region.dax_endpoint ?? "off"],
    ["Table", region.dynamodb_endpoint ?? ""],
    ["API", region.api_url ?? ""],
  ].filter(([, text]) => text);
}

function lagOf({ cut, paused, lag, lag_for: lagFor, behind }) {
  if (cut) return "cut off";
  if (paused) return "paused";
  if (lag === null || lag === undefined) return "not known";
  return `${seconds(Math.max(lag, lagFor ?? 0))} late${behind ? `, ${counted(behind, "change")} to come` : ""}`;
}

/** How late it hears of each other region; of all of them together where no more is told. */
function lagsOf({ replication, lag_for: lagFor }) {
  if (replication) return replication.map((one) => [`From ${one.from}`, lagOf(one)]);
  return typeof lagFor === "number" ? [["Others", `${seconds(lagFor)} late`]] : [];
}

function Region({ region }) {
  const rows = [...lagsOf(region), ...tiersOf(region)];
  return html`<section class="card" data-region=${region.name} aria-labelledby="region-${region.name}">
    <div class="card-head"><h2 id="region-${region.name}">${region.name}${region.home && html` <span>home</span>`}</h2>
      ${region.state && html`<${Mark} good=${region.state === "up"}>${region.state}<//>`}</div>
    <dl>${rows.map(([name, text]) => html`<div key=${name}><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
  </section>`;
}

function Edges({ edges }) {
  return html`<section class="card" aria-labelledby="edges-title">
    <div class="card-head"><h2 id="edges-title">Edges</h2></div>
    <dl>${edges.map((edge) => html`<div key=${edge.name}><dt>${edge.name}</dt><dd>${edge.url}</dd></div>`)}</dl>
  </section>`;
}

export function StatusPage() {
  const title = useRef();
  const { at, health, stack } = useStatus();
  useEffect(() => title.current.focus({ preventScroll: true }), []);
  return html`<div class="status">
    <h1 ref=${title} tabindex="-1">Status</h1>
    ${!at && html`<p class="status-asked" role="status">Asking…</p>`}
    ${at && html`<p class="status-asked" title=${exact(at)}>Asked every two seconds while this page is open.</p>
      <div class="cards">
        <${Health} health=${health} />
        ${stack?.regions.map((region) => html`<${Region} key=${region.name} region=${region} />`)}
        ${stack?.edges?.length > 0 && html`<${Edges} edges=${stack.edges} />`}
      </div>`}
  </div>`;
}

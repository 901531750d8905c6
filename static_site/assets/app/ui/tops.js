// Lists of values with most clicks: a name, a bar, a number; each list is a table.
import { html } from "../html.js";
import { brief, isVague, nameOf, part } from "../numbers.js";
import { hrefOf } from "../state/place.js";

const LISTS = [
  ["links", "Links", "Link"],
  ["countries", "Countries", "Country"],
  ["referrers", "Referrers", "Referrer"],
  ["devices", "Devices", "Device"],
  ["browsers", "Browsers", "Browser"],
  ["systems", "Systems", "System"],
  ["languages", "Languages", "Language"],
  ["variants", "Variants", "Variant"],
  ["utm_sources", "UTM sources", "Source"],
  ["utm_mediums", "UTM mediums", "Medium"],
  ["utm_campaigns", "UTM campaigns", "Campaign"],
];

function Name({ dimension, value, span }) {
  const name = nameOf(dimension, value);
  if (dimension !== "links" || isVague(value)) return html`<bdi title=${name}>${name}</bdi>`;
  return html`<a href=${hrefOf({ page: "stats", slug: value, span })} title=${name}><bdi>${name}</bdi></a>`;
}

function List({ dimension, title, column, values, span }) {
  const most = Math.max(...values.map((one) => one.clicks));
  return html`<section class="top" data-top=${dimension} aria-labelledby="top-${dimension}">
    <h2 id="top-${dimension}">${title}</h2>
    <table>
      <thead class="off-screen"><tr><th scope="col">${column}</th><th scope="col">Clicks</th><th scope="col">Share</th></tr></thead>
      <tbody>${values.map((one) => html`<tr key=${one.value} class=${isVague(one.value) ? "vague" : ""}
          style=${{ "--length": `${(one.clicks / most) * 100}%` }}>
        <th scope="row"><${Name} dimension=${dimension} value=${one.value} span=${span} /></th>
        <td>${brief(one.clicks)}</td><td class="share">${part(one.share)}</td>
      </tr>`)}</tbody>
    </table>
  </section>`;
}

export function Tops({ top, span }) {
  const lists = LISTS.filter(([dimension]) => top[dimension]?.length);
  return html`<div class="tops">
    ${lists.map(([dimension, title, column]) => html`<${List} key=${dimension} dimension=${dimension} title=${title}
      column=${column} values=${top[dimension]} span=${span} />`)}
  </div>`;
}

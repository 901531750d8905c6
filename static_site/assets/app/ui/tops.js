// Lists of values with most clicks: a name, a bar, a number; each list is a table. Countries have a map as well.
import { html, useState } from "../html.js";
import { brief, isVague, nameOf, number, part } from "../numbers.js";
import { hrefOf } from "../state/place.js";
import { listsOf, longest, shortened, untold } from "../tops.js";
import { WorldMap } from "./map.js";

const SHOWN = 8;

function Name({ dimension, value, span }) {
  const name = nameOf(dimension, value);
  if (dimension !== "links" || isVague(value)) return html`<bdi title=${name}>${name}</bdi>`;
  return html`<a href=${hrefOf({ page: "stats", slug: value, span })} title=${name}><bdi>${name}</bdi></a>`;
}

function Rows({ dimension, column, values, span }) {
  const most = longest(values);
  return html`<table>
    <thead class="off-screen"><tr><th scope="col">${column}</th><th scope="col">Clicks</th><th scope="col">Share</th></tr></thead>
    <tbody>${values.map((one) => html`<tr key=${one.value} class=${isVague(one.value) ? "vague" : ""}
        style=${{ "--length": `${Math.min(one.clicks / most, 1) * 100}%` }}>
      <th scope="row"><${Name} dimension=${dimension} value=${one.value} span=${span} /></th>
      <td title=${number(one.clicks)}>${brief(one.clicks)}</td><td class="share">${part(one.share)}</td>
    </tr>`)}</tbody>
  </table>`;
}

function List({ list, span }) {
  const { dimension, title, values } = list;
  const [all, setAll] = useState(false);
  const few = shortened(values, SHOWN);
  const id = `top-${dimension}`;
  const rows = html`<div class="top-rows" data-all=${all} tabindex=${all ? 0 : undefined} role="group" aria-labelledby=${id}>
    <${Rows} ...${list} values=${all ? values : few} span=${span} /></div>`;
  return html`<section class="top" data-top=${dimension} aria-labelledby=${id}>
    <div class="top-head"><h2 id=${id}>${title}</h2>
      ${few !== values && html`<button type="button" class="text-button" aria-expanded=${all} aria-describedby=${id}
        onClick=${() => setAll(!all)}>${all ? "Show fewer" : "Show all"}</button>`}
    </div>
    ${dimension === "countries" ? html`<div class="top-map"><${WorldMap} values=${values} />${rows}</div>` : rows}
  </section>`;
}

export function Tops({ top, span }) {
  const lists = listsOf(top);
  const silent = untold(top);
  const list = (one) => html`<${List} key=${one.dimension} list=${one} span=${span} />`;
  return html`${lists.filter((one) => one.dimension === "countries").map(list)}
    <div class="tops">${lists.filter((one) => one.dimension !== "countries").map(list)}</div>
    ${silent.length > 0 && html`<p class="untold">The logs did not tell: ${silent.join(", ")}.</p>`}`;
}

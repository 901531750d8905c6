// A chart of bars, drawn by ourselves, with a readout for the pointer and the arrow keys; and its twin, a table.
import { bars, column, everyNth, highest, line, pointAt, ticks, within } from "../charts.js";
import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { brief, counted, number } from "../numbers.js";
import { pointLabel, pointName } from "../times.js";

const HIGH = 220;
const FOOT = 26;
const HEAD = 10;
const GUTTER = 12;
const LETTER = 7.2;
const TIP = 196;

/** The width that there is, also after the window was turned or resized. */
function useWidth(first = 640) {
  const box = useRef();
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.max(Math.floor(box.current.clientWidth), 120));
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  return [box, width];
}

function Scale({ steps, left, width, y }) {
  return html`<g class="scale">
    ${steps.map((step) => html`<g key=${step}>
      <line x1=${left} x2=${width} y1=${y(step)} y2=${y(step)} class=${step ? "" : "ground"} />
      <text x=${left - 8} y=${y(step) + 4} text-anchor="end">${brief(step)}</text>
    </g>`)}
  </g>`;
}

function Labels({ series, interval, left, space, y }) {
  const texts = series.map((point) => pointLabel(point.at, interval));
  const wide = Math.max(...texts.map((text) => text.length)) * LETTER + 14;
  const nth = everyNth(series.length, space, wide, interval === "hour" ? [1, 2, 3, 4, 6, 12, 24] : undefined);
  const slot = space / series.length;
  return html`<g class="labels">
    ${texts.map((text, at) => at % nth === 0 && html`<text key=${at} y=${y}
      x=${left + within((at + 0.5) * slot, text.length * LETTER, space)}>${text}</text>`)}
  </g>`;
}

function Tip({ point, interval, withBots, x, width }) {
  return html`<div class="tip" style=${{ insetInlineStart: `${within(x, TIP, width)}px` }}>
    <b>${pointName(point.at, interval)}</b>
    <span><i class="key"></i>${counted(point.clicks, "click")}</span>
    ${withBots && html`<span><i class="key bots"></i>${counted(point.bots, "bot")}</span>`}
    ${point.before && html`<span class="tip-before"><i class="key before"></i>${counted(point.before.clicks, "click")}<small>${pointName(point.before.at, interval)}</small></span>`}
  </div>`;
}

function said({ at, clicks, bots, before }, interval) {
  const text = `${pointName(at, interval)}: ${counted(clicks, "click")}, ${counted(bots, "bot")}`;
  return before ? `${text}; ${pointName(before.at, interval)}: ${counted(before.clicks, "click")}` : text;
}

function Picture({ series, interval, to, until, withBots, summary }) {
  const [box, width] = useWidth();
  const [at, setAt] = useState(null);
  const steps = ticks(highest(series, withBots));
  const top = steps.at(-1);
  const left = brief(top).length * LETTER + GUTTER;
  const space = width - left;
  const columns = bars(series, { width: space, height: HIGH - HEAD }, top, withBots);
  const earlier = line(series, columns, HIGH - HEAD, top);
  const y = (value) => HEAD + (HIGH - HEAD) * (1 - value / top);
  const point = at === null ? null : series[at];
  const isOpen = (index) => until && Date.parse(series[index + 1]?.at ?? to) > Date.parse(until);
  const move = (event) => setAt(pointAt(event.clientX - box.current.getBoundingClientRect().left - left, space, series.length));
  const key = (event) => {
    const last = series.length - 1;
    const to = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") setAt(null);
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(Math.max(to, 0), last));
  };
  return html`<div class="chart" ref=${box} tabindex="0" role="group" aria-roledescription="chart"
      aria-label="${summary} The arrow keys go from point to point." onKeyDown=${key} onBlur=${() => setAt(null)}
      onPointerMove=${move} onPointerDown=${move} onPointerLeave=${() => setAt(null)}>
    <svg width=${width} height=${HIGH + FOOT} aria-hidden="true" focusable="false">
      <${Scale} steps=${steps} left=${left} width=${width} y=${y} />
      ${point && html`<rect class="cursor" x=${left + (at * space) / series.length} y=${HEAD}
        width=${space / series.length} height=${HIGH - HEAD} />`}
      ${columns.map((bar, index) => html`<g key=${index} class=${isOpen(index) ? "open" : ""} transform="translate(${left} ${HEAD})">
        ${bar.height > 0 && html`<path class="bar" d=${column(bar, bar.bots.height > 0 ? 0 : 3)} />`}
        ${bar.bots.height > 0 && html`<path class="bar bots" d=${column({ ...bar, ...bar.bots })} />`}
      </g>`)}
      ${earlier && html`<g class="earlier" transform="translate(${left} ${HEAD})"><path class="halo" d=${earlier} /><path d=${earlier} /></g>`}
      <${Labels} series=${series} interval=${interval} left=${left} space=${space} y=${HIGH + 20} />
    </svg>
    ${point && html`<${Tip} point=${point} interval=${interval} withBots=${withBots} width=${width}
      x=${left + columns[at].middle} />`}
    <p class="off-screen" role="status">${point && said(point, interval)}</p>
  </div>`;
}

const HEADS = { hour: "Hour", day: "Day", month: "Month" };

/** The same as a table: beside the picture for those who hear it, in its place when asked for. */
function Twin({ series, interval, shown }) {
  const compared = series.some((point) => point.before);
  return html`<div class=${shown ? "twin" : "off-screen"} tabindex=${shown ? 0 : undefined} role="group" aria-label="Clicks as a table">
    <table>
      <thead><tr><th scope="col">${HEADS[interval]}</th><th scope="col">Clicks</th><th scope="col">Bots</th>${compared && html`<th scope="col">Clicks before</th>`}</tr></thead>
      <tbody>${series.map((point) => html`<tr key=${point.at}>
        <th scope="row">${pointName(point.at, interval)}</th><td>${number(point.clicks)}</td><td>${number(point.bots)}</td>
        ${compared && html`<td>${point.before ? number(point.before.clicks) : ""}</td>`}
      </tr>`)}</tbody>
    </table>
  </div>`;
}

/** `series` as the API has it, which ends at `to`; what ends after `until` is still being counted. */
export function Chart({ series, interval, to, until, withBots, summary, asTable }) {
  const real = series.filter((point) => !point.ahead);
  return html`${!asTable && html`<${Picture} series=${series} interval=${interval} to=${to} until=${until} withBots=${withBots} summary=${summary} />`}
    <${Twin} series=${real} interval=${interval} shown=${asTable} />`;
}

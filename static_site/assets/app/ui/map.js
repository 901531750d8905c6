// A map of the world, darker where more clicks come from; what it says is in the list beside it too.
import { html, useEffect, useRef, useState } from "../html.js";
import { heatsOf, STEPS } from "../maps.js";
import { counted, nameOf, part } from "../numbers.js";
import { askWorld, world } from "../state/world.js";

const RADIUS = 8;
const NONE = { heat: 0, clicks: 0 };

function Country({ code, heat, path, dot }) {
  const of = { "data-code": code, "data-heat": heat };
  return path ? html`<path ...${of} d=${path} />` : html`<circle ...${of} cx=${dot[0]} cy=${dot[1]} r=${RADIUS} />`;
}

function Shapes({ picture, heats }) {
  const heat = (code) => (heats[code] ?? NONE).heat;
  // A country too small to be seen is shown when there is something to see.
  const dots = Object.entries(picture.dots).filter(([code]) => heat(code));
  return html`${Object.entries(picture.shapes).map(([code, path]) => html`<${Country} key=${code} code=${code} heat=${heat(code)} path=${path} />`)}
    ${dots.map(([code, dot]) => html`<${Country} key="${code}." code=${code} heat=${heat(code)} dot=${dot} />`)}`;
}

function Legend() {
  return html`<p class="heats" aria-hidden="true">Fewer
    ${Array.from({ length: STEPS }, (_, at) => html`<i key=${at} data-heat=${at + 1}></i>`)} More clicks</p>`;
}

export function WorldMap({ values }) {
  const box = useRef();
  const [at, setAt] = useState(null);
  useEffect(() => void askWorld(), []);
  const picture = world.value;
  const heats = heatsOf(values);
  const move = (event) => {
    const code = event.target.dataset?.code;
    const { left, top, width } = box.current.getBoundingClientRect();
    setAt(code ? { code, x: event.clientX - left, y: event.clientY - top, right: event.clientX - left > width / 2 } : null);
  };
  const there = at && (heats[at.code] ?? NONE);
  return html`<div class="map" ref=${box} onPointerMove=${move} onPointerDown=${move} onPointerLeave=${() => setAt(null)}>
    ${picture
      ? html`<svg viewBox="0 0 ${picture.width} ${picture.height}" aria-hidden="true" focusable="false"><${Shapes} picture=${picture} heats=${heats} /></svg>`
      : html`<div class="map-waiting"></div>`}
    <${Legend} />
    ${at && html`<div class="tip map-tip" data-side=${at.right ? "left" : "right"} style=${{ left: `${at.x}px`, top: `${at.y}px` }}>
      <b>${nameOf("countries", at.code)}</b><span>${there.clicks ? `${counted(there.clicks, "click")}, ${part(there.share)}` : "No clicks"}</span></div>`}
  </div>`;
}

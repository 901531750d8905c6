// Small marks on a link that does more than lead to its destination, and the same where it is edited.
import { html } from "../html.js";
import { beside, marksOf } from "../marks.js";
import { Icon } from "./icons.js";

function Mark({ icon, text, said }) {
  return html`<li class="mark" title=${said}>
    <${Icon} name=${icon} /><span aria-hidden="true">${text}</span><span class="off-screen">${said}</span>
  </li>`;
}

export function Marks({ link }) {
  const marks = marksOf(link);
  return marks.length > 0 && html`<ul role="list" class="marks">
    ${marks.map((mark) => html`<${Mark} key=${mark.icon} ...${mark} />`)}
  </ul>`;
}

/** Part of the destination's hint: it is not edited here. */
export function Elsewhere({ link }) {
  return html`<span class="beside"><${Icon} name="rules" /><span>
    ${beside(link).map((sentence) => html`<bdi key=${sentence}>${sentence}</bdi>`)}
    Edited by the API, as <a href="/api/docs#edit_link" target="_blank" rel="noopener">its documentation</a> tells.
  </span></span>`;
}

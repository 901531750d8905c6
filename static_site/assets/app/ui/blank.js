// What stands where there is nothing to show: an icon, a title, and what to do about it.
import { html } from "../html.js";
import { Icon } from "./icons.js";

export function Blank({ icon, title, children }) {
  return html`<div class="blank"><span class="blank-icon ${icon === "warning" ? "danger" : ""}"><${Icon} name=${icon} /></span>
    <h2>${title}</h2>${children}</div>`;
}

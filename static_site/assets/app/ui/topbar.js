// The bar on top: who we are, light or dark, and the way out.
import { html } from "../html.js";
import { hrefOf, place } from "../state/place.js";
import { signOut } from "../state/session.js";
import { choose, theme, THEMES } from "../state/theme.js";
import { Icon, Logo } from "./icons.js";

const NAMES = { light: "Light", system: "Same as the system", dark: "Dark" };
const ICONS = { light: "sun", system: "system", dark: "moon" };

export function ThemeSwitch() {
  return html`<fieldset class="theme">
    <legend class="off-screen">Colours</legend>
    ${THEMES.map((name) => html`<label key=${name} title=${NAMES[name]}>
      <input type="radio" name="theme" value=${name} checked=${theme.value === name} onChange=${() => choose(name)} />
      <${Icon} name=${ICONS[name]} /><span class="off-screen">${NAMES[name]}</span>
    </label>`)}
  </fieldset>`;
}

const PAGES = [["links", "Links"], ["stats", "Stats"], ["status", "Status"]];

function Pages() {
  const { page } = place.value;
  return html`<nav class="pages" aria-label="Pages">
    ${PAGES.map(([name, text]) => html`<a key=${name} href=${hrefOf({ page: name })} aria-current=${page === name ? "page" : undefined}>${text}</a>`)}
  </nav>`;
}

export function Topbar() {
  return html`<header class="topbar"><div class="page topbar-inner">
    <a class="home" href="/" aria-label="Everhop, to the dashboard"><${Logo} /></a>
    <${Pages} />
    <${ThemeSwitch} />
    <button type="button" class="text-button leave" onClick=${() => signOut()}><${Icon} name="leave" /><span>Sign out</span></button>
  </div></header>`;
}

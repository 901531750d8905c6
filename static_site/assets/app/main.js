// The entry: finds the key, shows the sign-in or the dashboard, and listens for what is page-wide.
import { html, render } from "./html.js";
import { onInput, onKey, onPaste } from "./keys.js";
import { forget } from "./state/links.js";
import { commitAll } from "./state/removals.js";
import { apiKey, onStorage, resume, takeFragmentKey } from "./state/session.js";
import { made } from "./state/drafts.js";
import { onPopState } from "./state/view.js";
import { Create } from "./ui/create.js";
import { EditDialog } from "./ui/edit.js";
import { onPlace, place } from "./state/place.js";
import { List } from "./ui/list.js";
import { QrDialog } from "./ui/qr.js";
import { SignIn } from "./ui/signin.js";
import { StatsPage } from "./ui/stats.js";
import { StatusPage } from "./ui/status.js";
import { Toaster } from "./ui/toaster.js";
import { Toolbar } from "./ui/toolbar.js";
import { Topbar } from "./ui/topbar.js";

function Links() {
  return html`<h1 class="off-screen">Everhop dashboard</h1>
    <${Create} />
    <section class="panel" id="list" tabindex="-1" aria-label="Links"><${Toolbar} /><${List} /></section>`;
}

function Page() {
  const { page, slug } = place.value;
  if (page === "stats") return html`<${StatsPage} key=${slug} slug=${slug} />`;
  return page === "status" ? html`<${StatusPage} />` : html`<${Links} />`;
}

function Dashboard() {
  const onLinks = place.value.page === "links";
  return html`<a class="skip" href=${onLinks ? "#list" : "#main"}>Skip to the ${onLinks ? "list" : "page"}</a>
    <${Topbar} />
    <main class="page" id="main" tabindex="-1"><${Page} /></main>
    <${EditDialog} /><${QrDialog} />`;
}

function App() {
  return html`${apiKey.value ? html`<${Dashboard} key=${apiKey.value} />` : html`<${SignIn} />`}<${Toaster} />`;
}

addEventListener("keydown", onKey);
addEventListener("input", onInput);
addEventListener("paste", onPaste);
addEventListener("hashchange", takeFragmentKey);
addEventListener("hashchange", onPlace);
addEventListener("popstate", onPopState);
addEventListener("storage", onStorage);
addEventListener("pagehide", () => commitAll(true));

resume();
apiKey.subscribe(() => {
  commitAll();
  // Another key may see other links.
  forget();
  made.value = null;
});
render(html`<${App} />`, document.getElementById("app"));

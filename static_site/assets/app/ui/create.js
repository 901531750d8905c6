// The create form on top of the page, and the panel with the link it has just made.
import { EMPTY } from "../changes.js";
import { splitDestination, splitShortUrl, withScheme } from "../urls.js";
import { Fragment, html, useEffect, useRef } from "../html.js";
import * as drafts from "../state/drafts.js";
import { links } from "../state/links.js";
import { spoken } from "../state/toasts.js";
import { CopyButton } from "./copy.js";
import { Icon } from "./icons.js";
import { openEditor } from "../state/editing.js";
import { Options } from "./options.js";

/** "go.example.com/": where the short links of this deployment live. */
function shortBase() {
  const [link] = links.value;
  return link ? splitShortUrl(link.short_url).base : `${location.host}/`;
}

function Destination() {
  const { destination } = drafts.draft.value;
  const error = drafts.errors.value.fields.destination;
  const complete = withScheme(destination);
  const hint = complete !== destination.trim() && destination.includes(".") && `Will lead to ${complete}`;
  return html`<div class="paste" data-field="destination">
    <label class="off-screen" for="destination">Long link</label>
    <div class="paste-box">
      <${Icon} name="link" />
      <input id="destination" name="destination" type="text" inputmode="url" autocapitalize="none"
        autocomplete="off" spellcheck=${false} enterkeyhint="go" placeholder="Paste a long link"
        value=${destination} aria-invalid=${error ? "true" : undefined} aria-describedby="destination-note"
        onInput=${(event) => drafts.type({ destination: event.currentTarget.value })}
        onKeyDown=${(event) => event.key === "Escape" && event.currentTarget.blur()}
        onBlur=${drafts.completeScheme} />
      <kbd class="hint-key">n</kbd>
      <button class="button primary" type="submit" aria-disabled=${drafts.sending.value}>
        <span>${drafts.sending.value ? "Shortening…" : "Shorten"}</span><${Icon} name="arrow" />
      </button>
    </div>
    <p id="destination-note" class=${error ? "field-error" : "field-hint"}>${error || hint || ""}</p>
  </div>`;
}

function Slug() {
  const error = drafts.errors.value.fields.slug;
  return html`<div class="slug" data-field="slug">
    <div class="slug-box">
      <label for="slug"><span class="off-screen">Custom slug, after </span>${shortBase()}</label>
      <input id="slug" name="slug" type="text" autocapitalize="none" autocomplete="off" maxlength="64"
        spellcheck=${false} placeholder="custom-slug (optional)" value=${drafts.draft.value.slug}
        aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? "slug-error" : undefined}
        onInput=${(event) => drafts.type({ slug: event.currentTarget.value })} />
    </div>
    ${error && html`<p id="slug-error" class="field-error">${error}</p>`}
  </div>`;
}

function focusFirstError(form) {
  requestAnimationFrame(() => form.querySelector("[aria-invalid=true]")?.focus());
}

export function CreateForm() {
  const open = drafts.optionsOpen.value;
  const errors = drafts.errors.value;
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(await drafts.submit())) focusFirstError(form);
  };
  return html`<form class="create" onSubmit=${submit} noValidate aria-label="Create a short link">
    <${Destination} />
    <div class="create-row">
      <${Slug} />
      <button type="button" class="text-button more-options" aria-expanded=${open}
        aria-controls="options" onClick=${() => (drafts.optionsOpen.value = !open)}>
        ${open ? "Fewer options" : "More options"}<${Icon} name="chevron" />
      </button>
    </div>
    ${open && html`<div id="options">
      <${Options} form=${drafts.draft.value} errors=${errors.fields} onType=${drafts.type} />
    </div>`}
    ${errors.form && html`<p class="form-error" role="alert"><${Icon} name="warning" />${errors.form}</p>`}
  </form>`;
}

/** False while something else is being typed or done: the focus stays with it. */
function mayTakeFocus() {
  const { activeElement, body } = document;
  return drafts.draft.value === EMPTY && (activeElement === body || Boolean(activeElement.closest(".create")));
}

function Result({ link }) {
  const copy = useRef();
  const { base, slug } = splitShortUrl(link.short_url);
  const { host, path } = splitDestination(link.destination);
  useEffect(() => {
    if (!mayTakeFocus()) {
      spoken.value = `${link.short_url} is ready`;
      return;
    }
    copy.current.focus({ preventScroll: true });
    copy.current.closest("section").scrollIntoView({ block: "nearest" });
  }, [link.slug]);
  const another = () => {
    drafts.made.value = null;
    document.getElementById("destination").focus();
  };
  return html`<section class="result" aria-label="Your new short link">
    <div class="result-main">
      <p class="result-title">Your short link is ready</p>
      <p class="result-link"><bdi>${base}<b>${slug}</b></bdi></p>
      <p class="result-destination" title=${link.destination}>
        <${Icon} name="arrow" /><bdi><b>${host}</b>${path}</bdi>
      </p>
    </div>
    <div class="result-actions">
      <${CopyButton} text=${link.short_url} label="Copy link" kind="button primary big" buttonRef=${copy} />
      <div>
        <a class="button" href=${link.short_url} target="_blank" rel="noopener noreferrer">Open</a>
        <a class="button" href="${link.short_url}+" target="_blank" rel="noopener noreferrer">Preview</a>
        <button type="button" class="button" onClick=${() => openEditor(link)}>Edit</button>
      </div>
    </div>
    <button type="button" class="icon-button result-close" aria-label="Close and make another link"
      onClick=${another}><${Icon} name="close" /></button>
  </section>`;
}

export function Create() {
  const link = drafts.made.value;
  // Where there is no mouse the focus would bring up a keyboard that covers the list.
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) document.getElementById("destination").focus();
  }, []);
  return html`<${Fragment}>
    <${CreateForm} />
    ${link && html`<${Result} key=${link.slug} link=${link} />`}
  <//>`;
}

// The edit dialog: reads the link afresh, sends only what changed, and notices other people's edits.
import { changed, FIELDS, mistakes, rebase, toForm, toPatch } from "../changes.js";
import { isPlain } from "../marks.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { explain, sentence } from "../problems.js";
import { closeEditor, editing, keep, unsaved } from "../state/editing.js";
import { hide, put, reread } from "../state/links.js";
import { api } from "../state/session.js";
import { show } from "../state/toasts.js";
import { splitShortUrl, withScheme } from "../urls.js";
import { CopyButton } from "./copy.js";
import { Switch, TextField } from "./fields.js";
import { Icon } from "./icons.js";
import { Elsewhere } from "./marks.js";
import { Options } from "./options.js";

const NONE = { fields: {}, form: "" };

/** The dialog's state and what can be done in it. */
function useEditor(listed) {
  const [link, setLink] = useState(listed);
  const [base, setBase] = useState(unsaved()?.base ?? toForm(listed));
  const [form, setForm] = useState(unsaved()?.form ?? base);
  const [etag, setEtag] = useState(null);
  const [errors, setErrors] = useState(NONE);
  const [stale, setStale] = useState(false);
  const [busy, setBusy] = useState(false);

  const read = async (merge) => {
    setErrors(NONE);
    try {
      const answer = await api.value.getLink(listed.slug);
      const newer = toForm(answer.link);
      put(answer.link);
      setLink(answer.link);
      setForm((typed) => (merge ? rebase(typed, base, newer) : newer));
      setBase(newer);
      setEtag(answer.etag);
      setStale(false);
    } catch (error) {
      setErrors({ fields: {}, form: sentence(error) });
      if (error.status === 404) hide(listed.slug, true);
    }
  };
  useEffect(() => void read(Boolean(unsaved())), []);
  useEffect(() => keep(form, base), [form, base]);

  const save = async () => {
    const sent = { ...form, destination: withScheme(form.destination) };
    setForm(sent);
    const found = mistakes(sent);
    setErrors({ fields: found, form: "" });
    if (Object.keys(found).length) return false;
    if (!changed(sent, base).length) return true;
    setBusy(true);
    try {
      const { link } = await api.value.editLink(listed.slug, toPatch(sent, base), etag);
      put(link);
      show({ text: `${link.slug} is saved` });
      return true;
    } catch (error) {
      if (error.status === 412) setStale(true);
      else setErrors(explain(error, FIELDS));
      reread(listed.slug, error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const type = (change) => setForm((typed) => ({ ...typed, ...change }));
  return { link, form, errors, stale, busy, read, save, type, ready: etag !== null, dirty: changed(form, base).length > 0 };
}

function StaleNotice({ read }) {
  return html`<div class="notice warning" role="alert">
    <${Icon} name="warning" />
    <div>
      <p><b>Someone else changed this link</b> while you were editing, so nothing was saved.</p>
      <div class="notice-actions">
        <button type="button" class="button small" onClick=${() => read(true)}>Reload and keep my edits</button>
        <button type="button" class="button small" onClick=${() => read(false)}>Reload and drop my edits</button>
      </div>
    </div>
  </div>`;
}

function DiscardNotice({ onKeep }) {
  return html`<div class="notice" role="alert">
    <div>
      <p><b>Discard your changes?</b> They are not saved yet.</p>
      <div class="notice-actions">
        <button type="button" class="button small danger" onClick=${closeEditor}>Discard</button>
        <button type="button" class="button small" onClick=${onKeep}>Keep editing</button>
      </div>
    </div>
  </div>`;
}

function Head({ link, onClose }) {
  const { base, slug } = splitShortUrl(link.short_url);
  return html`<div class="dialog-head">
    <div>
      <p class="dialog-kicker">Edit link</p>
      <h2 id="edit-title"><bdi><span>${base}</span>${slug}</bdi></h2>
    </div>
    <${CopyButton} text=${link.short_url} />
    <button type="button" class="icon-button" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>
  </div>`;
}

function Body({ editor }) {
  const { link, form, errors, type, read, ready, busy } = editor;
  return html`<fieldset class="dialog-body" disabled=${!ready || busy}>
    <legend class="off-screen">Fields of the link</legend>
    <${TextField} name="destination" label="Destination" value=${form.destination} wide
      error=${errors.fields.destination} hint=${!isPlain(link) && html`<${Elsewhere} link=${link} />`}
      onValue=${(destination) => type({ destination })} />
    <${Options} form=${form} errors=${errors.fields} onType=${type} />
    <div class="switches">
      <${Switch} name="disabled" label="Disabled" hint="Visitors are told that the link is off."
        value=${form.disabled} onValue=${(disabled) => type({ disabled })} />
      <${Switch} name="archived" label="Archived" hint="Hidden from the list; it still redirects."
        value=${form.archived} onValue=${(archived) => type({ archived })} />
    </div>
  </fieldset>
  ${errors.form && html`<p class="form-error" role="alert"><${Icon} name="warning" />${errors.form}
    ${!ready && html`<button type="button" class="button small" onClick=${() => read(false)}>Try again</button>`}
  </p>`}`;
}

function Editor({ link }) {
  const dialog = useRef();
  const editor = useEditor(link);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    const { current } = dialog;
    const opener = document.activeElement;
    current.showModal();
    return () => opener?.focus?.();
  }, []);
  useEffect(() => {
    if (editor.ready) dialog.current.querySelector("input[name=destination]").focus();
  }, [editor.ready]);
  const leave = () => (editor.dirty ? setAsking(true) : closeEditor());
  const submit = async (event) => {
    event.preventDefault();
    setAsking(false);
    const { activeElement } = document;
    if (await editor.save()) closeEditor();
    else requestAnimationFrame(() => (dialog.current?.querySelector("[aria-invalid=true]") ?? activeElement).focus());
  };
  const cancel = (event) => {
    event.preventDefault();
    leave();
  };
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="edit-title"
    onCancel=${cancel} onClose=${closeEditor}>
    <form onSubmit=${submit} noValidate>
      <${Head} link=${link} onClose=${leave} />
      <div class="dialog-scroll"><${Body} editor=${editor} /></div>
      ${editor.stale && html`<${StaleNotice} read=${editor.read} />`}
      ${asking && html`<${DiscardNotice} onKeep=${() => setAsking(false)} />`}
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${leave}>Cancel</button>
        <button type="submit" class="button primary" disabled=${!editor.ready || editor.busy || editor.stale}>
          ${editor.busy ? "Saving…" : "Save changes"}
        </button>
      </div>
    </form>
  </dialog>`;
}

export function EditDialog() {
  const link = editing.value;
  return link && html`<${Editor} key=${link.slug} link=${link} />`;
}

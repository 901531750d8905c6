// The QR code dialog: the code as it will be, its colours and error level, and the files to save.
import { html, useEffect, useRef, useState } from "../html.js";
import { dataUrl, fullColour, qrStyle, save, unfinished } from "../pictures.js";
import { explain, sentence } from "../problems.js";
import { closeQr, coded, look, restyle } from "../state/qr.js";
import { api } from "../state/session.js";
import { splitShortUrl } from "../urls.js";
import { CopyButton } from "./copy.js";
import { Field, SelectField, Switch } from "./fields.js";
import { Icon } from "./icons.js";

const FIELDS = ["dark", "light", "error", "logo_space", "size"];
const NONE = { fields: {}, form: "" };
const TYPING = 150;
const LEVELS = [
  ["L", "Low: the smallest code"],
  ["M", "Medium (recommended)"],
  ["Q", "High"],
  ["H", "Highest: for rough surfaces"],
];
const SPACES = [["0", "None"], ["15", "Small"], ["20", "Medium"], ["25", "Large"]];
const SIZES = ["256", "512", "1024", "2048"].map((size) => [size, `${size} pixels`]);

function errorsOf(error) {
  return error.status === 422 ? explain(error, FIELDS) : { fields: {}, form: sentence(error) };
}

/** The code for the look chosen: `fresh` once the picture is of that very look. */
function useCode(slug) {
  const [code, setCode] = useState({ picture: "", of: null, errors: NONE });
  const [tries, setTries] = useState(0);
  const style = look.value;
  useEffect(() => {
    const left = new AbortController();
    const complain = (errors) => setCode((last) => ({ ...last, errors }));
    const draw = async () => {
      const fields = unfinished(style);
      if (Object.keys(fields).length) return complain({ fields, form: "" });
      try {
        const answer = await api.value.qrCode(slug, qrStyle(style), left.signal);
        const svg = await answer.text();
        setCode({ picture: dataUrl(svg), of: style, errors: NONE });
      } catch (error) {
        if (!left.signal.aborted) complain(errorsOf(error));
      }
      return undefined;
    };
    const timer = setTimeout(draw, code.of ? TYPING : 0);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [slug, style, tries]);
  const download = async (format) => {
    try {
      save(await api.value.qrCode(slug, qrStyle(style, format)), `${slug}-qr.${format}`);
    } catch (error) {
      setCode((last) => ({ ...last, errors: errorsOf(error) }));
    }
  };
  return { ...code, fresh: code.of === style, download, retry: () => setTries(tries + 1) };
}

function Head({ link }) {
  const { base, slug } = splitShortUrl(link.short_url);
  return html`<div class="dialog-head">
    <div>
      <p class="dialog-kicker">QR code</p>
      <h2 id="qr-title"><bdi><span>${base}</span>${slug}</bdi></h2>
    </div>
    <${CopyButton} text=${link.short_url} />
    <button type="button" class="icon-button" aria-label="Close" onClick=${closeQr}><${Icon} name="close" /></button>
  </div>`;
}

function Picture({ link, code }) {
  return html`<div class="qr-picture">
    <div class="qr-paper" data-fresh=${code.fresh}>
      ${code.picture && html`<img src=${code.picture} width="240" height="240" alt="QR code of ${link.short_url}" />`}
    </div>
    <p class="field-hint">Try it: scan it with your phone.</p>
  </div>`;
}

function ColourField({ name, value, off, ...field }) {
  const set = (event) => restyle({ [name]: event.currentTarget.value.trim() });
  const control = (tied) => html`<div class="colour">
    <input type="color" value=${fullColour(value)} disabled=${off} aria-label="Pick: ${field.label}" onInput=${set} />
    <input class="input" ...${tied} value=${value} disabled=${off} maxlength="7" spellcheck="false" autocomplete="off"
      onInput=${set} />
  </div>`;
  return html`<${Field} ...${field} name=${name} control=${control} />`;
}

function Choices({ errors }) {
  const { dark, light, see_through: seeThrough, error, logo_space: space, size } = look.value;
  const logo = space !== "0";
  return html`<fieldset class="qr-choices">
    <legend class="off-screen">Look of the code</legend>
    <div class="qr-pair">
      <${ColourField} name="dark" label="Colour" value=${dark} error=${errors.dark} />
      <${ColourField} name="light" label="Background" value=${light} error=${errors.light} off=${seeThrough} />
    </div>
    <${Switch} name="see_through" label="No background" hint="For light surfaces only: dark ones hide the code."
      value=${seeThrough} onValue=${(on) => restyle({ see_through: on })} />
    <${SelectField} name="error" label="Error correction" options=${LEVELS} value=${logo ? "H" : error} off=${logo}
      error=${errors.error} hint=${logo ? "Space for a logo needs the highest." : "How much dirt or damage it survives."}
      onValue=${(level) => restyle({ error: level })} />
    <div class="qr-pair">
      <${SelectField} name="logo_space" label="Space for a logo" options=${SPACES} value=${space} error=${errors.logo_space}
        onValue=${(wanted) => restyle({ logo_space: wanted })} />
      <${SelectField} name="size" label="Size of the PNG" options=${SIZES} value=${size} error=${errors.size}
        onValue=${(wanted) => restyle({ size: wanted })} />
    </div>
  </fieldset>`;
}

function Foot({ code }) {
  const button = (format, kind) => html`<button type="button" class="button ${kind}" disabled=${!code.fresh}
    onClick=${() => code.download(format)}><${Icon} name="download" />Download ${format.toUpperCase()}</button>`;
  return html`<div class="dialog-foot">${button("svg", "")}${button("png", "primary")}</div>`;
}

function QrCode({ link }) {
  const dialog = useRef();
  const code = useCode(link.slug);
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    return () => opener?.focus?.();
  }, []);
  const { fields, form } = code.errors;
  return html`<dialog ref=${dialog} class="dialog qr" aria-labelledby="qr-title" onClose=${closeQr}>
    <form onSubmit=${(event) => event.preventDefault()} noValidate>
      <${Head} link=${link} />
      <div class="dialog-scroll">
        <div class="qr-body"><${Picture} link=${link} code=${code} /><${Choices} errors=${fields} /></div>
        ${form && html`<p class="form-error" role="alert"><${Icon} name="warning" />${form}
          <button type="button" class="button small" onClick=${code.retry}>Try again</button></p>`}
      </div>
      <${Foot} code=${code} />
    </form>
  </dialog>`;
}

export function QrDialog() {
  const link = coded.value;
  return link && html`<${QrCode} key=${link.slug} link=${link} />`;
}

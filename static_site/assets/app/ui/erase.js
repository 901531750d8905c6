// Asks before the counts of a link are erased: that is final, so the question names the link and what is lost.
import { html, useEffect, useRef, useState } from "../html.js";
import { isUnclear, sentence } from "../problems.js";
import { api } from "../state/session.js";
import { show } from "../state/toasts.js";
import { Icon } from "./icons.js";

const UNSURE = "Everhop gave no clear answer, so we can't tell whether they were erased. To erase what is left does no harm: try again.";

export function EraseDialog({ slug, onExport, onErased, onClose }) {
  const dialog = useRef();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current.showModal();
    // Enter, pressed once too often, must not erase.
    dialog.current.querySelector("[data-keep]").focus();
    return () => opener?.focus?.();
  }, []);
  const erase = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setWrong("");
    try {
      await api.value.eraseStats(slug);
      show({ text: `The stats of ${slug} were erased` });
      onErased();
    } catch (error) {
      setWrong(isUnclear(error) ? UNSURE : sentence(error));
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} class="dialog ask" aria-labelledby="erase-title" aria-describedby="erase-text"
      onCancel=${(event) => busy && event.preventDefault()} onClose=${onClose}>
    <form onSubmit=${erase} noValidate>
      <div class="ask-body">
        <span class="blank-icon danger"><${Icon} name="trash" /></span>
        <h2 id="erase-title">Erase the stats of <bdi>${slug}</bdi>?</h2>
        <div id="erase-text">
          <p>All that was ever counted of this link is forgotten, of every day, and <b>can't be brought back</b>.</p>
          <p>The link itself stays as it is, and clicks that are counted from now on show up here. The sums of all links keep its clicks.</p>
        </div>
        <p class="ask-keep">To keep a copy of the days shown, save it first:
          <button type="button" class="button small" onClick=${() => onExport("csv")}>CSV</button>
          <button type="button" class="button small" onClick=${() => onExport("json")}>JSON</button></p>
        ${wrong && html`<p class="form-error" role="alert"><${Icon} name="warning" />${wrong}</p>`}
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" data-keep disabled=${busy} onClick=${() => dialog.current.close()}>Keep them</button>
        <button type="submit" class="button primary danger" aria-disabled=${busy}>${busy ? "Erasing…" : "Erase for good"}</button>
      </div>
    </form>
  </dialog>`;
}

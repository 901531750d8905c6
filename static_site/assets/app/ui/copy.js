// The copy button: one click, and it says so for a moment.
import { copyText } from "../clipboard.js";
import { html, useRef, useState } from "../html.js";
import { fail, spoken } from "../state/toasts.js";
import { Icon } from "./icons.js";

const SAID_FOR = 1800;

/** `kind` is the class of the button; without `label` it is an icon that names itself. */
export function CopyButton({ text, label, kind = "icon-button", buttonRef }) {
  const [copied, setCopied] = useState(false);
  const timer = useRef();
  const copy = async () => {
    if (!(await copyText(text))) return fail("The browser did not allow copying. Select the link and copy it.");
    setCopied(true);
    spoken.value = `${text} copied`;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SAID_FOR);
    return undefined;
  };
  const name = copied ? "Copied" : label ?? `Copy ${text}`;
  return html`<button type="button" ref=${buttonRef} class="${kind} copy" data-copied=${copied}
    aria-label=${label ? undefined : name} title=${label ? undefined : name} onClick=${copy}>
    <${Icon} name=${copied ? "check" : "copy"} />
    ${label && html`<span>${copied ? "Copied" : label}</span>`}
  </button>`;
}

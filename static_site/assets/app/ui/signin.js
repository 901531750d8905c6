// The way in: an API key, checked against the API before it is kept.
import { html, useEffect, useRef, useState } from "../html.js";
import { check, notice, signIn } from "../state/session.js";
import { Icon, Logo } from "./icons.js";
import { ThemeSwitch } from "./topbar.js";

function KeyField({ input, shown, setShown, error }) {
  return html`<div class="field" data-field="key">
    <label for="key">API key</label>
    <div class="key-box">
      <input id="key" ref=${input} class="input" name="key" type=${shown ? "text" : "password"} placeholder="eh_…"
        autocomplete="current-password" autocapitalize="none" spellcheck=${false}
        aria-invalid=${error ? "true" : undefined} aria-describedby="key-note" />
      <button type="button" class="icon-button" aria-pressed=${shown} aria-label="Show the key"
        title=${shown ? "Hide the key" : "Show the key"} onClick=${() => setShown(!shown)}>
        <${Icon} name=${shown ? "eyeOff" : "eye"} />
      </button>
    </div>
    <p id="key-note" class=${error ? "field-error" : "field-hint"} role=${error ? "alert" : undefined}>
      ${error || "Printed when Everhop starts, or given to you by whoever runs it."}
    </p>
  </div>`;
}

export function SignIn() {
  const input = useRef();
  const keep = useRef();
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useEffect(() => input.current.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const key = input.current.value.trim();
    setBusy(true);
    const wrong = await check(key);
    setBusy(false);
    setError(wrong);
    if (wrong) input.current.focus();
    else signIn(key, keep.current.checked);
  };
  return html`<main class="signin">
    <div class="signin-card">
      <${Logo} />
      <h1>Sign in</h1>
      <p class="signin-lead">Make short links, and change where they lead.</p>
      ${notice.value && html`<p class="form-error" role="alert"><${Icon} name="warning" />${notice.value}</p>`}
      <form onSubmit=${submit} noValidate>
        <input type="text" name="username" autocomplete="username" value="everhop" hidden readonly />
        <${KeyField} input=${input} shown=${shown} setShown=${setShown} error=${error} />
        <label class="check"><input type="checkbox" name="keep" ref=${keep} />Keep me signed in on this device</label>
        <button type="submit" class="button primary big" aria-disabled=${busy}>${busy ? "Checking…" : "Sign in"}</button>
      </form>
    </div>
    <${ThemeSwitch} />
  </main>`;
}

// The fields that creating and editing share: everything about a link but its two addresses.
import { limited } from "../changes.js";
import { html } from "../html.js";
import { AreaField, SelectField, Switch, TextField, TimeField } from "./fields.js";
import { PasswordField } from "./passwords.js";
import { TagsField } from "./tags.js";

const STATUSES = [
  ["302", "302, temporary (recommended)"],
  ["301", "301, permanent: browsers remember it"],
  ["307", "307, temporary, keeps the method"],
  ["308", "308, permanent, keeps the method"],
];
const WINNERS = [
  ["destination", "Keep the destination's"],
  ["visitor", "Take the visitor's"],
];

/** `form` and `errors` by field name; `onType` is given the change, like {title: "x"}. */
export function Options({ form, errors, onType }) {
  const of = (name) => ({
    name, value: form[name], error: errors[name], onValue: (value) => onType({ [name]: value }),
  });
  return html`<div class="options">
    <${TextField} ...${of("title")} label="Title" maxlength="200" hint="Also shown on the public preview page." />
    <${TagsField} ...${of("tags")} />
    <${AreaField} ...${of("notes")} label="Notes" maxlength="2000" wide />
    <${TimeField} ...${of("starts_at")} label="Starts" hint="Your local time. Empty: at once." />
    <${TimeField} ...${of("expires_at")} label="Expires" hint="Your local time. Empty: never." />
    <${SelectField} ...${of("status")} label="Redirect status" options=${STATUSES} />
    <div class="field">
      <${Switch} ...${of("forward_query")} label="Pass on the visitor's query"
        hint="Adds what follows the ? in the short link to the destination." />
    </div>
    ${form.forward_query && html`<${SelectField} ...${of("query_winner")} options=${WINNERS}
      label="When both have the same parameter" />`}
    <${PasswordField} ...${of("password")} has=${form.has_password} />
    <${TextField} ...${of("max_clicks")} label="Clicks at most" inputmode="numeric" maxlength="13"
      hint="After so many, visitors are told that it is used up. Empty: no limit." />
    ${limited(form) && html`<div class="field wide">
      <${Switch} ...${of("max_clicks_exact")} label="Never one click more"
        hint="Each is counted before the redirect, which takes longer. Else a few more may get through." />
    </div>`}
  </div>`;
}

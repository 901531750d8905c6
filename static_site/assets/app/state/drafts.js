// The link being typed in the create form, its mistakes, and the one made last.
import { keyKeeper } from "../attempts.js";
import { EMPTY, mistakes, toCreate } from "../changes.js";
import { batch, signal } from "../html.js";
import { explain } from "../problems.js";
import { withScheme } from "../urls.js";
import { putCreated } from "./links.js";
import { api } from "./session.js";

const KNOWN = Object.keys(EMPTY).filter((field) => field !== "disabled" && field !== "archived");
const OPTIONS = KNOWN.filter((field) => field !== "destination" && field !== "slug");

// Pressing the button again after silence must not make a second link.
const keys = keyKeeper();

export const draft = signal(EMPTY);
export const errors = signal({ fields: {}, form: "" });
export const sending = signal(false);
export const made = signal(null);
export const optionsOpen = signal(false);

export function type(change) {
  const [field] = Object.keys(change);
  draft.value = { ...draft.value, ...change };
  const { [field]: _, ...rest } = errors.value.fields;
  errors.value = { fields: rest, form: errors.value.form };
  if (field === "destination") made.value = null;
}

/** Makes the https:// that will be sent visible in the field. */
export function completeScheme() {
  const destination = withScheme(draft.value.destination);
  if (destination !== draft.value.destination) draft.value = { ...draft.value, destination };
}

function complain(found) {
  errors.value = found;
  if (OPTIONS.some((field) => field in found.fields)) optionsOpen.value = true;
}

/** Shows the new link; what was typed since it was sent is the next one, and stays. */
function celebrate(link, sent) {
  batch(() => {
    putCreated(link);
    made.value = link;
    if (draft.value !== sent) return;
    draft.value = EMPTY;
    optionsOpen.value = false;
  });
}

/** Sends the draft; false when it is still in the form and something in it needs mending. */
export async function submit() {
  if (sending.value) return false;
  completeScheme();
  const found = mistakes(draft.value);
  complain({ fields: found, form: "" });
  if (Object.keys(found).length) return false;
  sending.value = true;
  const sent = draft.value;
  try {
    const body = toCreate(sent);
    const { link } = await api.value.createLink(body, keys.keyFor(body));
    keys.forget();
    celebrate(link, sent);
    return true;
  } catch (error) {
    // The sign-in screen says it; after signing in again it is no longer so.
    if (error.status !== 401) complain(explain(error, KNOWN));
    return draft.value !== sent;
  } finally {
    sending.value = false;
  }
}

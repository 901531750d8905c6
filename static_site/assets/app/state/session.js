// Who is signed in: the API key, where it is kept, and the API as seen with it.
import { connect } from "../api.js";
import { computed, signal } from "../html.js";

const NAME = "everhop.key";

/** Storage that may be refused (private windows, blocked cookies): then memory has to do. */
function stored(storage) {
  try {
    return storage().getItem(NAME);
  } catch {
    return null;
  }
}

function store(storage, key) {
  try {
    if (key) storage().setItem(NAME, key);
    else storage().removeItem(NAME);
  } catch {
    // Kept in memory only: signing in again after a reload is the worst of it.
  }
}

const session = () => sessionStorage;
const local = () => localStorage;

export const apiKey = signal("");
export const notice = signal("");
export const api = computed(() => connect(apiKey.value));

/** The key in a fragment such as "#key=eh_..."; "" when there is none. */
export function keyInFragment(hash) {
  return new URLSearchParams(hash.slice(1)).get("key") ?? "";
}

/** Takes the key out of the address bar, so that it is neither bookmarked nor shared. */
export function takeFragmentKey() {
  const key = keyInFragment(location.hash);
  if (!key) return false;
  history.replaceState(null, "", location.pathname + location.search);
  signIn(key, false);
  return true;
}

export function signIn(key, keep) {
  store(session, keep ? "" : key);
  if (keep) store(local, key);
  notice.value = "";
  apiKey.value = key;
}

export function signOut(why = "") {
  store(session, "");
  store(local, "");
  notice.value = why;
  apiKey.value = "";
}

/** Finds the key this tab starts with: from the fragment, else from where it was kept. */
export function resume() {
  if (!takeFragmentKey()) apiKey.value = stored(session) || stored(local) || "";
}

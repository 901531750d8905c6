// Who is signed in: the API key, where it is kept, and the API as seen with it.
import { connect } from "../api.js";
import { computed, signal } from "../html.js";
import { sentence } from "../problems.js";
import { fail } from "./toasts.js";

const NAME = "everhop.key";
const WRONG = "That key was not accepted. Check that you pasted all of it; keys start with eh_.";
const REVOKED = "Your key is no longer accepted. Sign in again; what you typed is kept.";
const LEFT = "You signed out in another tab. Sign in again to go on.";

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
export const api = computed(() => connect(apiKey.value, watched(apiKey.value)));

/** Fetches, and signs out when the key is refused: whatever was asked, only a new key helps. */
function watched(key) {
  return async (...request) => {
    const response = await fetch(...request);
    if (response.status === 401 && key === apiKey.value) signOut(REVOKED);
    return response;
  };
}

/** What is wrong with a key, in a sentence; "" when the API takes it. */
export async function check(key) {
  if (!key) return "Paste your API key first.";
  // A header can't carry other characters; a key never has them, a sentence pasted by mistake does.
  if (!/^[\x21-\x7e]+$/.test(key)) return WRONG;
  try {
    await connect(key).listLinks({ limit: 1 });
    return "";
  } catch (error) {
    return error.status === 401 ? WRONG : sentence(error);
  }
}

/** The key in a fragment such as "#key=eh_..."; "" when there is none. */
export function keyInFragment(hash) {
  return new URLSearchParams(hash.slice(1)).get("key") ?? "";
}

/** A session that works is given up only for a key that works. */
async function exchange(key) {
  const wrong = await check(key);
  if (wrong) fail(`${wrong} You are still signed in as before.`);
  else signIn(key, false);
}

/** Takes the key out of the address bar, so that it is neither bookmarked nor shared. */
export function takeFragmentKey() {
  const key = keyInFragment(location.hash);
  if (!key) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (!apiKey.value) signIn(key, false);
  else if (key !== apiKey.value) exchange(key);
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

/** Follows another tab that signed out, when it gave up the key that this one uses. */
export function onStorage({ key, oldValue, newValue }) {
  if (key === NAME && !newValue && oldValue === apiKey.value) signOut(LEFT);
}

/** Finds the key this tab starts with: where it was kept, or in the fragment. */
export function resume() {
  apiKey.value = stored(session) || stored(local) || "";
  takeFragmentKey();
}

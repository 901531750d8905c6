// Sends a write again when nobody said what became of it: the same request, with the same key.

export const ATTEMPTS = 3;
const FIRST_WAIT = 400;
const LONGEST_WAIT = 5000;

/** A new idempotency key. `randomUUID` is missing where the page came over plain http. */
export function newKey(source = crypto) {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keeps one key for one body, however often it is sent, until it is `forget`-ed. */
export function keyKeeper(draw = newKey) {
  let kept = { body: null, key: "" };
  return {
    keyFor(body) {
      const text = JSON.stringify(body);
      if (kept.body !== text) kept = { body: text, key: draw() };
      return kept.key;
    },
    forget() {
      kept = { body: null, key: "" };
    },
  };
}

function isWorthRepeating(error) {
  return error.unreachable || error.code === "idempotency_in_progress";
}

/** Milliseconds before attempt `next`: what the server asks for, else longer each time. */
export function waitBefore(next, retryAfter, chance = Math.random) {
  const asked = Number(retryAfter) * 1000;
  if (asked > 0) return Math.min(asked, LONGEST_WAIT);
  return FIRST_WAIT * 2 ** (next - 2) * (0.75 + chance() / 2);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The answer of `send(attempt)`, tried up to ATTEMPTS times while it is unknown what became of it. */
export async function repeat(send, wait = pause) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(attempt);
    } catch (error) {
      // An attempt before, whose answer nobody heard, may be what made the version another one.
      if (error.status === 412 && attempt > 1) throw new error.constructor(0);
      if (!isWorthRepeating(error) || attempt === ATTEMPTS) throw error;
      await wait(waitBefore(attempt + 1, error.retryAfter));
    }
  }
}

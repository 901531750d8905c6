// The picture of the world: fetched when it is first shown, and once.
import { signal } from "../html.js";

export const world = signal(null);
let asked = false;

/** Asks for it; who has no picture still has the list beside it, so nothing is said when it fails. */
export async function askWorld() {
  if (asked) return;
  asked = true;
  try {
    const answer = await fetch(new URL("../../world.json", import.meta.url));
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    world.value = await answer.json();
  } catch {
    asked = false;
  }
}

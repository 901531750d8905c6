// Deleting with undo. A delete is final on the server, so each is held back while it can be undone.
import { outcome } from "../problems.js";
import { hide, reread } from "./links.js";
import { api } from "./session.js";
import { dismiss, fail, show } from "./toasts.js";

const HELD_FOR = 6000;

/** The deletes that are held back, by slug: {toast, through}; `through` is the API with the key of then. */
const held = new Map();

async function send(slug, through, keepalive) {
  try {
    await through.deleteLink(slug, keepalive);
  } catch (error) {
    if (error.status === 404) return;
    hide(slug, false);
    fail(outcome(slug, "deleted", error));
    reread(slug, error);
  }
}

function undo(slug) {
  held.delete(slug);
  hide(slug, false);
}

function commit(slug, keepalive = false) {
  const { toast, through } = held.get(slug);
  held.delete(slug);
  dismiss(toast);
  send(slug, through, keepalive);
}

/** Sends every delete that is held back; `keepalive` lets them outlive the page. */
export function commitAll(keepalive = false) {
  [...held.keys()].forEach((slug) => commit(slug, keepalive));
}

export function remove({ slug }) {
  hide(slug, true);
  const toast = show({
    text: `${slug} will be deleted`,
    counts: true,
    lasts: HELD_FOR,
    action: { label: "Undo", run: () => undo(slug) },
    onEnd: () => commit(slug),
  });
  held.set(slug, { toast, through: api.value });
}

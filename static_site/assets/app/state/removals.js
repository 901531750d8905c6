// Deleting with undo. A delete is final on the server, so it is held back while it can be undone.
import { signal } from "../html.js";
import { sentence } from "../problems.js";
import { hide } from "./links.js";
import { api } from "./session.js";
import { dismiss, fail, show } from "./toasts.js";

const HELD_FOR = 6000;

/** The delete that is being held back, if any: {link, toast}. */
export const held = signal(null);

async function send(link, keepalive) {
  try {
    await api.value.deleteLink(link.slug, keepalive);
  } catch (error) {
    if (error.status === 404) return;
    hide(link.slug, false);
    fail(`${link.slug} was not deleted. ${sentence(error)}`);
  }
}

function undo() {
  const { link } = held.value;
  held.value = null;
  hide(link.slug, false);
}

/** Sends the delete that is held back; `keepalive` lets it outlive the page. */
export function commit(keepalive = false) {
  if (!held.value) return;
  const { link, toast } = held.value;
  held.value = null;
  dismiss(toast);
  send(link, keepalive);
}

export function remove(link) {
  commit();
  hide(link.slug, true);
  const toast = show({
    text: `${link.slug} will be deleted`,
    counts: true,
    lasts: HELD_FOR,
    action: { label: "Undo", run: undo },
    onEnd: () => commit(),
  });
  held.value = { link, toast };
}

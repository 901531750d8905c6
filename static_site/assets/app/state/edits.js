// Changes to a link from its row: shown at once, sent in order, taken back when they fail.
import { stateOf } from "../pages.js";
import { outcome } from "../problems.js";
import { put, reread } from "./links.js";
import { api } from "./session.js";
import { dismiss, fail, show } from "./toasts.js";

const queues = new Map();

/** Runs `job` after the earlier ones for the same slug: an undo must not overtake its deed. */
function inOrder(slug, job) {
  const next = (queues.get(slug) ?? Promise.resolve()).then(job, job);
  queues.set(slug, next);
  next.finally(() => queues.get(slug) === next && queues.delete(slug)).catch(() => {});
  return next;
}

async function send(link, change) {
  const expected = { ...link, ...change };
  put({ ...expected, state: stateOf(expected) });
  try {
    const { link: saved } = await inOrder(link.slug, () => api.value.editLink(link.slug, change));
    put(saved);
    return true;
  } catch (error) {
    put(link);
    fail(outcome(link.slug, "changed", error));
    reread(link.slug, error);
    return false;
  }
}

function toggle(link, field, on, off) {
  const value = !link[field];
  const changed = send(link, { [field]: value });
  const undo = () => send({ ...link, [field]: value }, { [field]: !value });
  const id = show({ text: `${link.slug} ${value ? on : off}`, action: { label: "Undo", run: undo } });
  return changed.then((done) => done || dismiss(id));
}

export const toggleDisabled = (link) => toggle(link, "disabled", "is disabled", "is enabled again");
export const toggleArchived = (link) => toggle(link, "archived", "is archived", "is back in the list");

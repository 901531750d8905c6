// Which link the edit dialog shows; apart from the dialog so that whoever opens it needs no dialog.
import { signal } from "../html.js";

export const editing = signal(null);

let typed = null;

/** What was typed in a dialog that went away without being closed, as it does when the key is refused. */
export const unsaved = () => typed;

export function keep(form, base) {
  typed = { form, base };
}

export function openEditor(link) {
  typed = null;
  editing.value = link;
}

export function closeEditor() {
  editing.value = null;
}

// Which link the edit dialog shows; apart from the dialog so that whoever opens it needs no dialog.
import { signal } from "../html.js";

export const editing = signal(null);

export function openEditor(link) {
  editing.value = link;
}

export function closeEditor() {
  editing.value = null;
}

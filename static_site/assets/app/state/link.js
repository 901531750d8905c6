// The link that a page of stats is of: read when the page opens, and again after it was edited there.
import { useEffect, useState } from "../html.js";
import { editing } from "./editing.js";
import { api } from "./session.js";

/** The link of a slug; null before it came, and where it can't be read. */
export function useLink(slug) {
  const [link, setLink] = useState(null);
  const edited = Boolean(editing.value);
  useEffect(() => {
    if (!slug || edited) return undefined;
    let left = false;
    api.value.getLink(slug).then((answer) => left || setLink(answer.link), () => {});
    return () => (left = true);
  }, [slug, edited]);
  return link;
}

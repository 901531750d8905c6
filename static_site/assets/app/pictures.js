// Pictures that came with a key: how they are shown, saved, and asked for.

function digitsOf(text) {
  return /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
}

/** The parameters of a code for the choices made. */
export function qrStyle({ dark, light, see_through: seeThrough, error, logo_space: logoSpace, size }, format = "svg") {
  const style = { dark, light: seeThrough ? "transparent" : light, error, logo_space: logoSpace };
  return { ...style, format, size };
}

/** Sentences by field for colours that are not finished: those need no answer of the API's. */
export function unfinished({ dark, light, see_through: seeThrough }) {
  const wrong = Object.entries({ dark, light: seeThrough ? "#fff" : light }).filter(([, text]) => !digitsOf(text));
  return Object.fromEntries(wrong.map(([name]) => [name, "A colour is #rgb or #rrggbb."]));
}

/** An address for `img`: the CSP allows data: and not blob:. */
export function dataUrl(svg) {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** What a colour input can show of a typed colour: it knows #rrggbb and nothing else. */
export function fullColour(text) {
  const digits = digitsOf(text) ?? "000000";
  return `#${digits.length === 6 ? digits : digits.replace(/./g, "$&$&")}`.toLowerCase();
}

/** Saves a file as if the person had clicked a link to it. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href, download: name }).click();
  // Not at once: the browser has only begun to read it.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

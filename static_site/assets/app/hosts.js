// Decodes IDN host names (punycode, RFC 3492) and spots names that mix look-alike scripts.

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;

function adapt(delta, points, first) {
  let rest = Math.floor(delta / (first ? 700 : 2));
  rest += Math.floor(rest / points);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + 38));
}

function digit(character) {
  const code = character.toLowerCase().charCodeAt(0);
  if (code >= 97 && code <= 122) return code - 97;
  if (code >= 48 && code <= 57) return code - 22;
  throw new RangeError("not a punycode digit");
}

/** The text of one label after its `xn--`; throws RangeError when it is not punycode. */
export function decodeLabel(encoded) {
  const cut = encoded.lastIndexOf("-");
  const output = cut > 0 ? [...encoded.slice(0, cut)].map((c) => c.codePointAt(0)) : [];
  let [n, i, bias, position] = [128, 0, 72, cut > 0 ? cut + 1 : 0];
  while (position < encoded.length) {
    const before = i;
    for (let weight = 1, k = BASE; ; k += BASE) {
      if (position >= encoded.length) throw new RangeError("punycode ends too early");
      const value = digit(encoded[position++]);
      i += value * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (value < threshold) break;
      weight *= BASE - threshold;
    }
    const length = output.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

/** The host with every `xn--` label decoded; a label that can't be decoded stays as it is. */
export function toUnicode(host) {
  const decode = (label) => {
    if (!label.startsWith("xn--")) return label;
    try {
      return decodeLabel(label.slice(4));
    } catch {
      return label;
    }
  };
  return host.split(".").map(decode).join(".");
}

const SCRIPTS = {
  latin: /\p{Script=Latin}/u,
  cyrillic: /\p{Script=Cyrillic}/u,
  greek: /\p{Script=Greek}/u,
  armenian: /\p{Script=Armenian}/u,
};
// Cyrillic letters that pass for Latin ones: a whole label of them needs no second script to fool.
const LOOK_ALIKE = /^[аеорсухіјԁһѕԛԝӏ0-9-]+$/u;

/** True when a label could pass for another: mixed scripts, or Cyrillic that reads as Latin. */
export function mixesScripts(host) {
  return host.split(".").some((label) => {
    const used = Object.values(SCRIPTS).filter((script) => script.test(label));
    return used.length > 1 || (SCRIPTS.cyrillic.test(label) && LOOK_ALIKE.test(label));
  });
}

// The one door to the vendored libraries: every other module imports from here.
import { h, render, Fragment } from "../vendor/preact-11.2.0.mjs";
import htm from "../vendor/htm-3.1.1.mjs";

export { useEffect, useId, useLayoutEffect, useRef, useState } from "../vendor/preact-hooks-11.2.0.mjs";
export { batch, computed, effect, signal } from "../vendor/preact-signals-2.11.4.mjs";
export { Fragment, render };

export const html = htm.bind(h);

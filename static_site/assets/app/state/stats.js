// Stats as they are shown: loaded for the days chosen, and again while people look at them.
import { useEffect, useState } from "../html.js";
import { statQuery } from "../spans.js";
import { api } from "./session.js";

const AGAIN = 10_000;

/** Calls back every so often while the page can be seen, and at once when it is seen again. */
export function useWhileSeen(task, every, keys) {
  useEffect(() => {
    const tick = () => document.visibilityState === "visible" && task();
    const timer = setInterval(tick, every);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, keys);
}

/** {stats, error, waiting}: what was loaded last stays until something newer came. */
export function useStats(slug, span) {
  const [state, setState] = useState({ stats: null, error: null, waiting: true });
  const asked = JSON.stringify(span);
  const ask = async (signal, again = false) => {
    try {
      const stats = await api.value.stats(slug, statQuery(span), signal);
      setState({ stats, error: null, waiting: false });
    } catch (error) {
      // What is on the screen is as true as it was; the next look may tell more.
      if (error.name !== "AbortError") setState((last) => (again && last.stats ? last : { ...last, error, waiting: false }));
    }
  };
  const load = () => {
    const left = new AbortController();
    setState((last) => ({ ...last, waiting: true }));
    ask(left.signal);
    return () => left.abort();
  };
  useEffect(load, [slug, asked]);
  useWhileSeen(() => ask(undefined, true), AGAIN, [slug, asked]);
  return { ...state, retry: load };
}

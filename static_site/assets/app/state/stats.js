// Stats as they are shown: loaded for the days chosen, and again while people look at them.
import { useEffect, useState } from "../html.js";
import { beforeQuery, statQuery } from "../spans.js";
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

/** The points of the days before; the sum of them is told without, so a failure costs the line alone. */
async function pointsBefore(slug, stats, signal) {
  if (!stats.compared?.clicks) return null;
  try {
    return (await api.value.stats(slug, beforeQuery(stats), signal)).series;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

/**
 * {stats, before, error, late, waiting}: what was loaded last stays until something newer came, and
 * is `late` when that did not.
 */
export function useStats(slug, span) {
  const [state, setState] = useState({ stats: null, before: null, error: null, late: false, waiting: true });
  const asked = JSON.stringify(span);
  const ask = async (signal, again = false) => {
    try {
      const stats = await api.value.stats(slug, statQuery(span), signal);
      const before = await pointsBefore(slug, stats, signal);
      setState({ stats, before, error: null, late: false, waiting: false });
    } catch (error) {
      if (error.name === "AbortError") return;
      // What is on the screen is as true as it was; the next look may tell more.
      setState((last) => (again && last.stats ? { ...last, late: true } : { ...last, error, waiting: false }));
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

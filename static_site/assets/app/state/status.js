// What the service says of itself: of its region, and on one machine of every part of the stack.
import { useEffect, useState } from "../html.js";
import { useWhileSeen } from "./stats.js";

const AGAIN = 2000;
const PATIENCE = 5000;
// Only one machine has it; where it is not, it is not asked for again.
let local = true;

async function json(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  return { status: response.status, body: isJson ? await response.json() : null };
}

async function askHealth() {
  const { body } = await json("/api/v1/health");
  return body?.checks ? body : null;
}

async function askStack() {
  if (!local) return null;
  const { status, body } = await json("/_local/status");
  if (status === 404) local = false;
  return body?.regions ? body : null;
}

/** {health, stack, at}: `health` is null when nobody answers, `stack` where there is no such page. */
export function useStatus() {
  const [state, setState] = useState({ at: null, health: null, stack: null });
  const ask = async () => {
    const [health, stack] = await Promise.all([askHealth().catch(() => null), askStack().catch(() => null)]);
    setState({ at: new Date().toISOString(), health, stack });
  };
  useEffect(() => void ask(), []);
  useWhileSeen(ask, AGAIN, []);
  return state;
}

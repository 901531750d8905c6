// Talks to the REST API: one function per endpoint, one error class for whatever goes wrong.
import { newKey, repeat } from "./attempts.js";

const BASE = "/api/v1";

/** Anything but a 2xx answer; `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(status, problem = {}, retryAfter = "") {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
    this.code = problem.code ?? "";
    this.detail = problem.detail ?? "";
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
  }

  /** True when the write may or may not have been done: nobody said no. */
  get unreachable() {
    return [0, 502, 503, 504].includes(this.status);
  }
}

async function problemOf(response) {
  const type = response.headers.get("Content-Type") ?? "";
  return type.includes("json") ? response.json().catch(() => ({})) : {};
}

function requestOf(method, key, { body, ifMatch, idempotencyKey, attempt, signal, keepalive, accept = "application/json", cache = "no-store" }) {
  const headers = { Authorization: `Bearer ${key}`, Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (ifMatch) headers["If-Match"] = ifMatch;
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  // The edge sends the second attempt to the second nearest region, and so on.
  if (attempt > 1) headers["Everhop-Attempt"] = String(attempt);
  return { method, headers, signal, keepalive, body: body && JSON.stringify(body), cache };
}

async function send(fetcher, method, path, key, options = {}) {
  let response;
  try {
    response = await fetcher(BASE + path, requestOf(method, key, options));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
  if (!response.ok) {
    const retryAfter = response.headers.get("Retry-After") ?? "";
    throw new ApiError(response.status, await problemOf(response), retryAfter);
  }
  return response;
}

function linkPath(slug) {
  return `/links/${encodeURIComponent(slug)}`;
}

/** The query string of a page of the list; what is empty is left out. */
export function listQuery({ limit = 50, cursor, q, tag, archived = false }) {
  const query = new URLSearchParams({ limit, archived });
  if (cursor) query.set("cursor", cursor);
  if (q) query.set("q", q);
  if (tag) query.set("tag", tag);
  return query.toString();
}

function statPath(slug, query) {
  return `${slug ? linkPath(slug) : ""}/stats?${new URLSearchParams(query)}`;
}

async function linkOf(response) {
  const link = await response.json();
  return { link, etag: response.headers.get("ETag") ?? `"v${link.version}"` };
}

/** The API as seen with one key; `fetcher` and `wait` are parameters so that tests need neither. */
export function connect(key, fetcher = (...args) => fetch(...args), wait = undefined) {
  const call = (method, path, options) => send(fetcher, method, path, key, options);
  const write = (method, path, options) =>
    repeat((attempt) => call(method, path, { ...options, attempt }), wait);
  return {
    listLinks: async (filter, signal) =>
      (await call("GET", `/links?${listQuery(filter)}`, { signal })).json(),
    getLink: async (slug) => linkOf(await call("GET", linkPath(slug))),
    createLink: async (body, idempotencyKey = newKey()) =>
      linkOf(await write("POST", "/links", { body, idempotencyKey })),
    // "*" is any version: said aloud, as a deployment may require that a change names one.
    editLink: async (slug, body, ifMatch = "*") =>
      linkOf(await write("PATCH", linkPath(slug), { body, ifMatch })),
    deleteLink: async (slug, keepalive = false) => {
      await write("DELETE", linkPath(slug), { keepalive, ifMatch: "*" });
    },
    // Without a slug those of all links. What has not changed is not sent again.
    stats: async (slug, query, signal) =>
      (await call("GET", statPath(slug, query), { signal, cache: "no-cache" })).json(),
    statSheet: async (slug, query) =>
      (await call("GET", statPath(slug, { ...query, format: "csv" }), { accept: "text/csv" })).blob(),
    eraseStats: async (slug) => {
      await write("DELETE", `${linkPath(slug)}/stats`);
    },
    qrCode: async (slug, style, signal) =>
      (await call("GET", `${linkPath(slug)}/qr?${new URLSearchParams(style)}`, { signal, accept: "image/*" })).blob(),
  };
}

// Facts about the dashboard's pure modules: addresses, hosts, times, forms, pages, errors.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, connect, listQuery } from "../../static_site/assets/app/api.js";
import { keyKeeper, newKey, waitBefore } from "../../static_site/assets/app/attempts.js";
import * as changes from "../../static_site/assets/app/changes.js";
import { decodeLabel, mixesScripts, toUnicode } from "../../static_site/assets/app/hosts.js";
import { beside, isPlain, marksOf } from "../../static_site/assets/app/marks.js";
import * as pages from "../../static_site/assets/app/pages.js";
import { explain, fieldOf, outcome, writeSentence } from "../../static_site/assets/app/problems.js";
import { inWords, relative, toLocalInput, toUtc } from "../../static_site/assets/app/times.js";
import { splitDestination, splitShortUrl, withScheme } from "../../static_site/assets/app/urls.js";

const LINK = {
  slug: "promo", short_url: "https://go.example/promo", destination: "https://example.com/x", title: "Promo",
  notes: null, tags: ["sale"], status: 302, expires_at: "2026-12-01T10:00:30Z", starts_at: null,
  forward_query: false, query_winner: "destination", has_password: true, max_clicks: null, max_clicks_exact: false, disabled: false, archived: false, state: "active",
  created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z", version: 3,
};

test("input without a scheme gets https://, input with one is left alone", () => {
  assert.equal(withScheme(" example.com/x "), "https://example.com/x");
  assert.equal(withScheme("localhost:8080/x"), "https://localhost:8080/x");
  assert.equal(withScheme("http://example.com"), "http://example.com");
  assert.equal(withScheme("mailto:a@example.com"), "mailto:a@example.com");
  assert.equal(withScheme("//example.com"), "//example.com");
  assert.equal(withScheme("  "), "");
});

test("a destination is split into a host and the rest", () => {
  const parts = splitDestination("https://example.com/a?b=1#c");
  assert.deepEqual([parts.host, parts.path, parts.unicode], ["example.com", "/a?b=1#c", ""]);
  assert.equal(splitDestination("https://example.com/").path, "");
  assert.equal(splitDestination("http://example.com").insecure, true);
  assert.equal(splitDestination("not an address").host, "not an address");
});

test("characters that hide or reorder text are not shown", () => {
  assert.equal(splitDestination("https://example.com/a\u202egpj.exe\u200b").path, "/agpj.exe");
});

test("a short URL is split before its slug", () => {
  assert.deepEqual(splitShortUrl("https://go.example/promo"), { base: "go.example/", slug: "promo" });
});

test("punycode labels are decoded as in RFC 3492", () => {
  assert.equal(decodeLabel("mnchen-3ya"), "münchen");
  assert.equal(decodeLabel("ihqwcrb4cv8a8dqg056pqjye"), "他们为什么不说中文");
  assert.equal(decodeLabel("b1abfaaepdrnnbgefbadotcwatmq2g4l"), "почемужеонинеговорятпорусски");
  assert.equal(toUnicode("www.xn--mnchen-3ya.de"), "www.münchen.de");
  assert.equal(toUnicode("xn--?.de"), "xn--?.de");
});

test("hosts that pass for others are spotted", () => {
  assert.equal(mixesScripts("ex\u0430mple.com"), true);
  assert.equal(mixesScripts(toUnicode("xn--80ak6aa92e.com")), true);
  assert.equal(mixesScripts("münchen.de"), false);
  assert.equal(mixesScripts("пример.рф"), false);
});

test("times are told relative to now", () => {
  const now = Date.parse("2026-05-10T12:00:00Z");
  assert.equal(relative("2026-05-10T11:59:30Z", now), "just now");
  assert.equal(relative("2026-05-10T09:00:00Z", now), "3 hours ago");
  assert.equal(relative("2026-05-12T12:00:00Z", now), "in 2 days");
});

test("a local time goes to UTC and back", () => {
  assert.equal(toUtc(toLocalInput("2026-12-01T10:00:00Z")), "2026-12-01T10:00:00Z");
  assert.equal(toUtc(""), null);
  assert.equal(toLocalInput(null), "");
});

test("a create sends what was filled in and nothing else", () => {
  const form = { ...changes.EMPTY, destination: "example.com", slug: " promo ", title: "  ", tags: ["a"] };
  assert.deepEqual(changes.toCreate(form), { destination: "https://example.com", slug: "promo", tags: ["a"] });
});

test("an edit sends what changed, and null for what was cleared", () => {
  const base = changes.toForm(LINK);
  assert.deepEqual(changes.toPatch(base, base), {});
  const form = { ...base, title: "", tags: [], status: "301", expires_at: "" };
  const patch = { title: null, tags: null, status: 301, expires_at: null };
  assert.deepEqual(changes.toPatch(form, base), patch);
});

test("a password is kept unless another is typed or it is removed", () => {
  const base = changes.toForm(LINK);
  assert.equal(base.password, "");
  assert.deepEqual(changes.toPatch({ ...base, title: "T" }, base), { title: "T" });
  assert.deepEqual(changes.toPatch({ ...base, password: " sesame " }, base), { password: " sesame " });
  assert.deepEqual(changes.toPatch({ ...base, password: null }, base), { password: null });
  const form = { ...changes.EMPTY, destination: "https://example.com", password: "sesame" };
  assert.equal(changes.toCreate(form).password, "sesame");
});

test("a limit of clicks is sent as a number, and what is none as it was typed", () => {
  const base = changes.toForm({ ...LINK, max_clicks: 5 });
  const sent = (text) => changes.toPatch({ ...base, max_clicks: text }, base);
  assert.deepEqual([sent("5"), sent("10"), sent(""), sent("many")],
    [{}, { max_clicks: 10 }, { max_clicks: null }, { max_clicks: "many" }]);
});

test("seconds that the time field can't show are kept when it isn't touched", () => {
  const base = changes.toForm(LINK);
  assert.deepEqual(changes.toPatch({ ...base, title: "New" }, base), { title: "New" });
  // What the form does not show is not sent, and so stays: rules, UTM fields, whatever comes next.
  const ruled = changes.toForm({ ...LINK, rules: [{ if: {}, destination: "https://e.example/" }], forward_path: true });
  assert.deepEqual(changes.toPatch({ ...ruled, title: "New" }, ruled), { title: "New" });
});

test("what was typed is laid over a newer version", () => {
  const base = changes.toForm(LINK);
  const newer = { ...base, title: "Theirs", notes: "Theirs" };
  const rebased = changes.rebase({ ...base, title: "Mine" }, base, newer);
  assert.deepEqual([rebased.title, rebased.notes], ["Mine", "Theirs"]);
});

test("tags are split at commas, trimmed and not doubled", () => {
  assert.deepEqual(changes.addTags(["a"], " b , a,, c"), ["a", "b", "c"]);
});

test("short pages are followed until there is a screenful", async () => {
  const served = { start: [1, "b"], b: [0, "c"], c: [2, "d"], d: [9, null] };
  const asked = [];
  const fetchPage = async (cursor) => {
    asked.push(cursor);
    const [count, next] = served[cursor];
    return { links: Array(count).fill(LINK), next_cursor: next };
  };
  assert.equal(await pages.follow(fetchPage, "start", 3, () => {}), "d");
  assert.deepEqual(asked, ["start", "b", "c"]);
});

test("a link is merged in its place, or on top; one that comes back goes where its age belongs", () => {
  const at = (slug, day) => ({ ...LINK, slug, created_at: `2026-01-0${day}T00:00:00Z` });
  const list = [at("c", 3), at("a", 1)];
  assert.deepEqual(pages.merged(list, at("d", 4)).map((link) => link.slug), ["d", "c", "a"]);
  assert.deepEqual(pages.merged(list, { ...at("a", 1), version: 9 })[1].version, 9);
  assert.deepEqual(pages.restored(list, at("b", 2)).map((link) => link.slug), ["c", "b", "a"]);
  assert.deepEqual(pages.appended(list, [at("a", 1), at("z", 1)]).map((link) => link.slug), ["c", "a", "z"]);
});

test("a state follows from the link and the time", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const state = (change) => pages.stateOf({ ...LINK, ...change }, now);
  assert.equal(state({}), "active");
  assert.equal(state({ starts_at: "2026-07-01T00:00:00Z" }), "scheduled");
  assert.equal(state({ expires_at: "2026-05-01T00:00:00Z" }), "expired");
  assert.equal(state({ expires_at: "2026-05-01T00:00:00Z", disabled: true }), "disabled");
});

test("errors land on the fields their pointers name", () => {
  const error = new ApiError(422, { errors: [{ pointer: "/tags/2", detail: "Too long." }, { pointer: "", detail: "Odd." }] });
  assert.deepEqual(explain(error, ["tags"]), { fields: { tags: "Too long." }, form: "Odd." });
  assert.equal(fieldOf("/destination"), "destination");
});

test("a taken slug is told with the server's reason, its times as people write them", () => {
  const told = (detail) => explain(new ApiError(409, { code: "slug_taken", detail }), ["slug"]).fields.slug;
  assert.match(told("“x” was deleted and can't be used again until 2027-02-21T12:00:00.5Z."), /^“x” was deleted .* February 21, 2027.*\. Choose/);
  assert.match(told("“2027-02-21” is in use."), /^“2027-02-21” is in use\. Choose/);
  assert.match(told(""), /taken/);
  assert.equal(inWords("No time at all."), "No time at all.");
});

test("a write without an answer is not called failed", () => {
  assert.match(writeSentence(new ApiError(0)), /can't tell/);
  assert.match(writeSentence(new ApiError(504)), /can't tell/);
  assert.match(writeSentence(new ApiError(500, { detail: "Oops." })), /can't tell/);
  assert.match(writeSentence(new ApiError(503)), /Not saved/);
});

test("a deed done from the list is called undone only when somebody said no", () => {
  for (const status of [0, 500, 502, 504]) assert.match(outcome("promo", "deleted", new ApiError(status)), /can't tell whether promo was deleted/);
  assert.match(outcome("promo", "changed", new ApiError(503)), /^promo was not changed\. /);
  assert.equal(outcome("promo", "deleted", new ApiError(403)), "promo was not deleted. Your key isn't allowed to do this.");
});

test("a link that no search found is looked at as generously as the server would", () => {
  const shown = (link, view) => pages.belongs({ ...LINK, ...link }, { q: "", tag: "", archived: false, ...view });
  assert.equal(shown({ title: "Straße der Züge" }, { q: "strasse" }), true);
  assert.equal(shown({ title: "ΟΔΟΣ" }, { q: "οδος" }), true);
  assert.equal(shown({}, { q: "something else" }), false);
  assert.equal(shown({ tags: ["sale"] }, { tag: "SALE" }), true);
  assert.equal(shown({}, { tag: "other" }), false);
  assert.equal(shown({ archived: true }, {}), false);
});

test("the list's query leaves out what is empty", () => {
  assert.equal(listQuery({ limit: 1 }), "limit=1&archived=false");
  assert.equal(listQuery({ q: "a b", tag: "t&u", cursor: "c" }), "limit=50&archived=false&cursor=c&q=a+b&tag=t%26u");
});

test("requests carry the key and the version, and problems become errors", async () => {
  const sent = [];
  const answer = (status, body) => new Response(JSON.stringify(body), {
    status, headers: { "Content-Type": "application/problem+json", ETag: '"v4"' },
  });
  const api = connect("eh_k", async (path, options) => {
    sent.push([path, options.method, options.headers.Authorization, options.headers["If-Match"]]);
    return options.method === "PATCH" ? answer(412, { code: "stale" }) : answer(200, LINK);
  });
  assert.equal((await api.getLink("a/b")).etag, '"v4"');
  await assert.rejects(api.editLink("promo", {}, '"v3"'), (error) => error.status === 412 && error.code === "stale");
  assert.deepEqual(sent, [
    ["/api/v1/links/a%2Fb", "GET", "Bearer eh_k", undefined],
    ["/api/v1/links/promo", "PATCH", "Bearer eh_k", '"v3"'],
  ]);
});

test("no answer at all is an error of status 0", async () => {
  const api = connect("eh_k", async () => { throw new TypeError("fetch failed"); });
  await assert.rejects(api.getLink("promo"), (error) => error.status === 0 && error.unreachable);
});

/** An API whose fetch gives these outcomes in turn (a status, or 0 for silence); what was sent, and waited. */
function failing(...outcomes) {
  const sent = [], waits = [];
  const fetcher = async (path, { method, headers }) => {
    sent.push({ method, key: headers["Idempotency-Key"], attempt: headers["Everhop-Attempt"], match: headers["If-Match"] });
    const [status, body = {}, more = {}] = [outcomes.shift()].flat();
    if (status === 0) throw new TypeError("fetch failed");
    const text = status === 204 ? null : JSON.stringify(status < 300 ? LINK : body);
    return new Response(text, { status, headers: { "Content-Type": "application/problem+json", ...more } });
  };
  return { sent, waits, api: connect("eh_k", fetcher, async (milliseconds) => waits.push(milliseconds)) };
}

test("a write that nobody answered is sent again with the same key and its attempt", async () => {
  for (const trouble of [0, 502, 503, 504, [409, { code: "idempotency_in_progress" }]]) {
    const { api, sent, waits } = failing(trouble, 0, 201);
    assert.equal((await api.createLink({ destination: "https://e.example/" })).link.slug, "promo");
    assert.deepEqual(sent.map((one) => one.attempt), [undefined, "2", "3"]);
    assert.equal(new Set(sent.map((one) => one.key)).size, 1);
    assert.match(sent[0].key, /^[\x21-\x7e]{1,255}$/);
    assert.equal(waits.length, 2);
  }
});

test("after three attempts the last word stands", async () => {
  const { api, sent } = failing(0, 504, 503, 201);
  await assert.rejects(api.createLink({}), (error) => error.status === 503);
  assert.equal(sent.length, 3);
});

test("an answer is not asked for twice", async () => {
  for (const answer of [400, 401, 404, [409, { code: "slug_taken" }], 412, 422, 429, 500]) {
    const { api, sent } = failing(answer, 201);
    await assert.rejects(api.createLink({}));
    assert.equal(sent.length, 1, JSON.stringify(answer));
  }
});

test("a key that made too many requests is told how long to wait", () => {
  const limited = (retryAfter) => writeSentence(new ApiError(429, { code: "rate_limited", detail: "The limit is 600." }, retryAfter));
  assert.equal(limited("23"), "Too many requests. Try again in 23 seconds.");
  for (const unknown of ["", "1", "soon", "0"]) {
    assert.equal(limited(unknown), "Too many requests at once. Wait a moment and try again.");
  }
});

test("edits and deletes are repeated too, and say which version they mean", async () => {
  const edit = failing(503, 200);
  await edit.api.editLink("promo", {}, '"v3"');
  assert.deepEqual(edit.sent.map((one) => [one.match, one.attempt, one.key]), [['"v3"', undefined, undefined], ['"v3"', "2", undefined]]);
  const gone = failing(0, 204);
  await gone.api.deleteLink("promo");
  assert.deepEqual(gone.sent.map((one) => one.match), ["*", "*"]);
  const toggled = failing(200);
  await toggled.api.editLink("promo", {});
  assert.equal(toggled.sent[0].match, "*");
});

test("a version that is gone at the second attempt may have gone with the first: nobody knows", async () => {
  const { api, sent } = failing(504, 412, 200);
  await assert.rejects(api.editLink("promo", {}, '"v3"'), (error) => error.status === 0 && /can't tell/.test(writeSentence(error)));
  assert.equal(sent.length, 2);
});

test("reads are not repeated: who reads can press again", async () => {
  const { api, sent } = failing(503, 200);
  await assert.rejects(api.getLink("promo"));
  assert.equal(sent.length, 1);
});

test("a wait is as long as the server says, within reason, and otherwise grows", async () => {
  assert.equal(waitBefore(2, "2"), 2000);
  assert.equal(waitBefore(2, "86400"), 5000);
  assert.deepEqual([waitBefore(2, "", () => 0.5), waitBefore(3, "soon", () => 0.5)], [400, 800]);
  const { api, waits } = failing([503, {}, { "Retry-After": "3" }], 201);
  await api.createLink({});
  assert.deepEqual(waits, [3000]);
});

test("a key is kept for the body it was drawn for, until the link is made", () => {
  let drawn = 0;
  const keys = keyKeeper(() => `key-${(drawn += 1)}`);
  assert.equal(keys.keyFor({ a: 1 }), "key-1");
  assert.equal(keys.keyFor({ a: 1 }), "key-1");
  assert.equal(keys.keyFor({ a: 2 }), "key-2");
  assert.equal(keys.keyFor({ a: 1 }), "key-3");
  keys.forget();
  assert.equal(keys.keyFor({ a: 1 }), "key-4");
});

test("keys are drawn where there is no randomUUID: a page that came over plain http", () => {
  const plain = { getRandomValues: (bytes) => crypto.getRandomValues(bytes) };
  const keys = new Set(Array.from({ length: 50 }, () => newKey(plain)));
  assert.equal(keys.size, 50);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.match(newKey(), /^[0-9a-f-]{36}$/);
});

test("a link that only leads to its destination has no marks", () => {
  const plain = { ...LINK, has_password: false, rules: [], utm: null, forward_path: false };
  assert.deepEqual(marksOf(plain), []);
  assert.equal(isPlain(plain), true);
  assert.deepEqual(marksOf({ ...plain, max_clicks_exact: true }), []);
  assert.deepEqual(beside(plain), []);
});

test("marks say what else a link does, in few characters and in words", () => {
  const link = { ...LINK, rules: [{}, {}, {}], max_clicks: 1500, utm: { source: "a", term: "b" }, forward_path: true };
  assert.deepEqual(marksOf(link).map((mark) => mark.text), ["Password", "3 rules", "≤ 1,500 clicks", "Path", "UTM"]);
  assert.equal(marksOf(link).at(-1).said, "Adds utm_source, utm_term");
  const [, one, limit] = marksOf({ ...LINK, rules: [{}], max_clicks: 1, max_clicks_exact: true });
  assert.equal(one.text, "1 rule");
  assert.deepEqual([limit.text, limit.said], ["≤ 1 click", "1 click at most, and never one more"]);
});

test("what comes before the destination is said where it is edited", () => {
  const link = { ...LINK, rules: [{}], utm: { source: "a\u202eb" }, forward_path: true };
  assert.deepEqual(beside(link), [
    "1 rule comes before this and may lead visitors elsewhere.",
    "The path that follows the slug is passed on.",
    "Adds utm_source=ab.",
  ]);
  assert.deepEqual([{ rules: [{}] }, { utm: { source: "a" } }, { forward_path: true }].map(isPlain), [false, false, false]);
});

test("exactness goes with its limit, and is left alone where there was none", () => {
  assert.deepEqual(["", " ", "0", "many", "1.5", "12"].map((text) => changes.limited({ max_clicks: text })),
    [false, false, false, false, false, true]);
  const typed = { ...changes.EMPTY, destination: "https://a.example", max_clicks: "", max_clicks_exact: true };
  assert.deepEqual(changes.toCreate(typed), { destination: "https://a.example" });
  const base = changes.toForm({ ...LINK, max_clicks: 5, max_clicks_exact: true });
  assert.deepEqual(changes.toPatch({ ...base, max_clicks: "" }, base), { max_clicks: null, max_clicks_exact: false });
  assert.deepEqual(changes.toPatch({ ...base, max_clicks: "6" }, base), { max_clicks: 6 });
  const idle = changes.toForm({ ...LINK, max_clicks_exact: true });
  assert.deepEqual(changes.toPatch({ ...idle, title: "x" }, idle), { title: "x" });
});

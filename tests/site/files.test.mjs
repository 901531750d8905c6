// Facts about the dashboard's files: what index.html lists, what the strict CSP forbids, what is vendored.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const SITE = resolve(import.meta.dirname, "../../static_site");
const VENDOR = join(SITE, "assets/vendor");
const read = (path) => readFileSync(path, "utf8");
const index = read(join(SITE, "index.html"));
const imports = (source) => [...source.matchAll(/\b(?:from|import)\s*["']([^"'\s]+)["']/g)].map((match) => match[1]);
const files = readdirSync(SITE, { recursive: true }).map((path) => join(SITE, path));
const own = files.filter((path) => path.endsWith(".js"));

function graph(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  imports(read(path)).forEach((specifier) => graph(resolve(dirname(path), specifier), seen));
  return seen;
}

test("the modulepreload list is the import graph, no more and no less", () => {
  const listed = [...index.matchAll(/modulepreload" href="([^"]+)"/g)].map((match) => match[1]);
  const used = [...graph(join(SITE, "assets/app/main.js"))].map((path) => `/${relative(SITE, path)}`);
  assert.deepEqual(listed.toSorted(), used.toSorted());
});

test("every module of the app is used", () => {
  const used = graph(join(SITE, "assets/app/main.js"));
  const idle = own.filter((path) => !used.has(path) && !path.endsWith("early_theme.js"));
  assert.deepEqual(idle, []);
});

test("everything index.html points at exists, and every style sheet is linked", () => {
  const targets = [...index.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(targets.filter((target) => !existsSync(join(SITE, target))), []);
  const sheets = readdirSync(join(SITE, "assets/styles")).map((name) => `/assets/styles/${name}`);
  assert.deepEqual(sheets.filter((sheet) => !targets.includes(sheet)), []);
});

test("nothing is inline: the CSP allows no inline script or style", () => {
  assert.doesNotMatch(index, /<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=/i);
  for (const path of own) assert.doesNotMatch(read(path), /\sstyle="|innerHTML|\beval\(|new Function/, path);
});

test("nothing is asked of another host", () => {
  const sources = [join(SITE, "index.html"), ...files.filter((path) => /\.(js|css)$/.test(path))];
  for (const path of sources) assert.doesNotMatch(read(path), /(?:src|href|url|import|fetch)\W{1,3}https?:/i, path);
});

test("colours are written down in tokens.css only", () => {
  const sheets = files.filter((path) => path.endsWith(".css") && !path.endsWith("tokens.css"));
  for (const path of sheets) assert.doesNotMatch(read(path), /oklch\(|rgba?\(|#[0-9a-f]{3,8}\b(?=[;\s])/i, path);
});

test("vendored modules are what VENDOR.toml says, with their licences, and import relatively", () => {
  const record = read(join(VENDOR, "VENDOR.toml"));
  const hashes = [...record.matchAll(/sha256 = "([0-9a-f]{64})"/g)].map((match) => match[1]);
  const modules = readdirSync(VENDOR).filter((name) => name.endsWith(".mjs"));
  const found = modules.map((name) => createHash("sha256").update(read(join(VENDOR, name))).digest("hex"));
  assert.deepEqual(found.toSorted(), hashes.toSorted());
  for (const name of modules) {
    assert.match(name, /-\d+\.\d+\.\d+\.mjs$/);
    assert.ok(imports(read(join(VENDOR, name))).every((specifier) => specifier.startsWith("./")), name);
  }
  const licences = [...record.matchAll(/licence_file = "([^"]+)"/g)].map((match) => match[1]);
  assert.ok(licences.length > 0 && licences.every((name) => existsSync(join(VENDOR, name))));
});

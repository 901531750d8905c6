// Facts about QR codes in the dashboard: what is asked of the API, and which colours are not finished.
import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../../static_site/assets/app/api.js";
import { dataUrl, fullColour, qrStyle, unfinished } from "../../static_site/assets/app/pictures.js";

const LOOK = { dark: "#123456", light: "#fff", see_through: false, error: "Q", logo_space: "20", size: "1024" };

test("the look chosen becomes the API's parameters", () => {
  const { see_through: _, ...sent } = LOOK;
  assert.deepEqual(qrStyle(LOOK), { ...sent, format: "svg" });
  assert.equal(qrStyle(LOOK, "png").format, "png");
  assert.equal(qrStyle({ ...LOOK, see_through: true }).light, "transparent");
});

test("a code is asked for with the key, and its # is encoded", async () => {
  let asked;
  const answer = new Response("<svg/>", { headers: { "Content-Type": "image/svg+xml" } });
  const api = connect("eh_k", async (url, options) => ((asked = [url, options.headers.Authorization]), answer));
  assert.equal(await (await api.qrCode("a b", { dark: "#123" })).text(), "<svg/>");
  assert.deepEqual(asked, ["/api/v1/links/a%20b/qr?dark=%23123", "Bearer eh_k"]);
});

test("the colour input is given #rrggbb, also while something else is typed", () => {
  assert.equal(fullColour("#A1c"), "#aa11cc");
  assert.equal(fullColour("A1B2C3"), "#a1b2c3");
  assert.equal(fullColour("#12"), "#000000");
});

test("a colour that is not finished is not sent", () => {
  assert.deepEqual(unfinished(LOOK), {});
  assert.deepEqual(Object.keys(unfinished({ ...LOOK, dark: "#12", light: "" })), ["dark", "light"]);
  assert.deepEqual(unfinished({ ...LOOK, light: "", see_through: true }), {});
});

test("a picture's address can't be ended by what is in it", () => {
  assert.equal(dataUrl('<a b="#"/>'), "data:image/svg+xml,%3Ca%20b%3D%22%23%22%2F%3E");
});

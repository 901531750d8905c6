// Runs the CloudFront Function in a context with nothing but what its runtime has, over the table of cases.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';

const secret = 's'.repeat(43);
const script = readFileSync(new URL('../../infra/edge/viewer_request.js', import.meta.url), 'utf8').replace('${OriginSecret}', secret);
const cases = JSON.parse(readFileSync(new URL('./cases.json', import.meta.url), 'utf8'));

function run(uri, {headers = {}, query, slugCase = 'insensitive', method = 'GET'} = {}) {
  const context = vm.createContext({require: (name) => ({crypto: {createHmac}})[name]}, {codeGeneration: {strings: false}});
  vm.runInContext(script.replace('${SlugCase}', slugCase), context);
  const listed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, {value}]));
  const request = {method, uri, querystring: {}, headers: listed, rawQueryString: () => query};
  return context.handler({request, viewer: {ip: '203.0.113.7'}});
}

// What the region is asked, for a path as viewer_request.py spells it.
function asked(path) {
  if (path === '/' || path.startsWith('/api/')) return [path, undefined];
  const [, segment, extra] = /^\/([^/]*)(.*)$/.exec(path);
  const apart = segment.endsWith('~');
  return [`/api/${apart || extra ? 'v' : 'r'}/${apart ? segment.slice(0, -1) : segment}`, extra || undefined];
}

for (const one of cases) {
  test(`both spell alike: ${one.what}`, () => {
    const {uri, headers} = run(one.uri);
    const spelled = one.hop ?? one.to;
    if (spelled === null) {
      assert.equal(uri, one.left);  // the region refuses it
    } else {
      assert.deepEqual([uri, headers['everhop-path']?.value], asked(spelled));
    }
  });
}

test('what a client may not say is gone, and what the edge says is there', () => {
  const forged = Object.fromEntries(['everhop-query', 'everhop-path', 'everhop-edge', 'everhop-device', 'x-forwarded-for', 'forwarded'].map((name) => [name, 'forged']));
  for (const uri of ['/promo', '/api/v1/links']) {
    const {headers} = run(uri, {headers: {...forged, 'everhop-attempt': '2', accept: 'text/html'}, query: 'b=2&a=%20&a=1&é'});
    assert.ok(!JSON.stringify(headers).includes('forged'));
    assert.equal(headers['everhop-query'].value, 'b=2&a=%20&a=1&%C3%A9');
    assert.equal(headers['everhop-address'].value, '203.0.113.7');
    assert.equal(headers['everhop-attempt'].value, '2');
    assert.equal(headers.accept.value, 'text/html');
  }
});

test('the proof is the one that the region expects', () => {
  const before = Math.floor(Date.now() / 300000);
  const said = run('/promo').headers['everhop-edge'].value;
  const expected = [before, before + 1].map((at) => createHmac('sha256', secret).update(`everhop edge ${at}`).digest('hex'));
  assert.ok(expected.includes(said));
});

test('short links have the methods that CloudFront lets through, the API has its own', () => {
  const told = run('/promo', {method: 'OPTIONS'});
  assert.equal(told.statusCode, 204);
  assert.equal(told.headers.allow.value, 'GET, HEAD, OPTIONS');
  assert.equal(run('/api/v/promo', {method: 'OPTIONS'}).uri, '/api/v/promo');
});

test('what visitors say of themselves is cut for a link', () => {
  const headers = {'user-agent': 'a'.repeat(9000), authorization: 'b'.repeat(2000)};
  assert.equal(run('/promo', {headers}).headers['user-agent'].value.length, 1024);
  assert.equal(run('/promo', {headers}).headers.authorization.value.length, 2000);
  assert.equal(run('/api/v1/links', {headers}).headers['user-agent'].value.length, 9000);
});

test('a request without a query has an empty one', () => {
  assert.equal(run('/promo').headers['everhop-query'].value, '');
});

test('case stays where it means something', () => {
  assert.equal(run('/Promo+', {slugCase: 'sensitive'}).uri, '/api/r/Promo+');
});

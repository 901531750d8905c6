// The CloudFront Function for who goes without Lambda@Edge: one spelling for each link, the way to the API, and the proof.
// tests/edge/cases.json is asked of it and of viewer_request.py. What it does not know it leaves to the region as it was
// typed: letters beyond ASCII, and what can be no slug. Only what JavaScript runtime 2.0 has is used, so no for-of.
// viewer_function.yaml has this very text, and CloudFormation puts its parameters in.
const crypto = require('crypto');
const SECRET = '${OriginSecret}';
const IS_CASE_SENSITIVE = '${SlugCase}' === 'sensitive';
const WINDOW_FOR = 300;
// As in viewer_request.py.
const METHODS = {statusCode: 204, statusDescription: 'No Content', headers: {allow: {value: 'GET, HEAD, OPTIONS'}, 'cache-control': {value: 'no-store'}}};
const LONGEST = 1024;
const PLAIN = /^[-_]*[A-Za-z0-9][A-Za-z0-9_-]*$/;

function handler(event) {
  const request = event.request;
  Object.keys(request.headers).filter(isForbidden).forEach(function (name) {
    delete request.headers[name];
  });
  if (request.uri === '/') return request;
  put(request, 'everhop-query', sendable(request.rawQueryString() || ''));
  put(request, 'everhop-address', event.viewer.ip);
  put(request, 'everhop-edge', proof());
  if (request.uri.startsWith('/api/')) return request;
  return request.method === 'OPTIONS' ? METHODS : follow(request);
}

function isForbidden(name) {
  const ours = name.startsWith('everhop-') && name !== 'everhop-attempt';
  return ours || name.startsWith('x-forwarded-') || name === 'forwarded';
}

function follow(request) {
  ['user-agent', 'accept-language', 'x-request-id'].forEach(function (name) {
    const said = request.headers[name];
    if (said) said.value = said.value.slice(0, LONGEST);
  });
  const path = request.uri.replace(/^\/+/, '');
  const segment = path.split('/')[0];
  const rest = path.slice(segment.length);
  const extra = /[^/]/.test(rest) ? rest : '';
  const apart = segment.endsWith('~') && segment.length > 1;
  if (extra) put(request, 'everhop-path', sendable(extra));
  const kind = apart || extra ? 'v' : 'r';
  request.uri = '/api/' + kind + '/' + spell(apart ? segment.slice(0, -1) : segment);
  return request;
}

// As the slug is written in the cache's key.
function spell(segment) {
  const text = decode(segment);
  const mark = text.endsWith('+') ? '+' : '';
  const slug = mark ? text.slice(0, -1) : text;
  // The region has no address without any; this is nobody's.
  if (!PLAIN.test(slug)) return segment || '-';
  return (IS_CASE_SENSITIVE ? slug : slug.toLowerCase()) + mark;
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    return '';
  }
}

// See chalicelib/core/origin_proofs.py.
function proof() {
  const at = Math.floor(Date.now() / 1000 / WINDOW_FOR);
  return crypto.createHmac('sha256', SECRET).update('everhop edge ' + at).digest('hex');
}

function sendable(text) {
  return text.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function put(request, name, value) {
  request.headers[name] = {value: value};
}

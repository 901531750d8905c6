// Asks DAX what standard input says, a JSON line each, with AWS's client, and prints the answers.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [, , endpoint, modules] = process.argv;
const { Dax } = createRequire(`${modules}/`)('@amazon-dax-sdk/client-dax');
const client = new Dax({
  endpoints: [endpoint],
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxRetries: 0,
});

// Bytes are {"bytes": BASE64} on both sides.
const revive = (_, value) => (value?.bytes !== undefined ? Buffer.from(value.bytes, 'base64') : value);
const isBytes = (value) => value instanceof Uint8Array || value?.type === 'Buffer';
const show = (value) => {
  if (isBytes(value)) return { bytes: Buffer.from(value.data ?? value).toString('base64') };
  if (Array.isArray(value)) return value.map(show);
  if (value instanceof Set) return [...value].map(show);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, show(one)]));
};

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, parameters } = JSON.parse(line, revive);
  let answer;
  try {
    answer = await client[operation](parameters);
  } catch (error) {
    answer = { error: error.name, code: error.code ?? null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(show(answer))}\n`);
}
process.exit(0);

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createLocalCore } from '../../local/core.ts';
import { startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { newKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { startWebhooks, type WebhookOptions } from '../../local/webhooks.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { pod, policy, review } from '../e2e/documents.ts';

// Whoever makes a call fail is admitted under failurePolicy Ignore: size must not be a way to make it fail.

/** A review as an API server writes it: Go's encoder writes `<`, `>` and `&` as six bytes each. */
const asSent = (asked: unknown) =>
  JSON.stringify(asked).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

/** A Pod with `count` times `<` in it. */
function large(image: string, count: number) {
  const { spec, ...rest } = pod([image]);
  const containers = spec.containers.map((each) => ({ ...each, env: [{ name: 'LARGE', value: '<'.repeat(count) }] }));
  return { ...rest, spec: { containers } };
}

async function openServer(failurePolicy: 'Fail' | 'Ignore', options: Partial<WebhookOptions> = {}) {
  const registry = await startRegistry();
  const team = newKey();
  const text = policy({ images: `${registry.host}/*`, keys: [team], failurePolicy });
  const { hash, ...set } = loadPolicies([{ name: 'policy.yaml', text }]);
  const counted: string[] = [];
  const core = createLocalCore({ metrics: { count: (name) => counted.push(name) } });
  const server = await startWebhooks({
    core,
    policies: { clusters: new Map([['default', { scopes: scopesOf({ hash, ...set }), hash }]]), warnings: [] },
    address: { host: '127.0.0.1', port: 0 },
    log: () => undefined,
    ...options,
  });
  return {
    registry,
    server,
    counted,
    async image(name: string, signed: boolean) {
      const digest = await makeImage(storeDestination(registry), name, '1', { label: name });
      if (signed) await sign(storeDestination(registry), { repository: name, digest, key: team });
      return `${registry.host}/${name}:1`;
    },
    post: (path: string, body: string | Buffer) => post(`${server.url}${path}`, body),
    async [Symbol.asyncDispose]() {
      await server.close();
      await core.close();
      await registry.close();
    },
  };
}

function post(url: string, body: string | Buffer): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent: false }, (response) => resolve(read(response)));
    call.on('error', reject);
    call.end(body);
  });
}

const answerOf = ({ body }: { body: string }) => (JSON.parse(body) as { response: { allowed: boolean } }).response;

describe.each(['Fail', 'Ignore'] as const)('a review over what a function takes, failurePolicy %s', (failurePolicy) => {
  const purposes = ['mutate', 'validate'] as const;
  const path = (purpose: string) => `/default/${purpose}/${failurePolicy.toLowerCase()}?timeout=10s`;

  test.each(purposes)('900 KB of `<` in a Pod: serve looks at it, %s', async (purpose) => {
    await using world = await openServer(failurePolicy);
    const [signed, unsigned] = [await world.image('signed', true), await world.image('unsigned', false)];
    const denied = answerOf(await world.post(path(purpose), asSent(review(large(unsigned, 900_000)))));
    expect(denied).toMatchObject({ allowed: false, status: { code: 403 } });
    if (purpose === 'validate') return;
    expect(answerOf(await world.post(path(purpose), asSent(review(large(signed, 900_000)))))).toMatchObject({
      allowed: true,
    });
  });

  test('a small update of a Pod with 460 KB of it, old and new', async () => {
    await using world = await openServer(failurePolicy);
    const [signed, unsigned] = [await world.image('signed', true), await world.image('unsigned', false)];
    const update = (image: string) => asSent(review(large(image, 460_000), large(signed, 460_000)));
    expect(answerOf(await world.post(path('mutate'), update(unsigned)))).toMatchObject({
      allowed: false,
      status: { code: 403 },
    });
    expect(answerOf(await world.post(path('mutate'), update(signed)))).toMatchObject({ allowed: true });
  });

  test('an update of a Pod with as many empty objects as are stored: a container that it adds is looked at', async () => {
    await using world = await openServer(failurePolicy);
    const [signed, unsigned] = [await world.image('signed', true), await world.image('unsigned', false)];
    // Two bytes each in etcd, which keeps 1.5 MiB.
    const terms = Array.from({ length: 780_000 }, () => ({}));
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
    const many = (...images: string[]) => {
      const { spec, ...rest } = pod(images);
      return { ...rest, spec: { ...spec, affinity: { nodeAffinity: required } } };
    };
    const update = (image: string) => asSent(review(many(signed, image), many(signed)));
    expect(answerOf(await world.post(path('validate'), update(unsigned)))).toMatchObject({
      allowed: false,
      status: { code: 403 },
    });
    expect(answerOf(await world.post(path('mutate'), update(signed)))).toMatchObject({ allowed: true });
    expect(world.counted).not.toContain('event-too-large');
  });

  test('the most that an API server can send: 27 MB, or 1.5 million values', async () => {
    await using world = await openServer(failurePolicy);
    const unsigned = await world.image('unsigned', false);
    const many = pod([unsigned]);
    const spec = { containers: many.spec.containers.map((each) => ({ ...each, args: Array(750_000).fill('') })) };
    const object = { ...many, spec };
    for (const asked of [review(large(unsigned, 3_000_000), large(unsigned, 1_500_000)), review(object, object)]) {
      // The image itself is as it was before, and skipped for that: the call does not fail.
      expect(answerOf(await world.post(path('mutate'), asSent(asked)))).toMatchObject({ allowed: true });
    }
    expect(world.counted).not.toContain('event-too-large');
    expect(answerOf(await world.post(path('mutate'), asSent(review(object))))).toMatchObject({ allowed: false });
  });
});

describe('a function takes no such review', () => {
  test.each(['http-api', 'rest-api'] as const)('by what docs/deploy.md says, events of a %s', async (shape) => {
    await using world = await openServer('Fail', { shape });
    const unsigned = await world.image('unsigned', false);
    const ask = (asked: unknown) => world.post('/mutate?timeout=10s', asSent(asked));
    const docs = await readFile(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
    const [, one, both] = /(\d+) KB of `<` in a new object, or (\d+) KB in an object that is updated/.exec(docs) ?? [];
    const [created, updated] = [Number(one) * 1000, Number(both) * 1000];
    const update = (count: number) => review(large(unsigned, count), large('registry.example/before:1', count));
    expect((await ask(review(large(unsigned, created)))).status).toBe(413);
    expect((await ask(update(updated))).status).toBe(413);
    expect(world.counted).toEqual(['event-too-large', 'event-too-large']);
    expect((await ask(review(large(unsigned, created - 2000)))).status).toBe(200);
    expect((await ask(update(updated - 2000))).status).toBe(200);
  });
});

describe('what serve reads of a body is bounded', () => {
  const most = 32 * 1024 * 1024;

  test('over 32 MiB: 413, whether it says so or not, and nothing is kept', async () => {
    await using world = await openServer('Ignore');
    expect(
      (await declared(world.server.port, `content-length: ${most + 1}`, '/mutate', ' '.repeat(2000))).split('\r\n', 1),
    ).toEqual(['HTTP/1.1 413 Payload Too Large']);
    const { status, body } = await chunked(`${world.server.url}/mutate`, most + 1);
    expect(status).toBe(413);
    expect(body).toBe(`the body is over ${most} bytes`);
    expect(world.counted).toEqual(['event-too-large', 'event-too-large']);
  });

  test.each<[string, string, string]>([
    ['objects', '{},', '{}'],
    ['objects in objects', '{"":{}},', '{}'],
    ['lists', '[],', '[]'],
    ['names', '', '{}'],
    ['levels', '[', ']'.repeat(2_500_000)],
  ])('over 2.4 million values, %s: 413 before any is made; as text they are read', async (what, part, end) => {
    await using world = await openServer('Ignore');
    const names = Array.from({ length: 2_500_000 }, (_, index) => `"${index.toString(36)}":0`);
    const inner =
      what === 'names'
        ? `{${names.join()}}`
        : what === 'levels'
          ? part.repeat(2_500_000) + end
          : `[${part.repeat(2_500_000)}${end}]`;
    const { status, body } = await world.post('/mutate', inner);
    expect([status, body]).toEqual([413, 'the body holds over 2400000 JSON values']);
    const asked = review(pod([await world.image('signed', true)]));
    const text = JSON.stringify({ ...asked, text: inner.replaceAll('"', "'") });
    expect(answerOf(await world.post('/mutate?timeout=10s', text))).toMatchObject({ allowed: true });
  });

  test.each(['mutate', 'validate'])(
    'a review over the bounds is read off and denied: its call does not fail, %s',
    async (purpose) => {
      await using world = await openServer('Ignore');
      const asked = JSON.stringify(review(pod([await world.image('signed', true)])));
      const stuffed = (status: string) => `${asked.slice(0, -2)},"status":${status}}}`;
      for (const body of [stuffed(`[${'"",'.repeat(2_500_000)}""]`), stuffed(`"${'x'.repeat(most)}"`)]) {
        const answer = answerOf(await world.post(`/default/${purpose}/ignore?timeout=10s`, body));
        expect(answer).toMatchObject({
          uid: expect.any(String),
          allowed: false,
          status: { code: 403, message: expect.stringContaining('invalid (object-malformed): the body') },
        });
      }
      const small = stuffed('[""]');
      expect(answerOf(await world.post(`/default/${purpose}/ignore?timeout=10s`, small))).toMatchObject({
        allowed: purpose === 'mutate',
      });
    },
  );

  test('a connection that nobody uses is kept for longer than an API server keeps it', async () => {
    await using world = await openServer('Ignore');
    const head = await new Promise<IncomingMessage>((resolve) => {
      request(`${world.server.url}/healthz`, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) }, resolve).end();
    });
    const [, seconds] = /timeout=(\d+)/.exec(String(head.headers['keep-alive'])) ?? [];
    expect(Number(seconds)).toBeGreaterThan(90);
    head.destroy();
  });

  test('large ones at once wait for each other, and a review of common size waits for none of them', async () => {
    await using world = await openServer('Ignore');
    const signed = await world.image('signed', true);
    const held = await Promise.all(Array.from({ length: 4 }, () => open(world.server.port, `content-length: ${most}`)));
    const gone = await open(world.server.port, `content-length: ${most}`);
    const waiting = world.post('/mutate?timeout=10s', asSent(review(large(signed, 100_000))));
    let answered = false;
    void waiting.finally(() => {
      answered = true;
    });
    expect(answerOf(await world.post('/mutate?timeout=10s', JSON.stringify(review(pod([signed])))))).toMatchObject({
      allowed: true,
    });
    expect(answered).toBe(false);
    // A caller who goes away gives back what was kept for it.
    gone.destroy();
    held[0]?.destroy();
    expect(answerOf(await waiting)).toMatchObject({ allowed: true });
    for (const each of held) each.destroy();
  });

  const token = 'a-token-of-mine';

  test.each([
    ['/mutate', '401 Unauthorized'],
    ['/mutate/another-token', '401 Unauthorized'],
    ['/elsewhere', '404 Not Found'],
  ])(
    'whoever is not let in, %s, is answered before a byte of a body is read, whatever its size',
    async (path, status) => {
      await using world = await openServer('Fail', { token });
      const expected = new RegExp(`^HTTP/1.1 ${status}\r\n`);
      for (const header of [`content-length: ${most}`, 'transfer-encoding: chunked']) {
        expect(await declared(world.server.port, header, path)).toMatch(expected);
      }
      // The connection of a small body goes on: what comes of it is thrown away, and the next call is another's.
      const socket = begin(world.server.port, 'content-length: 1000', path);
      const next = () => once(socket, 'data').then(String);
      expect(await next()).toMatch(expected);
      const body = JSON.stringify(review(pod([await world.image('unsigned', false)])));
      const length = Buffer.byteLength(body);
      const call = `POST /mutate/${token} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n${body}`;
      socket.write('x'.repeat(1000) + call);
      expect(await next()).toMatch(/^HTTP\/1.1 200 OK\r\n.*"allowed":false/s);
      socket.destroy();
    },
  );

  test('whoever has the token is served, large and small', async () => {
    await using world = await openServer('Fail', { token });
    const signed = await world.image('signed', true);
    for (const count of [1, 100_000]) {
      const asked = asSent(review(large(signed, count)));
      expect(answerOf(await world.post(`/mutate/${token}?timeout=10s`, asked))).toMatchObject({ allowed: true });
    }
  });

  test('small ones at once share 64 MiB; one that goes away gives its share back, be it read or not', async () => {
    await using world = await openServer('Ignore');
    const signed = await world.image('signed', true);
    const asked = JSON.stringify(review(pod([signed])));
    const share = `content-length: ${256 * 1024}`;
    const held = await Promise.all(Array.from({ length: 256 }, () => open(world.server.port, share)));
    // Here whole, and not read.
    const gone = begin(world.server.port, `content-length: ${asked.length}`);
    gone.write(asked);
    let answered = false;
    const waiting = world.post('/mutate?timeout=10s', asked).finally(() => {
      answered = true;
    });
    // Large ones have room of their own.
    expect(answerOf(await world.post('/mutate?timeout=10s', asSent(review(large(signed, 100_000)))))).toMatchObject({
      allowed: true,
    });
    expect(answered).toBe(false);
    gone.destroy();
    held.pop()?.destroy();
    expect(answerOf(await waiting)).toMatchObject({ allowed: true });
    // All but one share are held: the last is whole again.
    expect(answerOf(await world.post('/mutate?timeout=10s', asked.padEnd(256 * 1024)))).toMatchObject({
      allowed: true,
    });
    for (const each of held) each.destroy();
  });

  test('connections are bounded: one too many is closed, and served when there is room', async () => {
    await using world = await openServer('Fail', { connections: 3 });
    const idle = await Promise.all([1, 2, 3].map(() => open(world.server.port, 'content-length: 1')));
    await expect(world.post('/mutate', '')).rejects.toThrow();
    const ended = idle.map((socket) => once(socket, 'close'));
    for (const socket of idle) socket.end('x');
    await Promise.all(ended);
    expect((await world.post('/mutate', '')).status).toBe(400);
  });

  test('who connects and sends nothing is not waited for', async () => {
    await using world = await openServer('Fail', { slowest: 200 });
    const socket = connect(world.server.port, '127.0.0.1');
    await once(socket.resume(), 'close');
  });

  test('one that does not come in time: the call ends', async () => {
    await using world = await openServer('Fail', { slowest: 200 });
    const answer = await declared(world.server.port, 'content-length: 1000');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

/** A request of which the headers are sent and no byte of the body. */
function begin(port: number, header: string, path = '/mutate') {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${header}\r\n\r\n`);
  return socket;
}

/** The same, once the server has taken it up and says that it wants the body. */
async function open(port: number, header: string) {
  const socket = begin(port, `${header}\r\nexpect: 100-continue`);
  const [first] = await once(socket, 'data');
  expect(String(first)).toMatch(/^HTTP\/1.1 100 /);
  return socket;
}

/** What is answered to it although nothing more comes. */
async function declared(port: number, header: string, path?: string, start = ''): Promise<string> {
  const chunks: Buffer[] = [];
  const socket = begin(port, header, path);
  socket.write(start);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A body of `bytes` that does not say how long it is. */
function chunked(url: string, bytes: number): Promise<HttpResponse> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', agent: false }, (response) => resolve(read(response)));
    // The server stops reading before all is sent.
    call.on('error', () => undefined);
    call.write(Buffer.alloc(bytes, 0x20));
  });
}

interface HttpResponse {
  readonly status: number | undefined;
  readonly body: string;
}

async function read(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') };
}

import { request } from 'node:http';
import { type EventShape, eventOf } from '../../local/event.ts';
import { startServer } from '../../local/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

const shapes: readonly EventShape[] = ['http-api', 'rest-api'];
const tokens = { default: ['token-of-default'], prod: ['first-of-prod', 'second-of-prod'] };

let world: World;
let signed: string;
let unsigned: string;

beforeAll(async () => {
  world = await openWorld({ tokens });
  const { destination, registry, team: key } = world;
  const digest = await makeImage(destination, 'contract/signed', '1');
  await sign(destination, { repository: 'contract/signed', digest, key });
  await makeImage(destination, 'contract/unsigned', '1', { label: 'unsigned' });
  signed = `${registry.host}/contract/signed:1`;
  unsigned = `${registry.host}/contract/unsigned:1`;
  world.policies(policy({ images: `${registry.host}/contract/*`, keys: [key] }));
});
afterAll(() => world.close());

describe.each(shapes)('an event of a %s', (shape) => {
  const path = '/prod/mutate/fail/first-of-prod';

  test('is admitted and pinned, or denied', async () => {
    const good = await world.send(path, review(pod([signed])), { shape });
    expect(good).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: true });
    expect(good.patch[0]).toMatchObject({ op: 'replace', path: '/spec/containers/0/image' });
    const bad = await world.send(path, review(pod([unsigned])), { shape });
    expect(bad).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: false, code: 403 });
  });

  test('may have its body in base64, letters of all scripts included', async () => {
    const annotations = { note: 'grün – 緑 – 🟢' };
    const request = review(pod([unsigned], { annotations, name: 'grün' }));
    const answer = await world.send(path, request, { shape, base64: true });
    expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining('Pod default/"grün"') });
    expect(await world.send(path, review(pod([signed])), { shape, base64: true })).toMatchObject({ allowed: true });
  });

  test('has a stage of its API, which is no part of the path', async () => {
    for (const stageName of ['$default', 'prod', 'live']) {
      const answer = await world.send(path, review(pod([signed])), { shape, stage: stageName });
      expect(answer).toMatchObject({ statusCode: 200, allowed: true });
    }
  });

  test('without a query has the API server’s own default of time', async () => {
    expect(await world.send(path, review(pod([signed])), { shape, timeout: '' })).toMatchObject({ allowed: true });
  });

  test('comes too late for the function: unavailable, and answered', async () => {
    const late = review(pod([`${world.registry.host}/contract/late:1`]));
    const answer = await world.send(path, late, { shape, remaining: 100 });
    expect(answer).toMatchObject({ statusCode: 200, code: 503, message: expect.stringContaining('deadline') });
  });

  test.each([
    ['GET', path, 405],
    ['POST', '/', 404],
    ['POST', '/prod', 404],
    ['POST', '/prod/mutate', 404],
    ['POST', '/prod/mutate/fail/first-of-prod/more', 404],
    ['POST', '/prod/convert/fail/first-of-prod', 404],
    ['POST', '/prod/mutate/fail/', 404],
  ])('%s %s: %i', async (method, path, status) => {
    const answer = await world.send(path, review(pod([signed])), { shape, method });
    expect(answer).toMatchObject({ statusCode: status, allowed: undefined });
  });
});

describe('the webhook token', () => {
  const at = (path: string, body: unknown = review(pod([signed]))) => world.send(path, body);

  test.each([
    ['wrong', '/prod/mutate/fail/third-of-prod'],
    ['missing', '/prod/mutate/fail'],
    ['another cluster’s', '/prod/mutate/fail/token-of-default'],
    ['a cluster’s that is not configured', '/elsewhere/mutate/fail/token-of-default'],
    ['longer than the right one', '/prod/mutate/fail/first-of-prod1'],
    ['shorter', '/prod/mutate/fail/first-of-pro'],
    ['in another case', '/prod/mutate/fail/FIRST-OF-PROD'],
    ['missing in the short form', '/mutate'],
    ['wrong in the short form', '/validate/first-of-prod'],
  ])('%s: 401 with an empty body, counted by cluster', async (_, path) => {
    const cluster = path.startsWith('/prod') ? 'prod' : path.startsWith('/elsewhere') ? 'elsewhere' : 'default';
    const before = world.count('unauthorized', { cluster });
    const answer = await at(path);
    expect(answer).toMatchObject({ statusCode: 401, body: '' });
    expect(world.count('unauthorized', { cluster })).toBe(before + 1);
  });

  test('is compared before the body is looked at', async () => {
    for (const body of ['', '{', '{"kind":"AdmissionReview"']) {
      expect(await at('/prod/mutate/fail/wrong', body)).toMatchObject({ statusCode: 401, body: '' });
      expect(await at('/prod/mutate/fail/first-of-prod', body)).toMatchObject({ statusCode: 400 });
    }
  });

  test('two of a cluster are valid at a time', async () => {
    for (const token of tokens.prod) {
      expect(await at(`/prod/mutate/fail/${token}`)).toMatchObject({ statusCode: 200, allowed: true });
    }
    expect(await at('/mutate/token-of-default')).toMatchObject({ statusCode: 200, allowed: true });
    expect(await at('/default/validate/fail/token-of-default')).toMatchObject({ statusCode: 200 });
  });

  test('is in no record and no answer', async () => {
    const answer = await at('/prod/mutate/fail/first-of-prod', review(pod([unsigned])));
    expect(answer.body + JSON.stringify(world.records)).not.toContain('first-of-prod');
  });

  test('a server without one has no path with one', async () => {
    await using open = await openWorld();
    expect(await open.send('/mutate/anything', review(pod([])))).toMatchObject({ statusCode: 404 });
    expect(await open.send('/mutate', review(pod([])))).toMatchObject({ statusCode: 200, allowed: true });
  });
});

describe('the body', () => {
  const path = '/prod/mutate/fail/first-of-prod';
  const { request: sample } = review(pod([]));

  test.each([
    ['nothing', ''],
    ['no JSON', 'kind: AdmissionReview'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another kind', JSON.stringify({ apiVersion: 'v1', kind: 'Pod' })],
    ['another version', JSON.stringify({ ...review(pod([])), apiVersion: 'admission.k8s.io/v1beta1' })],
    ['no request', JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' })],
    ['no uid', JSON.stringify({ ...review(pod([])), request: { ...sample, uid: '' } })],
    ['a uid that is none', JSON.stringify({ ...review(pod([])), request: { ...sample, uid: 7 } })],
  ])('%s has no uid to answer: 400', async (_, body) => {
    expect(await world.send(path, body)).toMatchObject({ statusCode: 400, allowed: undefined });
  });

  test.each([
    ['no object', { object: null }, 'request.object is missing'],
    ['an object that is a list', { object: [] }, 'request.object must be an object'],
    ['an operation of its own', { operation: 'PATCH' }, 'request.operation must be one of'],
    ['no kind', { kind: null }, 'request.kind is missing'],
    ['a namespace that is a number', { namespace: 5 }, 'request.namespace must be a string'],
    ['a dryRun that is a text', { dryRun: 'yes' }, 'request.dryRun must be a boolean'],
  ])('a review with %s is answered under its uid, naming the field', async (_, more, problem) => {
    for (const scope of ['fail', 'ignore']) {
      const answer = await world.send(`/prod/mutate/${scope}/first-of-prod`, review(pod([signed]), undefined, more));
      expect(answer).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: false, code: 403 });
      expect(answer.message).toContain(`invalid (review-malformed): ${problem}`);
    }
    expect(world.count('refused', { reason: 'review-malformed' })).toBeGreaterThan(0);
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'a Pod with `%s` in csi.volumeAttributes is verified, not let by',
    async (key) => {
      const withAttributes = (image: string) =>
        JSON.stringify(review(pod([image]))).replace(
          '"spec":{',
          `"spec":{"volumes":[{"name":"csi","csi":{"driver":"x","volumeAttributes":{"${key}":"1"}}}],`,
        );
      for (const shape of shapes) {
        expect(await world.send(path, withAttributes(unsigned), { shape })).toMatchObject({
          statusCode: 200,
          code: 403,
        });
        expect(await world.send(path, withAttributes(signed), { shape })).toMatchObject({ allowed: true });
      }
    },
  );

  test('a second `spec` counts as the API server reads it: the last one', async () => {
    const twice = JSON.stringify(review(pod([signed]))).replace(
      '"spec":{',
      `"spec":{"containers":[{"name":"c0","image":"${unsigned}"}]},"spec":{`,
    );
    expect(await world.send(path, twice)).toMatchObject({ allowed: true });
  });

  test('a Pod whose containers hide behind `__proto__` has none', async () => {
    const text = JSON.stringify(review(pod([signed]))).replace('"spec":{', '"__proto__":{');
    expect(await world.send(path, text)).toMatchObject({ allowed: true, patch: [] });
  });
});

describe('what an admission leaves behind', () => {
  test('one record, and the same images in the audit annotations, with the review’s uid', async () => {
    const before = world.records.length;
    const { body } = await world.send('/prod/mutate/fail/first-of-prod', review(pod([signed, unsigned])));
    expect(world.records.length).toBe(before + 1);
    const record = world.records.at(-1);
    expect(record).toMatchObject({
      cluster: 'prod',
      namespace: 'default',
      kind: 'Pod',
      name: 'web',
      operation: 'CREATE',
      user: 'tester',
      dryRun: false,
      step: 'mutate',
      allowed: false,
      policySet: 'test',
      images: [
        {
          image: expect.stringMatching(/contract\/signed:1@sha256:/),
          policy: 'signed',
          rule: 'check',
          result: 'pass',
          reason: 'verified',
          signers: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
          source: expect.stringMatching(/^(registry|ledger)$/),
        },
        { result: 'fail', reason: 'no-signature', signers: [] },
      ],
    });
    const { auditAnnotations, uid } = (
      JSON.parse(body) as { response: { auditAnnotations: Record<string, string>; uid: string } }
    ).response;
    expect(JSON.parse(auditAnnotations['images'] ?? '')).toEqual(record?.images);
    expect(auditAnnotations).toMatchObject({ policySet: 'test', uid });
  });
});

describe('the local server', () => {
  const limit = 6_291_556;

  async function withServer(
    work: (ask: (path: string, body?: string) => Promise<HttpResponse>) => Promise<void>,
    shape?: EventShape,
  ) {
    const server = await startServer({
      handler: async (event) => ({ statusCode: 200, body: String((event.body ?? '').length) }),
      address: { host: '127.0.0.1', port: 0 },
      ...(shape === undefined ? {} : { shape }),
    });
    try {
      await work((path, body) => ask(`${server.url}${path}`, body));
    } finally {
      await server.close();
    }
  }

  test.each(shapes)('an event that is larger than Lambda takes, %s: 413; what fits goes through', async (shape) => {
    const rest = 4096; // more than all else in the event of these requests
    await withServer(async (ask) => {
      expect(await ask('/mutate', 'x'.repeat(limit + 1))).toMatchObject({ status: 413, body: '' });
      expect(await ask('/mutate', 'x'.repeat(limit))).toMatchObject({ status: 413, body: '' });
      expect(await ask('/mutate', 'x'.repeat(limit - rest))).toEqual({ status: 200, body: String(limit - rest) });
      // The body is a string in the event's JSON: a backslash is two bytes of it.
      expect(await ask('/mutate', '\\'.repeat(limit / 2))).toMatchObject({ status: 413, body: '' });
      const half = limit / 2 - rest;
      expect(await ask('/mutate', '\\'.repeat(half))).toEqual({ status: 200, body: String(half) });
    }, shape);
  });

  test('healthz', async () => {
    await withServer(async (ask) => {
      expect(await ask('/healthz')).toEqual({ status: 200, body: 'ok\n' });
    });
  });

  test('a handler that crashes is answered 500 with nothing to read', async () => {
    const server = await startServer({
      handler: () => Promise.reject(new Error('a secret of the inside')),
      address: { host: '127.0.0.1', port: 0 },
    });
    expect(await ask(`${server.url}/mutate`, '{}')).toEqual({ status: 500, body: '' });
    await server.close();
  });

  test.each(shapes)('makes an event of a %s of a request', (shape) => {
    const incoming = { url: '/prod/mutate/fail?timeout=7s&x=%20', method: 'POST', headers: { host: 'a' } };
    const event = eventOf(shape, incoming as unknown as Parameters<typeof eventOf>[1], '{}');
    expect(event).toMatchObject({
      ...(shape === 'http-api' ? { rawPath: '/prod/mutate/fail' } : { path: '/prod/mutate/fail', httpMethod: 'POST' }),
      queryStringParameters: { timeout: '7s', x: ' ' },
      body: '{}',
      isBase64Encoded: false,
    });
  });
});

interface HttpResponse {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(url: string, body?: string): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: body === undefined ? 'GET' : 'POST' }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type EventShape, eventOf } from '../../local/event.ts';
import { startRegistry } from '../../local/registry/server.ts';
import { startServer } from '../../local/server.ts';
import { attest, makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { storeTarget } from '../../local/signer/target.ts';
import { openStage, pod, policy, review, type Stage } from './harness.ts';
import { countersign, folderWith, type Running, root, run, start } from './processes.ts';

const shapes: readonly EventShape[] = ['http-api', 'rest-api'];
const tokens = { default: ['token-of-default'], prod: ['first-of-prod', 'second-of-prod'] };

let stage: Stage;
let signed: string;
let unsigned: string;

beforeAll(async () => {
  stage = await openStage({ tokens });
  const { target, registry, team: key } = stage;
  const digest = await makeImage(target, 'contract/signed', '1');
  await sign(target, { repository: 'contract/signed', digest, key });
  await makeImage(target, 'contract/unsigned', '1', { label: 'unsigned' });
  signed = `${registry.host}/contract/signed:1`;
  unsigned = `${registry.host}/contract/unsigned:1`;
  stage.policies(policy({ images: `${registry.host}/contract/*`, keys: [key] }));
});
afterAll(() => stage.close());

describe.each(shapes)('an event of a %s', (shape) => {
  const path = '/prod/mutate/fail/first-of-prod';

  test('is admitted and pinned, or denied', async () => {
    const good = await stage.send(path, review(pod([signed])), { shape });
    expect(good).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: true });
    expect(good.patch[0]).toMatchObject({ op: 'replace', path: '/spec/containers/0/image' });
    const bad = await stage.send(path, review(pod([unsigned])), { shape });
    expect(bad).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: false, code: 403 });
  });

  test('may have its body in base64, letters of all scripts included', async () => {
    const annotations = { note: 'grün – 緑 – 🟢' };
    const request = review(pod([unsigned], { annotations, name: 'grün' }));
    const answer = await stage.send(path, request, { shape, base64: true });
    expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining('Pod default/grün') });
    expect(await stage.send(path, review(pod([signed])), { shape, base64: true })).toMatchObject({ allowed: true });
  });

  test('has a stage of its API, which is no part of the path', async () => {
    for (const stageName of ['$default', 'prod', 'live']) {
      const answer = await stage.send(path, review(pod([signed])), { shape, stage: stageName });
      expect(answer).toMatchObject({ statusCode: 200, allowed: true });
    }
  });

  test('without a query has the API server’s own default of time', async () => {
    expect(await stage.send(path, review(pod([signed])), { shape, timeout: '' })).toMatchObject({ allowed: true });
  });

  test('comes too late for the function: unavailable, and answered', async () => {
    const late = review(pod([`${stage.registry.host}/contract/late:1`]));
    const answer = await stage.send(path, late, { shape, remaining: 100 });
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
    const answer = await stage.send(path, review(pod([signed])), { shape, method });
    expect(answer).toMatchObject({ statusCode: status, allowed: undefined });
  });
});

describe('the webhook token', () => {
  const at = (path: string, body: unknown = review(pod([signed]))) => stage.send(path, body);

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
    const before = stage.count('unauthorized', { cluster });
    const answer = await at(path);
    expect(answer).toMatchObject({ statusCode: 401, body: '' });
    expect(stage.count('unauthorized', { cluster })).toBe(before + 1);
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
    expect(answer.body + JSON.stringify(stage.records)).not.toContain('first-of-prod');
  });

  test('a server without one has no path with one', async () => {
    await using open = await openStage();
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
    expect(await stage.send(path, body)).toMatchObject({ statusCode: 400, allowed: undefined });
  });

  test.each([
    ['no object', { object: null }, 'request.object is missing'],
    ['an object that is a list', { object: [] }, 'request.object is no object'],
    ['an operation of its own', { operation: 'PATCH' }, 'request.operation is none of'],
    ['no kind', { kind: null }, 'request.kind is missing'],
    ['a namespace that is a number', { namespace: 5 }, 'request.namespace is no string'],
    ['a dryRun that is a text', { dryRun: 'yes' }, 'request.dryRun is no boolean'],
  ])('a review with %s is answered under its uid, naming the field', async (_, more, problem) => {
    for (const scope of ['fail', 'ignore']) {
      const answer = await stage.send(`/prod/mutate/${scope}/first-of-prod`, review(pod([signed]), undefined, more));
      expect(answer).toMatchObject({ statusCode: 200, uid: 'b7b0d6ac-0001', allowed: false, code: 403 });
      expect(answer.message).toContain(`invalid (review-malformed): ${problem}`);
    }
    expect(stage.count('refused', { reason: 'review-malformed' })).toBeGreaterThan(0);
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
        expect(await stage.send(path, withAttributes(unsigned), { shape })).toMatchObject({
          statusCode: 200,
          code: 403,
        });
        expect(await stage.send(path, withAttributes(signed), { shape })).toMatchObject({ allowed: true });
      }
    },
  );

  test('a second `spec` counts as the API server reads it: the last one', async () => {
    const twice = JSON.stringify(review(pod([signed]))).replace(
      '"spec":{',
      `"spec":{"containers":[{"name":"c0","image":"${unsigned}"}]},"spec":{`,
    );
    expect(await stage.send(path, twice)).toMatchObject({ allowed: true });
  });

  test('a Pod whose containers hide behind `__proto__` has none', async () => {
    const text = JSON.stringify(review(pod([signed]))).replace('"spec":{', '"__proto__":{');
    expect(await stage.send(path, text)).toMatchObject({ allowed: true, patch: [] });
  });
});

describe('the local server', () => {
  const limit = 6_291_556;

  async function withServer(
    work: (ask: (path: string, body?: string) => Promise<Answer>) => Promise<void>,
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

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(url: string, body?: string): Promise<Answer> {
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

describe('curl with each review in events/ to `countersign serve`', () => {
  const folder = join(root, 'events');
  const names = readdirSync(folder).filter((name) => name.startsWith('review-'));
  let serving: Running;
  let url: string;
  let host: string;
  const cleanUp = new AsyncDisposableStack();

  beforeAll(async () => {
    const registry = cleanUp.use(await startRegistry());
    host = `localhost:${registry.port}`;
    const target = storeTarget(registry);
    const team = newKey();
    const key: Readonly<Record<string, typeof team | undefined>> = { signed: team, foreign: newKey() };
    for (const name of ['signed', 'unsigned', 'foreign', 'attested']) {
      const repository = `demo/${name}`;
      const digest = await makeImage(target, repository, '1', { label: name });
      const signer = key[name];
      if (signer !== undefined) await sign(target, { repository, digest, key: signer });
      const predicateType = 'https://slsa.dev/provenance/v1';
      if (name === 'attested') await attest(target, { repository, digest, key: team, predicateType, predicate: {} });
    }
    const policies = cleanUp.use(
      await folderWith({ 'policy.yaml': policy({ name: 'curl', images: `${host}/demo/*`, keys: [team] }) }),
    );
    serving = start(countersign, ['serve', '--policies', policies.path, '--addr', '127.0.0.1:0', '--log', 'json']);
    url = (await serving.line(/serving (https:\S+)\/mutate/))[1] ?? '';
  });
  afterAll(async () => {
    const { status } = await serving.stop('SIGTERM');
    await cleanUp.disposeAsync();
    expect(status).toBe(0);
  });

  const curl = (path: string, ...more: string[]) => run('curl', ['-sk', '--max-time', '10', ...more, `${url}${path}`]);
  const post = (path: string, body: string) =>
    run('curl', ['-sk', '--max-time', '10', '--data-binary', '@-', `${url}${path}`], { input: body });

  const allowed: Readonly<Record<string, boolean>> = {
    'review-cronjob-create.json': false,
    'review-deployment-create.json': false,
    'review-pod-10kb-six-containers.json': false,
    'review-pod-being-deleted.json': true,
    'review-pod-create.json': true,
    'review-pod-ephemeral.json': false,
    'review-pod-image-volume.json': false,
    'review-pod-small.json': true,
    'review-pod-unparsable-image.json': false,
    'review-pod-update-changed.json': false,
    'review-pod-update-unchanged.json': true,
  };

  test.each(names)('%s', async (name) => {
    const body = readFileSync(join(folder, name), 'utf8').replaceAll('localhost:5000', host);
    const { uid } = (JSON.parse(body) as { request: { uid: string } }).request;
    const answer = JSON.parse((await post('/mutate?timeout=10s', body)).stdout) as {
      response: { allowed: boolean; patchType?: string; patch?: string; status?: { code: number; message: string } };
    };
    expect(answer).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid, allowed: allowed[name] },
    });
    const { patch, patchType, status } = answer.response;
    expect(patchType).toBe(patch === undefined ? undefined : 'JSONPatch');
    expect(patch ?? '').toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
    const operations = JSON.parse(Buffer.from(patch ?? 'W10=', 'base64').toString('utf8')) as { value: unknown }[];
    if (answer.response.allowed) expect(status).toBeUndefined();
    else expect(status).toMatchObject({ code: 403, message: expect.stringContaining('policy curl') });
    for (const { value } of operations) {
      if (typeof value === 'string' && !value.startsWith('{')) expect(value).toMatch(/:1@sha256:[0-9a-f]{64}$/);
    }

    const validated = JSON.parse((await post('/validate?timeout=10s', body)).stdout) as typeof answer;
    expect(validated.response).toMatchObject({ uid });
    expect(validated.response.patch).toBeUndefined();
  });

  test('healthz; a path that is none; a body that is none', async () => {
    expect((await curl('/healthz')).stdout).toBe('ok\n');
    const status = async (...words: string[]) =>
      (await run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', ...words])).stdout;
    expect(await status(`${url}/nowhere`)).toBe('404');
    expect(await status(`${url}/mutate`)).toBe('405');
    expect(await status('-d', 'x', `${url}/mutate`)).toBe('400');
  });

  test('the certificate of the run is verified by a client that is given none', async () => {
    const { status } = await run('curl', ['-s', `${url}/healthz`]);
    expect(status).not.toBe(0);
  });

  test('one line of JSON per admission', async () => {
    const lines = serving
      .printed()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBe(2 * names.length);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      cluster: 'default',
      step: 'mutate',
      policySet: expect.any(String),
    });
  });
});

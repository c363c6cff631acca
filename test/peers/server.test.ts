import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch } from '../e2e/json-patch.ts';
import { attest3, type CosignKey, keyPair, sign2, sign3 } from './cosign.ts';
import { root } from './countersign.ts';
import { pushImage } from './images.ts';
import { keys, policyOf } from './policies.ts';
import { bothRegistries, type RunningRegistry } from './registries.ts';
import { type RunningServer, startServe } from './serve.ts';

// `countersign serve` as a program, asked over HTTPS as an API server asks, about images that real cosigns signed: the sample
// reviews of events/, with the registry's address in place of theirs.

const token = 'a-token-of-these-tests';

let dir: string;
let policies: string;
let key: CosignKey;
let server: RunningServer;
const registries = new Map<string, RunningRegistry>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  key = await keyPair(join(dir, 'keys'), 'ecdsa-p256');
  for (const [name, start] of bothRegistries) registries.set(name, await start(join(dir, name)));
  policies = join(dir, 'policies');
  await mkdir(policies);
  const covered = [...registries.values()].map(({ host }) => `${host}/*`);
  await writeFile(join(policies, 'signed.yaml'), policyOf(covered, [{ entries: [keys(key.pem)] }]));
  server = await startServe(dir, policies);
});

afterAll(async () => {
  await server?.stop();
  for (const registry of registries.values()) await registry.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Review {
  request: { uid: string; object: Record<string, unknown> };
}

interface Response {
  uid: string;
  allowed: boolean;
  patchType?: string;
  patch?: string;
  status?: { code: number; message: string };
}

interface PatchOperation {
  op: string;
  path: string;
  value: unknown;
}

/** A sample of events/, about the images of one registry. */
async function sample(name: string, host: string): Promise<Review> {
  const text = await readFile(join(root, 'events', `review-${name}.json`), 'utf8');
  return JSON.parse(text.replaceAll('localhost:5000', host));
}

async function ask(path: string, review: Review): Promise<Response> {
  const { status, body } = await server.post(`${path}?timeout=10s`, review);
  expect(status).toBe(200);
  const { apiVersion, kind, response } = JSON.parse(body);
  expect([apiVersion, kind, response.uid]).toEqual(['admission.k8s.io/v1', 'AdmissionReview', review.request.uid]);
  return response;
}

function patchOf({ patchType, patch = '' }: Response): PatchOperation[] {
  expect(patchType).toBe('JSONPatch');
  return JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}

/** The review with its object as an API server patches it. */
function patched(review: Review, patch: readonly PatchOperation[]): Review {
  const { request } = review;
  return { ...review, request: { ...request, object: applyPatch(request.object, { patch }) } };
}

describe.each(
  bothRegistries.map(([name], at) => ({ name, sign: at === 0 ? sign2 : sign3, other: at === 0 ? sign3 : sign2 })),
)('in front of $name', ({ name, sign, other }) => {
  let host: string;
  let signed: string;
  const named = (image: string) => `${host}/demo/${image}`;

  beforeAll(async () => {
    host = registries.get(name)?.host ?? '';
    signed = await pushImage(host, 'demo/signed', '1');
    await sign(`${named('signed')}@${signed}`, key);
    await pushImage(host, 'demo/unsigned', '1');
    await attest3(`${named('attested')}@${await pushImage(host, 'demo/attested', '1')}`, key, {
      type: 'https://example.test/review/v1',
      predicate: { approved: true },
    });
  });

  test('a Pod: pinned by mutate, and so admitted by validate', async () => {
    const review = await sample('pod-create', host);
    const mutated = await ask('/mutate', review);
    expect(mutated.allowed).toBe(true);
    const patch = patchOf(mutated);
    expect(patch).toContainEqual({
      op: 'replace',
      path: '/spec/containers/0/image',
      value: `${named('signed')}:1@${signed}`,
    });
    expect(patch).toContainEqual({
      op: 'add',
      path: '/metadata/annotations/kyverno.io~1verify-images',
      value: JSON.stringify({ [`${named('signed')}@${signed}`]: 'pass' }),
    });

    const after = patched(review, patch);
    expect(await ask('/validate', after)).toMatchObject({ allowed: true });
    // Nothing is left to do for a second round of mutation.
    const again = await ask('/mutate', after);
    expect(again).toMatchObject({ allowed: true });
    expect(again.patch).toBeUndefined();
    const ours = ({ image }: { readonly image: string }) => image.startsWith(host);
    const record = await server.logged(({ step, images }) => step === 'validate' && images.some(ours));
    expect(record).toMatchObject({
      kind: 'Pod',
      images: [{ image: `${named('signed')}:1@${signed}`, result: 'pass', reason: 'verified', source: 'ledger' }],
    });
  });

  test('a Pod that came around mutate has no digest: denied by validate', async () => {
    const { allowed, status } = await ask('/validate', await sample('pod-create', host));
    expect({ allowed, code: status?.code }).toEqual({ allowed: false, code: 403 });
    expect(status?.message).toContain('digest-missing');
  });

  test('the annotation of a verified image is not believed for another', async () => {
    const review = await sample('pod-create', host);
    const after = patched(review, patchOf(await ask('/mutate', review)));
    const unsigned = await pushImage(host, 'demo/signed', 'other');
    const forged = JSON.parse(JSON.stringify(after).replaceAll(signed, unsigned));
    expect(JSON.stringify(forged)).toContain(`${unsigned}\\":\\"pass`);
    const { allowed, status } = await ask('/validate', forged);
    expect({ allowed, code: status?.code }).toEqual({ allowed: false, code: 403 });
    expect(status?.message).toContain('no-signature');
  });

  test('a Deployment with one image that is only attested: denied, naming that one', async () => {
    const review = await sample('deployment-create', host);
    const { allowed, status } = await ask('/mutate', review);
    expect({ allowed, code: status?.code }).toEqual({ allowed: false, code: 403 });
    expect(status?.message).toMatch(
      /^Deployment shop\/api: 1 image denied\npolicy signed, rule autogen-by-the-team: failed to verify image /,
    );
    expect(status?.message).toContain(named('attested:1'));
    expect(status?.message).toContain('only-attestations');
    expect(status?.message).not.toContain(named('signed'));

    const repaired = JSON.parse(JSON.stringify(review).replaceAll(named('attested'), named('signed')));
    const patch = patchOf(await ask('/mutate', repaired));
    const images = patch.filter(({ path }) => path.endsWith('/image'));
    expect(images.length).toBe(2);
    for (const { path, value } of images) {
      expect(path).toMatch(/^\/spec\/template\/spec\/(initContainers|containers)\/0\/image$/);
      expect(value).toBe(`${named('signed')}:1@${signed}`);
    }
    expect(await ask('/validate', patched(repaired, patch))).toMatchObject({ allowed: true });
  });

  test('a CronJob: denied while its image is unsigned, admitted as soon as it is signed', async () => {
    const review = await sample('cronjob-create', host);
    const denied = await ask('/mutate', review);
    expect(denied).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(denied.status?.message).toContain('rule autogen-cronjob-by-the-team');
    expect(denied.status?.message).toContain('no-signature');

    await other(named('unsigned:1'), key);
    const patch = patchOf(await ask('/mutate', review));
    expect(patch).toContainEqual({
      op: 'replace',
      path: '/spec/jobTemplate/spec/template/spec/containers/0/image',
      value: expect.stringContaining(`${named('unsigned')}:1@sha256:`),
    });
    expect(await ask('/validate', patched(review, patch))).toMatchObject({ allowed: true });
  });

  test('with the registry gone: what was verified is admitted, all else is unavailable', async () => {
    const review = await sample('pod-create', host);
    const after = patched(review, patchOf(await ask('/mutate', review)));
    await registries.get(name)?.stop();
    expect(await ask('/validate', after)).toMatchObject({ allowed: true });
    const unknown = JSON.parse(JSON.stringify(review).replaceAll(named('signed:1'), named('signed:2')));
    const { allowed, status } = await ask('/mutate', unknown);
    expect({ allowed, code: status?.code }).toEqual({ allowed: false, code: 503 });
    expect(status?.message).toContain('registry-unreachable');
  });
});

test('is healthy, and answers 400 to what is no review', async () => {
  expect(await server.get('/healthz')).toEqual({ status: 200, body: 'ok\n' });
  expect((await server.post('/mutate', { hello: 'world' })).status).toBe(400);
});

test('ends with status 0 when it is told to', async () => {
  const short = await startServe(dir, policies);
  expect((await short.get('/healthz')).status).toBe(200);
  expect(await short.stop()).toBe(0);
});

test('with a token: only URLs that end with it are answered', async () => {
  const guarded = await startServe(dir, policies, { args: ['--token', token] });
  try {
    const review = await sample('pod-create', 'registry.example');
    for (const path of ['/mutate', '/mutate/another-token-of-these', '/default/mutate/fail']) {
      expect(await guarded.post(path, review)).toEqual({ status: 401, body: '' });
    }
    for (const path of [`/mutate/${token}`, `/default/mutate/fail/${token}`]) {
      const { status, body } = await guarded.post(path, review);
      expect(status).toBe(200);
      expect(JSON.parse(body).response).toMatchObject({ uid: review.request.uid, allowed: true });
    }
    expect(guarded.output()).not.toContain(token);
  } finally {
    await guarded.stop();
  }
});

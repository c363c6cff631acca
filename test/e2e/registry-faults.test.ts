import { setImmediate as turn } from 'node:timers/promises';
import { endlessReferrers, type Fault, type Intercept, on } from '../../local/registry/faults.ts';
import { digestOf, startRegistry } from '../../local/registry/server.ts';
import { cosign, legacyTag, makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { parseDockerConfig } from '../../shared/registry/credentials.ts';
import { openStage, type PolicyParts, pod, policy, review, type Stage } from './harness.ts';

const mebi = 1024 * 1024;

let stage: Stage;
let host: string;
let signed: Digest;

beforeAll(async () => {
  stage = await openStage();
  host = stage.registry.host;
  signed = await makeImage(stage.target, 'faults/signed', '1');
  // Both ways of storing it: whichever source a test breaks, the other holds a good signature.
  await sign(stage.target, { repository: 'faults/signed', digest: signed, key: stage.team, format: 'sig' });
  await sign(stage.target, { repository: 'faults/signed', digest: signed, key: stage.team, format: 'bundle' });
  await makeImage(stage.target, 'faults/unsigned', '1', { label: 'unsigned' });
});
beforeEach(() => {
  stage.registry.settings.intercept = undefined;
  stage.registry.requests.length = 0;
  stage.waits.length = 0;
  stage.now += 2 * 3_600_000;
});
afterAll(() => stage.close());

function rule(parts: Partial<PolicyParts> = {}): string {
  return policy({ images: '*/faults/*', keys: [stage.team], ...parts });
}

async function ask(image: string, parts: Partial<PolicyParts> = {}, timeout = '10s') {
  stage.policies(rule(parts));
  return stage.send('/mutate', review(pod([image])), { timeout });
}

/** 503 under Fail; under Ignore admitted, with a warning and a metric. */
async function expectUnavailable(image: string, reason: string): Promise<void> {
  const fail = await ask(image);
  expect(fail).toMatchObject({
    allowed: false,
    code: 503,
    message: expect.stringContaining(`unavailable (${reason})`),
  });
  const before = stage.count('verdict', { result: 'error', reason });
  stage.now += 2 * 3_600_000;
  const ignore = await ask(image, { failurePolicy: 'Ignore' });
  expect(ignore).toMatchObject({ allowed: true, patch: [], warnings: [expect.stringContaining(reason)] });
  expect(stage.count('verdict', { result: 'error', reason })).toBe(before + 1);
}

/** 403 under Fail and Ignore alike: an image's author must not be able to choose. */
async function expectDenied(image: string, reason: string): Promise<void> {
  for (const failurePolicy of ['Fail', 'Ignore'] as const) {
    const answer = await ask(image, { failurePolicy });
    expect(answer).toMatchObject({ allowed: false, code: 403, warnings: [] });
    expect(answer.message).toContain(`denied (${reason})`);
  }
}

async function expectAdmitted(image = `${host}/faults/signed:1`): Promise<void> {
  expect(await ask(image)).toMatchObject({ allowed: true, warnings: [], message: '' });
}

const break_ = (filter: Parameters<typeof on>[0], fault: Fault | Intercept) => {
  stage.registry.settings.intercept = on(filter, fault);
};
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

test('without a fault the signed image is admitted and the unsigned one denied', async () => {
  await expectAdmitted();
  await expectDenied(`${host}/faults/unsigned:1`, 'no-signature');
});

describe('unavailable: the registry’s service failed', () => {
  test('nobody listens', async () => {
    const gone = await startRegistry();
    await gone.close();
    await expectUnavailable(`${gone.host}/faults/signed:1`, 'registry-unreachable');
    expect(stage.waits).toHaveLength(6);
  });

  test('its name does not resolve', async () => {
    await using nameless = await openStage({
      engine: {
        door: {
          addresses: 'any',
          lookup: (_name, _options, done) => done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), '', 4),
        },
      },
    });
    nameless.policies(rule());
    const answer = await nameless.send('/mutate', review(pod(['registry.example/faults/signed:1'])));
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('its name does not resolve') });
  });

  test('its certificate is not trusted, and is where it is given', async () => {
    const tls = await selfSigned({});
    await using secure = await startRegistry({ tls });
    await expectUnavailable(`${secure.host}/faults/signed:1`, 'registry-unreachable');
    await using trusting = await openStage({
      engine: { door: { addresses: 'any', ca: { [secure.host]: tls.certPem } } },
    });
    trusting.policies(rule());
    const answer = await trusting.send('/mutate', review(pod([`${secure.host}/faults/signed:1`])));
    expect(answer.message).toContain('image-not-found');
  });

  test.each([
    [401, 'registry-unauthorized', 1],
    [403, 'registry-unauthorized', 1],
    [408, 'registry-error', 4],
    [429, 'registry-throttled', 4],
    [500, 'registry-error', 4],
    [501, 'registry-error', 1],
    [502, 'registry-error', 4],
    [503, 'registry-error', 4],
    [504, 'registry-error', 4],
  ])('%i on the tag: %s after %i tries', async (status, reason, tries) => {
    break_({ kind: 'manifest' }, { kind: 'status', status });
    await expectUnavailable(`${host}/faults/signed:1`, reason);
    expect(stage.registry.count({ reference: '1' })).toBe(2 * tries);
  });

  test('an answer that is no status of a registry’s', async () => {
    break_({ reference: '1' }, { kind: 'status', status: 204 });
    await expectUnavailable(`${host}/faults/signed:1`, 'registry-error');
  });

  test('what recovers between tries is admitted', async () => {
    let left = 3;
    break_({}, () => (left-- > 0 ? { kind: 'status', status: 503 } : undefined));
    await expectAdmitted();
    expect(stage.waits).toHaveLength(3);
  });

  test('Retry-After is waited for, as long as the deadline has room', async () => {
    break_({ reference: '1' }, { kind: 'status', status: 429, headers: { 'retry-after': '3' } });
    // 10 s leave 8.7 s: two waits of 3 s, and no third.
    const answer = await ask(`${host}/faults/signed:1`);
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('registry-throttled') });
    expect(stage.waits).toEqual([3000, 3000]);
    expect(stage.registry.count({ reference: '1' })).toBe(3);
  });

  test('a Retry-After beyond the deadline, or as a date, costs no time', async () => {
    for (const value of ['3600', new Date(stage.now + 60_000).toUTCString()]) {
      break_({ reference: '1' }, { kind: 'status', status: 429, headers: { 'retry-after': value } });
      expect(await ask(`${host}/faults/signed:1`)).toMatchObject({ code: 503 });
    }
    expect(stage.waits).toEqual([]);
  });

  test('a body cut short', async () => {
    break_({ reference: '1' }, { kind: 'cut-short' });
    await expectUnavailable(`${host}/faults/signed:1`, 'body-cut-short');
  });

  test('a connection that is reset', async () => {
    break_({ reference: '1' }, { kind: 'reset' });
    await expectUnavailable(`${host}/faults/signed:1`, 'registry-unreachable');
  });

  test('a redirect loop ends after five redirects', async () => {
    break_({ reference: '1' }, { kind: 'redirect', to: 'self' });
    await expectUnavailable(`${host}/faults/signed:1`, 'too-many-redirects');
    expect(stage.registry.count({ reference: '1' })).toBe(12);
  });

  test.each<[string, string]>([
    ['an address of another network', 'http://169.254.169.254/latest/meta-data'],
    ['another scheme', 'ftp://127.0.0.1/x'],
    ['a URL with a user name', 'http://user:secret@127.0.0.1:1/x'],
  ])('a redirect to %s is not followed', async (_, to) => {
    break_({ reference: '1' }, { kind: 'redirect', to });
    await expectUnavailable(`${host}/faults/signed:1`, 'redirect-refused');
    const answer = await ask(`${host}/faults/signed:1`);
    expect(answer.message).not.toMatch(/169\.254|secret|ftp:/);
  });

  test.each([1, 2, 3, 4, 5])('%i redirects are followed', async (length) => {
    let left = length;
    break_({ reference: '1' }, () => (left-- > 0 ? { kind: 'redirect', to: 'self' } : undefined));
    await expectAdmitted();
  });

  test.each<[string, Fault]>([
    ['accepts the request and never answers', { kind: 'hang' }],
    ['sends a body that never ends, drop by drop', { kind: 'endless', bytes: 10, contentLength: 1000 }],
  ])('a registry that %s is answered by the deadline', async (_, fault) => {
    break_({ reference: '1' }, fault);
    const started = performance.now();
    const answer = await ask(`${host}/faults/signed:1`, {}, '1s');
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('unavailable (deadline)') });
    // Half of the timeout; the API server gives up after the whole.
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('under Ignore a hanging registry is a warning by the deadline', async () => {
    break_({}, { kind: 'hang' });
    const answer = await ask(`${host}/faults/signed:1`, { failurePolicy: 'Ignore' }, '1s');
    expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('deadline')] });
    expect(stage.count('verdict', { result: 'error', reason: 'deadline' })).toBeGreaterThan(0);
  });
});

describe('a source that could not be read', () => {
  const sources: readonly [string, () => Parameters<typeof on>[0]][] = [
    ['the .sig tag', () => ({ reference: /\.sig$/ })],
    ['the referrers', () => ({ kind: 'referrers' })],
    ['the fallback tag', () => ({ reference: /^sha256-[0-9a-f]{64}$/ })],
  ];
  const faults: readonly [string, Fault][] = [
    ['registry-error', { kind: 'status', status: 500 }],
    ['registry-unauthorized', { kind: 'status', status: 403 }],
    ['registry-unreachable', { kind: 'reset' }],
  ];
  test.each(sources.flatMap(([name, filter]) => faults.map(([reason, fault]) => ({ name, filter, reason, fault }))))(
    '$name ($reason) turns a denial into unavailable and leaves a pass alone',
    async ({ filter, reason, fault }) => {
      break_(filter(), fault);
      await expectUnavailable(`${host}/faults/unsigned:1`, reason);
      await expectAdmitted();
    },
  );

  test('one broken referrer never spoils the rest', async () => {
    const bundle = stage.registry.store.referrers('faults/signed', signed)[0]?.digest;
    break_({ reference: String(bundle) }, { kind: 'status', status: 500 });
    await expectAdmitted();
  });
});

describe('denied: all that an image’s author can bring about', () => {
  test('the image is absent, by tag, by digest, and with its repository', async () => {
    await expectDenied(`${host}/faults/signed:none`, 'image-not-found');
    await expectDenied(`${host}/faults/signed@sha256:${'ab'.repeat(32)}`, 'image-not-found');
    await expectDenied(`${host}/faults/none:1`, 'image-not-found');
    expect(stage.waits).toEqual([]);
  });

  test('bytes unlike the digest that asked for them', async () => {
    break_({ reference: signed }, { kind: 'wrong-bytes' });
    await expectDenied(`${host}/faults/signed@${signed}`, 'digest-mismatch');
    await expectAdmitted();
  });

  test('bytes unlike the digest in the header of a tag’s answer', async () => {
    break_({ reference: '1' }, { kind: 'wrong-digest-header' });
    await expectDenied(`${host}/faults/signed:1`, 'digest-mismatch');
  });

  test('a signature’s bytes unlike its descriptor; a good one elsewhere still counts', async () => {
    const repository = 'faults/bad-blob';
    const digest = await makeImage(stage.target, repository, '1', { label: 'bad-blob' });
    const { layer } = await sign(stage.target, { repository, digest, key: stage.team, format: 'sig' });
    break_({ reference: layer }, { kind: 'wrong-bytes' });
    await expectDenied(`${host}/${repository}:1`, 'digest-mismatch');
    await sign(stage.target, { repository, digest, key: stage.team });
    await expectAdmitted(`${host}/${repository}:1`);
  });

  test.each<[string, Fault]>([
    ['that is announced', { kind: 'endless', bytes: 100 * mebi, contentLength: 100 * mebi, prefix: '{' }],
    ['in chunks, of which nothing is announced', { kind: 'endless', bytes: 100 * mebi, prefix: '{' }],
    ['behind a Content-Length that lies', { kind: 'endless', prefix: '{' }],
  ])('a manifest of 100 MB %s is not read', async (_, fault) => {
    break_({ reference: '1' }, fault);
    await expectDenied(`${host}/faults/signed:1`, 'too-large');
    const { requests } = stage.registry;
    while (requests.some((request) => request.sent === undefined)) await turn();
    // 4 MiB are read; the rest is what the sockets of two reviews hold.
    expect(total(requests.map(({ sent = 0 }) => sent))).toBeLessThan(32 * mebi);
    expect(requests).toHaveLength(2);
  });

  test('an endless list of referrers: bounded requests, its own reason, and a good signature elsewhere passes', async () => {
    stage.registry.settings.intercept = endlessReferrers;
    await expectDenied(`${host}/faults/unsigned:1`, 'too-many-referrers');
    expect(stage.registry.count({ kind: 'referrers' })).toBe(20);
    expect(stage.registry.requests.length).toBeLessThan(60);
    await expectAdmitted();
  });

  test('201 referrers in one list', async () => {
    const repository = 'faults/many';
    const digest = await makeImage(stage.target, repository, '1', { label: 'many' });
    for (let index = 0; index < 201; index++) {
      stage.registry.store.attach(repository, digest, { artifactType: `text/x${index}`, layers: [] });
    }
    await expectDenied(`${host}/${repository}:1`, 'too-many-referrers');
    expect(stage.registry.requests.length).toBeLessThanOrEqual(2 * (200 + 5));
  });

  test.each(['sig', 'bundle'] as const)('51 junk signatures (%s): denied with a reason of its own', async (format) => {
    const repository = `faults/junk-${format}`;
    const digest = await makeImage(stage.target, repository, '1', { label: repository });
    const keys = Array.from({ length: 51 }, () => newKey());
    for (const key of keys.slice(1)) await sign(stage.target, { repository, digest, key, format });
    await expectDenied(`${host}/${repository}:1`, 'signature-mismatch');
    await sign(stage.target, { repository, digest, key: keys[0] ?? newKey(), format });
    stage.registry.requests.length = 0;
    await expectDenied(`${host}/${repository}:1`, 'too-many-signatures');
    expect(stage.registry.count({ kind: 'blob' })).toBeLessThanOrEqual(2 * 50);
  });

  test.each(['first', 'last'] as const)('a good signature that comes %s among 49 of junk passes', async (place) => {
    for (const format of ['sig', 'bundle'] as const) {
      const repository = `faults/among-${format}-${place}`;
      const digest = await makeImage(stage.target, repository, '1', { label: repository });
      const good = () => sign(stage.target, { repository, digest, key: stage.team, format });
      if (place === 'first') await good();
      for (let index = 0; index < 49; index++) await sign(stage.target, { repository, digest, key: newKey(), format });
      if (place === 'last') await good();
      await expectAdmitted(`${host}/${repository}:1`);
    }
  });

  test('junk referrers do not crowd out the .sig tag', async () => {
    const repository = 'faults/crowd';
    const digest = await makeImage(stage.target, repository, '1', { label: 'crowd' });
    for (let index = 0; index < 60; index++) await sign(stage.target, { repository, digest, key: newKey() });
    await expectDenied(`${host}/${repository}:1`, 'too-many-signatures');
    await sign(stage.target, { repository, digest, key: stage.team, format: 'sig' });
    await expectAdmitted(`${host}/${repository}:1`);
  });

  test('a payload over 64 KiB and a bundle over 16 MiB are not fetched', async () => {
    const repository = 'faults/large';
    const digest = await makeImage(stage.target, repository, '1', { label: 'large' });
    const { store } = stage.registry;
    const layer = (mediaType: string, size: number) => ({ mediaType, size, digest: digestOf(Buffer.from(mediaType)) });
    const manifest = (layers: object[], more: object = {}) => ({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: layer('application/vnd.oci.image.config.v1+json', 2),
      layers,
      ...more,
    });
    const subject = { ...layer('application/vnd.oci.image.manifest.v1+json', 2), digest };
    store.putManifest(repository, manifest([layer(cosign.simpleSigning, 65_537)]), { tag: legacyTag(digest, 'sig') });
    await expectDenied(`${host}/${repository}:1`, 'too-large');
    store.untag(repository, legacyTag(digest, 'sig'));
    const referrer = { subject, artifactType: cosign.bundle };
    store.putManifest(repository, manifest([layer(cosign.bundle, 16 * mebi + 1)], referrer));
    await expectDenied(`${host}/${repository}:1`, 'too-large');
    expect(stage.registry.count({ kind: 'blob' })).toBe(0);
  });

  test('one review fetches 64 MiB at most', async () => {
    const repository = 'faults/heavy';
    const digest = await makeImage(stage.target, repository, '1', { label: 'heavy' });
    for (let index = 0; index < 6; index++) {
      const bytes = Buffer.alloc(15 * mebi, ' ');
      bytes.write(String(index));
      stage.registry.store.attach(repository, digest, {
        artifactType: cosign.bundle,
        layers: [{ mediaType: cosign.bundle, bytes }],
      });
    }
    const answer = await ask(`${host}/${repository}:1`, { failurePolicy: 'Ignore' });
    expect(answer).toMatchObject({ code: 403, message: expect.stringContaining('review-too-large') });
  });

  test('what is no image, and a manifest that does not parse', async () => {
    const { store } = stage.registry;
    store.putManifest('faults/text', Buffer.from('{}'), { tag: '1', mediaType: 'text/html' });
    await expectDenied(`${host}/faults/text:1`, 'not-an-image');
    store.putManifest('faults/broken', Buffer.from('{"schemaVersion":2,'), { tag: '1' });
    await expectDenied(`${host}/faults/broken:1`, 'malformed-manifest');
  });

  test('a listed referrer that the registry does not have', async () => {
    const repository = 'faults/missing';
    const digest = await makeImage(stage.target, repository, '1', { label: 'missing' });
    const { manifest, layer } = await sign(stage.target, { repository, digest, key: stage.team });
    break_({ reference: layer }, { kind: 'status', status: 404 });
    await expectDenied(`${host}/${repository}:1`, 'content-missing');
    break_({ reference: manifest }, { kind: 'status', status: 404 });
    await expectDenied(`${host}/${repository}:1`, 'content-missing');
    stage.registry.settings.intercept = undefined;
    await expectAdmitted(`${host}/${repository}:1`);
  });
});

describe('credentials', () => {
  const user = 'robot';
  const password = 'pa:ss-word';
  const config = (at: string) =>
    parseDockerConfig(
      JSON.stringify({ auths: { [at]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } }),
    );

  async function withTwoRegistries(
    work: (stages: { stage: Stage; image: string; second: Awaited<ReturnType<typeof startRegistry>> }) => Promise<void>,
  ) {
    const second = await startRegistry();
    let credentials = config('nobody.example');
    const own = await openStage({
      registry: { auth: { scheme: 'basic', user, password } },
      engine: {
        credentials: { ...credentials, find: (repository) => credentials.find(repository) },
      },
    });
    credentials = config(own.registry.host);
    try {
      const digest = await makeImage(own.target, 'faults/private', '1');
      const { layer } = await sign(own.target, { repository: 'faults/private', digest, key: own.team, format: 'sig' });
      const blob = own.registry.store.blob('faults/private', layer);
      second.store.putBlob('faults/private', blob ?? Buffer.alloc(0));
      own.registry.settings.intercept = on({ kind: 'blob' }, (request) => ({
        kind: 'redirect',
        to: `${second.url}${request.path}`,
      }));
      own.policies(policy({ images: '*/faults/*', keys: [own.team] }));
      await work({ stage: own, image: `${own.registry.host}/faults/private:1`, second });
    } finally {
      await own.close();
      await second.close();
    }
  }

  test('a redirect to another host is followed without them', async () => {
    await withTwoRegistries(async ({ stage: own, image, second }) => {
      expect(await own.send('/mutate', review(pod([image])))).toMatchObject({ allowed: true });
      expect(own.registry.requests.some(({ authorization }) => authorization === 'Basic')).toBe(true);
      expect(second.requests.map(({ kind, authorization }) => [kind, authorization])).toEqual([['blob', undefined]]);
    });
  });

  test('nor are they sent when that host asks for them', async () => {
    await withTwoRegistries(async ({ stage: own, image, second }) => {
      second.settings.auth = { scheme: 'basic', user, password };
      const answer = await own.send('/mutate', review(pod([image])));
      expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('registry-unauthorized') });
      expect(second.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
      expect(answer.body).not.toContain(password);
    });
  });
});

import type { LookupFunction } from 'node:net';
import { anyOf, type Fault, on } from '../../local/registry/faults.ts';
import { startRegistry } from '../../local/registry/server.ts';
import { selfSigned } from '../../local/tls.ts';
import { type FaultyWorld, openFaultyWorld } from './faulty-world.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

let faulty: FaultyWorld;
let world: World;
let host: string;

beforeAll(async () => {
  faulty = await openFaultyWorld();
  ({ world, host } = faulty);
});
beforeEach(() => faulty.mend());
afterAll(() => world.close());

test('without a fault the signed image is admitted and the unsigned one denied', async () => {
  await faulty.expectAdmitted();
  await faulty.expectDenied(`${host}/faults/unsigned:1`, 'no-signature');
});

describe('unavailable: the registry’s service failed', () => {
  test('nobody listens', async () => {
    const gone = await startRegistry();
    await gone.close();
    await faulty.expectUnavailable(`${gone.host}/faults/signed:1`, 'registry-unreachable');
    expect(world.waits).toHaveLength(6);
  });

  test('its name does not resolve', async () => {
    await using nameless = await openWorld({
      core: {
        door: {
          addresses: 'any',
          lookup: (_name, _options, done) => done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), '', 4),
        },
      },
    });
    nameless.policies(policy({ images: 'registry.example/*', keys: [nameless.team] }));
    const answer = await nameless.send('/mutate', review(pod(['registry.example/faults/signed:1'])));
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('its name does not resolve') });
  });

  test('its certificate is not trusted, and is where it is given', async () => {
    const tls = await selfSigned({});
    await using secure = await startRegistry({ tls });
    await faulty.expectUnavailable(`${secure.host}/faults/signed:1`, 'registry-unreachable');
    await using trusting = await openWorld({
      core: { door: { addresses: 'any', ca: { [secure.host]: tls.certPem } } },
    });
    trusting.policies(policy({ images: '*', keys: [trusting.team] }));
    const answer = await trusting.send('/mutate', review(pod([`${secure.host}/faults/signed:1`])));
    expect(answer.message).toContain('image-not-found');
  });

  test('plain HTTP beyond loopback, unless it is allowed for the host', async () => {
    const lookup: LookupFunction = (_name, options, done) =>
      options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    const name = `registry.example:${world.registry.port}`;
    const askThrough = async (allowHttp: readonly string[]) => {
      await using through = await openWorld({ core: { door: { addresses: 'any', lookup, allowHttp } } });
      through.policies(policy({ images: '*', keys: [through.team] }));
      const { message } = await through.send('/mutate', review(pod([`${name}/faults/signed:1`])));
      return message;
    };
    expect(await askThrough([])).toContain('it does not speak TLS');
    expect(await askThrough([`registry.example:1`])).toContain('it does not speak TLS');
    // Another key signs in that world: that the signature was read and found wanting is enough.
    expect(await askThrough([name])).toContain('denied (signature-mismatch)');
    expect(await askThrough(['registry.example'])).toContain('denied (signature-mismatch)');
  });

  test.each([
    [408, 'registry-error', 4],
    [429, 'registry-throttled', 4],
    [500, 'registry-error', 4],
    [501, 'registry-error', 1],
    [502, 'registry-error', 4],
    [503, 'registry-error', 4],
    [504, 'registry-error', 4],
  ])('%i on the tag: %s after %i tries', async (status, reason, tries) => {
    faulty.breakAt({ kind: 'manifest' }, { kind: 'status', status });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, reason);
    expect(world.registry.count({ reference: '1' })).toBe(2 * tries);
  });

  test.each([401, 403])('%i to everyone who asks, at `/v2/` as well', async (status) => {
    faulty.breakAt({}, { kind: 'status', status });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'registry-unauthorized');
    expect(world.registry.requests.map(({ kind }) => kind)).toEqual(['manifest', 'ping', 'manifest', 'ping']);
  });

  test('an answer that is no status of a registry’s', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'status', status: 204 });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'registry-error');
  });

  test('what recovers between tries is admitted', async () => {
    let left = 3;
    faulty.breakAt({}, () => (left-- > 0 ? { kind: 'status', status: 503 } : undefined));
    await faulty.expectAdmitted();
    expect(world.waits).toHaveLength(3);
  });

  test('Retry-After is waited for, as long as the deadline has room', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'status', status: 429, headers: { 'retry-after': '2' } });
    // 10 s leave 8.7 s, half of it for the tag: two waits of 2 s, and no third.
    const answer = await faulty.ask(`${host}/faults/signed:1`);
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('registry-throttled') });
    expect(world.waits).toEqual([2000, 2000]);
    expect(world.registry.count({ reference: '1' })).toBe(3);
  });

  test('a Retry-After beyond the deadline, or as a date, costs no time', async () => {
    for (const value of ['3600', new Date(world.now + 60_000).toUTCString()]) {
      faulty.breakAt({ reference: '1' }, { kind: 'status', status: 429, headers: { 'retry-after': value } });
      expect(await faulty.ask(`${host}/faults/signed:1`)).toMatchObject({ code: 503 });
    }
    expect(world.waits).toEqual([]);
  });

  test('a body cut short', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'cut-short' });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'body-cut-short');
  });

  test('a connection that is reset', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'reset' });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'registry-unreachable');
  });

  test('a redirect loop ends after five redirects', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'redirect', to: 'self' });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'too-many-redirects');
    expect(world.registry.count({ reference: '1' })).toBe(12);
  });

  test.each<[string, string]>([
    ['an address of another network', 'http://169.254.169.254/latest/meta-data'],
    ['another scheme', 'ftp://127.0.0.1/x'],
    ['a URL with a user name', 'http://user:secret@127.0.0.1:1/x'],
  ])('a redirect to %s is not followed', async (_, to) => {
    faulty.breakAt({ reference: '1' }, { kind: 'redirect', to });
    await faulty.expectUnavailable(`${host}/faults/signed:1`, 'redirect-refused');
    const answer = await faulty.ask(`${host}/faults/signed:1`);
    expect(answer.message).not.toMatch(/169\.254|secret|ftp:/);
  });

  test.each([1, 2, 3, 4, 5])('%i redirects are followed', async (length) => {
    let left = length;
    faulty.breakAt({ reference: '1' }, () => (left-- > 0 ? { kind: 'redirect', to: 'self' } : undefined));
    await faulty.expectAdmitted();
  });

  test.each<[string, Fault]>([
    ['accepts the request and never answers', { kind: 'hang' }],
    ['sends a body that never ends, drop by drop', { kind: 'endless', bytes: 10, contentLength: 1000 }],
  ])('a registry that %s is answered by the deadline', async (_, fault) => {
    faulty.breakAt({ reference: '1' }, fault);
    const started = performance.now();
    const answer = await faulty.ask(`${host}/faults/signed:1`, {}, '1s');
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('unavailable (deadline)') });
    // Half of the timeout; the API server gives up after the whole.
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('under Ignore a hanging registry is a warning by the deadline', async () => {
    faulty.breakAt({}, { kind: 'hang' });
    const answer = await faulty.ask(`${host}/faults/signed:1`, { failurePolicy: 'Ignore' }, '1s');
    expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('deadline')] });
    expect(world.count('verdict', { result: 'error', reason: 'deadline' })).toBeGreaterThan(0);
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
    ['registry-unreachable', { kind: 'reset' }],
  ];
  test.each(sources.flatMap(([name, filter]) => faults.map(([reason, fault]) => ({ name, filter, reason, fault }))))(
    '$name ($reason) turns a denial into unavailable and leaves a pass alone',
    async ({ filter, reason, fault }) => {
      faulty.breakAt(filter(), fault);
      await faulty.expectUnavailable(`${host}/faults/unsigned:1`, reason);
      await faulty.expectAdmitted();
    },
  );

  test.each(sources)(
    '%s, closed by a registry that gave us the image, denies; closed with the image to everyone, it is unavailable',
    async (_, filter) => {
      const closed: Fault = { kind: 'status', status: 403 };
      faulty.breakAt(filter(), closed);
      await faulty.expectDenied(`${host}/faults/unsigned:1`, 'image-not-readable');
      await faulty.expectAdmitted();
      faulty.mend();
      world.registry.settings.intercept = anyOf(on(filter(), closed), on({ kind: 'ping' }, closed));
      await faulty.expectDenied(`${host}/faults/unsigned:1`, 'image-not-readable');
      await faulty.expectAdmitted();
      faulty.breakAt({}, closed);
      await faulty.expectUnavailable(`${host}/faults/unsigned:1`, 'registry-unauthorized');
    },
  );

  test('that never answers leaves time for what the others hold; its registry has answered for the image, so it denies', async () => {
    faulty.breakAt({ kind: 'referrers' }, { kind: 'hang' });
    expect(await faulty.ask(`${host}/faults/signed:1`, {}, '1s')).toMatchObject({ allowed: true, warnings: [] });
    for (const failurePolicy of ['Fail', 'Ignore'] as const) {
      const bad = await faulty.ask(`${host}/faults/unsigned:1`, { failurePolicy }, '1s');
      expect(bad).toMatchObject({ code: 403, message: expect.stringContaining('denied (attached-too-slow)') });
    }
  });

  test('one broken referrer never spoils the rest', async () => {
    const bundle = world.registry.store.referrers('faults/signed', faulty.signed)[0]?.digest;
    faulty.breakAt({ reference: String(bundle) }, { kind: 'status', status: 500 });
    await faulty.expectAdmitted();
  });
});

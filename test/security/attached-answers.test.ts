import { type Fault, on } from '../../local/registry/faults.ts';
import { mediaTypes } from '../../local/registry/store.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { bundleV03, cosignItem, makeItem, payloadOf } from '../fixtures/attached.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

/**
 * What a registry answers for good about one thing that is attached says nothing about its service: were it an outage, who attaches
 * it would choose what failurePolicy Ignore admits. An outage is told by the status, or by the image itself not being answered.
 */
let world: World;
let unsigned: Digest;
let signed: Digest;
const name = 'team/app';
const alice = makeSigner();
const policies = ['Fail', 'Ignore'] as const;

beforeEach(async () => {
  world = await openWorld();
  unsigned = await makeImage(world.destination, name, 'unsigned', { label: 'unsigned' });
  attachItems(world, name, unsigned, [makeItem(bundleV03, Buffer.from('{"junk":1}'))]);
  signed = await makeImage(world.destination, name, 'signed', { label: 'signed' });
  attachItems(world, name, signed, [cosignItem(payloadOf(imageIn(world, name, signed)), alice)]);
});
afterEach(() => world.close());

type Filter = Parameters<typeof on>[0];
/** Where something attached to an image is asked for. */
const places: Readonly<Record<string, () => Filter>> = {
  'the .sig tag': () => ({ reference: /\.sig$/ }),
  'the fallback tag': () => ({ reference: /^sha256-[0-9a-f]{64}$/ }),
  'the referrers': () => ({ kind: 'referrers' }),
  "a referrer's manifest": () => ({ reference: String(world.registry.store.referrers(name, unsigned)[0]?.digest) }),
  'a blob': () => ({ kind: 'blob' }),
};

async function ask(digest: Digest, failurePolicy: 'Fail' | 'Ignore'): Promise<Response> {
  const { host } = world.registry;
  world.policies(policy({ images: `${host}/*`, attestors: attestorsOf([alice]), failurePolicy }));
  world.now += 24 * 3_600_000;
  return world.send('/mutate', review(pod([`${host}/${name}@${digest}`])));
}

async function expectDenied(reason: string): Promise<string> {
  let message = '';
  for (const failurePolicy of policies) {
    const answer = await ask(unsigned, failurePolicy);
    expect(answer).toMatchObject({ allowed: false, code: 403, patch: [] });
    expect(answer.message).toContain(`denied (${reason})`);
    message = answer.message;
  }
  return message;
}

async function expectUnavailable(reason: string): Promise<void> {
  expect(await ask(unsigned, 'Fail')).toMatchObject({ allowed: false, code: 503 });
  const warnings = [expect.stringContaining(reason)];
  expect(await ask(unsigned, 'Ignore')).toMatchObject({ allowed: true, warnings });
}

async function expectSignedPasses(): Promise<void> {
  for (const failurePolicy of policies) expect(await ask(signed, failurePolicy)).toMatchObject({ allowed: true });
}

const forGood = [206, 300, 402, 410, 412, 415, 416, 418, 422, 423, 451];
const elsewhereForGood = [400, 406, 501];

describe.each(Object.entries(places))('%s', (place, filter) => {
  const breakWith = (fault: Fault) => {
    world.registry.settings.intercept = on(filter(), fault);
  };
  const isReferrers = place === 'the referrers';
  test('answered with a status that is no failure of the service denies', async () => {
    for (const status of [...forGood, ...(isReferrers ? [] : elsewhereForGood)]) {
      breakWith({ kind: 'status', status });
      expect(await expectDenied('content-missing')).toContain(`answered ${status} to the request for`);
    }
  });

  test('under a header that is longer than is read denies', async () => {
    const type = (length: number) => `${mediaTypes.manifest};x=${'a'.repeat(length)}`;
    const headers = { 'content-type': type(17_000) };
    breakWith({ kind: 'body', body: '{}', headers });
    expect(await expectDenied('content-missing')).toContain('did not answer in HTTP');
  });

  test('in a content coding that is unknown, or is none, denies', async () => {
    for (const coding of ['zstd', 'gzip']) {
      const headers = { 'content-type': mediaTypes.index, 'content-encoding': coding };
      breakWith({ kind: 'body', body: '{"schemaVersion":2}', headers });
      await expectDenied('content-missing');
    }
  });

  test('redirected to nowhere denies', async () => {
    for (const location of ['http://[', 'ftp://example.com/', 'http://user@example.com/', undefined, 'self']) {
      const headers = location === undefined ? {} : { location };
      breakWith(location === 'self' ? { kind: 'redirect', to: 'self' } : { kind: 'status', status: 307, headers });
      await expectDenied('content-missing');
    }
  });

  test('failing (503) is unavailable, and a status beside the signature is no hindrance', async () => {
    breakWith({ kind: 'status', status: 503 });
    await expectUnavailable('registry-error');
    if (place === 'the .sig tag' || place === 'a blob') world.registry.settings.intercept = undefined;
    else breakWith({ kind: 'status', status: 451 });
    await expectSignedPasses();
  });
});

test('403 of the storage that blobs are redirected to is its failure, whatever the registry gave us', async () => {
  await using storage = await openWorld();
  storage.registry.settings.intercept = on({}, { kind: 'status', status: 403 });
  const to = `http://${storage.registry.host}/v2/blob`;
  world.registry.settings.intercept = on({ kind: 'blob' }, { kind: 'redirect', to });
  await expectUnavailable('registry-unauthorized');
});

test('a page of referrers that is gone denies', async () => {
  world.registry.settings.intercept = on({ kind: 'referrers' }, ({ path }) => {
    if (path.includes('page')) return { kind: 'status', status: 404 };
    const headers = { 'content-type': mediaTypes.index, link: `<${path}?page=1>; rel="next"` };
    return { kind: 'body', body: '{"schemaVersion":2,"manifests":[]}', headers };
  });
  expect(await expectDenied('content-missing')).toContain('answered 404 to the request for the referrers');
});

describe('the image itself', () => {
  test.each([400, 402, 406, 410, 412, 415, 416, 418, 422, 423, 451])(
    'answered with %i is not there',
    async (status) => {
      world.registry.settings.intercept = on({ reference: unsigned }, { kind: 'status', status });
      expect(await expectDenied('image-not-found')).toContain(`answered ${status}`);
      await expectSignedPasses();
    },
  );

  test.each([204, 300, 304, 501, 503])('answered with %i is the registry’s failure', async (status) => {
    world.registry.settings.intercept = on({ reference: unsigned }, { kind: 'status', status });
    await expectUnavailable('registry-error');
  });

  test('in a content coding that is unknown is the registry’s failure', async () => {
    const headers = { 'content-type': mediaTypes.manifest, 'content-encoding': 'zstd' };
    world.registry.settings.intercept = on({ reference: unsigned }, { kind: 'body', body: '{}', headers });
    await expectUnavailable('registry-error');
  });

  test('under a header that is longer than is read denies: the registry may echo what the author chose', async () => {
    const headers = { 'x-long': 'a'.repeat(17_000) };
    world.registry.settings.intercept = on({ reference: unsigned }, { kind: 'status', status: 200, headers });
    await expectDenied('malformed-manifest');
    await expectSignedPasses();
  });
});

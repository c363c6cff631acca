import { type Fault, on } from '../../local/registry/faults.ts';
import { attest, makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { cosignItem, makeItem, payloadOf, simpleSigning } from '../fixtures/attached.ts';
import { attachItems, imageIn } from '../security/attach.ts';
import { openWorld, type PolicyParts, pod, policy, type Response, review, type World } from './harness.ts';

// What rules about signatures say of an image that has attestations and nothing else, and what they ask for to say it.

let world: World;
let made = 0;
beforeEach(async () => {
  world = await openWorld();
  world.policies(rule());
});
afterEach(() => world.close());

const repository = 'team/app';
const predicateType = 'https://slsa.dev/provenance/v1';
const rule = (parts: Partial<PolicyParts> = {}) =>
  policy({ images: `${world.registry.host}/*`, keys: [world.team], ...parts });

const newImage = () => makeImage(world.destination, repository, 'v1', { label: `${made++}` });
const attestIt = (digest: Digest, format: 'att' | 'bundle' | 'oci11', storeIn?: string) =>
  attest(world.destination, {
    repository,
    digest,
    key: world.team,
    predicateType,
    predicate: {},
    format,
    ...(storeIn === undefined ? {} : { storeIn }),
  });
const signIt = (digest: Digest) => sign(world.destination, { repository, digest, key: world.team, format: 'sig' });

async function ask(digest: Digest, tag?: string): Promise<Response> {
  world.registry.requests.length = 0;
  const name = `${world.registry.host}/${repository}`;
  return world.send('/mutate', review(pod([tag === undefined ? `${name}@${digest}` : `${name}:${tag}`])));
}
const reasonOf = ({ allowed, message }: Response) => (allowed ? 'pass' : (/\((\S+)\): /.exec(message)?.[1] ?? message));
/** Requests for an `.att` tag. */
const askedFor = () => world.registry.requests.filter(({ reference }) => reference?.endsWith('.att'));

describe('what is asked for', () => {
  test('a signed image: what was asked before there were attestations, and nothing else', async () => {
    const digest = await newImage();
    await signIt(digest);
    await attestIt(digest, 'att');
    await attestIt(digest, 'oci11');
    expect(reasonOf(await ask(digest))).toBe('pass');
    const hex = digest.slice('sha256:'.length);
    // The image, its referrers, both tags; a referrer's manifest; the signature.
    const references = world.registry.requests.map(({ kind, reference }) => (kind === 'blob' ? 'a blob' : reference));
    expect(references.slice(0, 4).sort()).toEqual([digest, digest, `sha256-${hex}`, `sha256-${hex}.sig`].sort());
    expect(references.filter((reference) => reference === 'a blob')).toHaveLength(1);
    expect(references).toHaveLength(6);
    expect(askedFor()).toEqual([]);
  });

  test.each(['signed by another', 'signed with what does not parse', 'attested by a bundle'])(
    '%s: the denial says more, and nothing else is asked',
    async (what) => {
      const digest = await newImage();
      await attestIt(digest, 'att');
      const image = imageIn(world, repository, digest);
      if (what === 'attested by a bundle') await attestIt(digest, 'bundle');
      else if (what === 'signed by another')
        await sign(world.destination, { repository, digest, key: world.stranger, format: 'sig' });
      else attachItems(world, repository, image.digest, [makeItem(simpleSigning, {}, { source: 'sig-tag' })]);
      expect(await ask(digest)).toMatchObject({ allowed: false, code: 403 });
      expect(askedFor()).toEqual([]);
    },
  );

  test('nothing attached: one request more, after the others', async () => {
    const digest = await newImage();
    const { rounds } = await world.registry.rounds.measure(() => ask(digest));
    expect(rounds.map((round) => round.length)).toEqual([4, 1]);
    expect(rounds[1]).toMatchObject([{ kind: 'manifest', reference: `sha256-${digest.slice(7)}.att` }]);
    expect(reasonOf(await ask(digest))).toBe('no-signature');
    expect(askedFor()).toHaveLength(1);
  });

  test('several rules, several containers: one request', async () => {
    const digest = await newImage();
    world.policies(rule(), rule({ name: 'others', keys: [world.stranger] }));
    const name = `${world.registry.host}/${repository}@${digest}`;
    const answer = await world.send('/mutate', review(pod([name, name, name])));
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(askedFor()).toHaveLength(1);
  });

  test('a rule for bundles, and a signature in the older format: nothing', async () => {
    const digest = await newImage();
    await signIt(digest);
    await attestIt(digest, 'att');
    world.policies(rule({ entry: ['type: SigstoreBundle'] }));
    expect(reasonOf(await ask(digest))).toBe('no-signature');
    expect(askedFor()).toEqual([]);
  });
});

describe('what is told', () => {
  test.each([
    ['att', 1],
    ['oci11', 0],
    ['bundle', 0],
  ] as const)('as %s: attestations, and no signature', async (format, requests) => {
    const digest = await newImage();
    await attestIt(digest, format);
    await attest(world.destination, {
      ...{ repository, digest, key: world.stranger, predicate: {}, format },
      predicateType: 'https://cyclonedx.org/bom',
    });
    const { message } = await ask(digest);
    expect(message).toContain('only-attestations');
    expect(message).toContain('attestations (2) and no signature are attached to the image');
    expect(askedFor()).toHaveLength(requests);
    await signIt(digest);
    expect(reasonOf(await ask(digest))).toBe('pass');
  });

  test('by tag as by digest', async () => {
    const digest = await newImage();
    await attestIt(digest, 'att');
    expect(reasonOf(await ask(digest, 'v1'))).toBe('only-attestations');
    expect(askedFor()).toHaveLength(1);
  });

  test('in the repository that the rule names', async () => {
    const digest = await newImage();
    world.policies(rule({ entry: [`repository: ${world.registry.host}/kept/apart`] }));
    await attestIt(digest, 'att');
    expect(reasonOf(await ask(digest))).toBe('no-signature');
    expect(askedFor()).toMatchObject([{ name: 'kept/apart' }]);
    await attestIt(digest, 'att', 'kept/apart');
    expect(reasonOf(await ask(digest))).toBe('only-attestations');
  });

  test('a tag that holds a signature’s layer, an index or nothing tells nothing', async () => {
    const digest = await newImage();
    const image = imageIn(world, repository, digest);
    const signature = cosignItem(payloadOf(image), {
      type: 'p256',
      sign: () => Buffer.from('x'),
    } as never);
    attachItems(world, repository, digest, [{ ...signature, source: 'att-tag' }]);
    expect(reasonOf(await ask(digest))).toBe('no-signature');
    expect(askedFor()).toHaveLength(1);
  });
});

describe('a registry that fails for the tag alone changes nothing of the denial', () => {
  const faults: readonly Fault[] = [
    { kind: 'status', status: 401 },
    { kind: 'status', status: 403 },
    { kind: 'status', status: 404 },
    { kind: 'status', status: 429 },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'hang' },
  ];
  test.each(faults)('%j, under failurePolicy Ignore as well', async (fault) => {
    const digest = await newImage();
    await attestIt(digest, 'att');
    const tag = `sha256-${digest.slice(7)}.att`;
    world.registry.settings.intercept = on({ reference: tag }, fault);
    for (const failurePolicy of ['Fail', 'Ignore'] as const) {
      world.policies(rule({ failurePolicy }));
      const name = `${world.registry.host}/${repository}@${digest}`;
      const answer = await world.send('/mutate', review(pod([name])), { timeout: '1s' });
      expect(answer).toMatchObject({ allowed: false, code: 403, message: expect.stringContaining('(no-signature)') });
    }
  });
});

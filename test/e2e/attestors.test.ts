import {
  attest,
  copySignatures,
  type KeyType,
  makeImage,
  makeIndex,
  newKey,
  type SigningKey,
  type SignRequest,
  sign,
} from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { noRoots } from '../../shared/trust/root/trust-root.ts';
import { byKey, openWorld, type PolicyParts, pod, policy, review, type World } from './harness.ts';

type Format = NonNullable<SignRequest['format']>;
const formats: readonly Format[] = ['sig', 'bundle', 'oci11', 'message-bundle'];

let world: World;
let host: string;
let made = 0;
const alice = newKey();
const bob = newKey();
const carol = newKey();

beforeAll(async () => {
  world = await openWorld();
  host = world.registry.host;
});
afterAll(() => world.close());

interface Made {
  readonly repository: string;
  readonly digest: Digest;
  readonly image: string;
}

async function newImage(): Promise<Made> {
  const repository = `attestors/app-${made++}`;
  const digest = await makeImage(world.destination, repository, '1', { label: repository });
  return { repository, digest, image: `${host}/${repository}:1` };
}

async function signedBy(keys: readonly SigningKey[], request: Partial<SignRequest> = {}): Promise<Made> {
  const image = await newImage();
  for (const key of keys) await sign(world.destination, { ...image, key, ...request });
  return image;
}

/** `verified`, or the reason of the denial. */
async function verdictOn({ image }: { readonly image: string }, parts: Partial<PolicyParts>): Promise<string> {
  world.policies(policy({ images: `${host}/attestors/*`, ...parts }));
  const answer = await world.send('/mutate', review(pod([image])));
  const reason = world.records.at(-1)?.images[0]?.reason ?? 'not asked';
  expect([answer.allowed, reason]).toEqual([reason === 'verified', reason]);
  return reason;
}

const set = (count: number | undefined, ...entries: readonly unknown[]) => ({
  ...(count === undefined ? {} : { count }),
  entries,
});

describe.each(formats)('a signature stored as %s', (format) => {
  test('by the key: verified; by another: denied', async () => {
    const image = await signedBy([alice], { format });
    expect(await verdictOn(image, { keys: [alice] })).toBe('verified');
    expect(await verdictOn(image, { keys: [bob] })).toBe('signature-mismatch');
  });

  test.each<KeyType>(['p256', 'p384', 'p521', 'rsa2048', 'ed25519'])('with a key of %s', async (type) => {
    const key = newKey(type);
    const image = await signedBy([key], { format });
    expect(await verdictOn(image, { keys: [key] })).toBe('verified');
    expect(await verdictOn(image, { keys: [newKey(type)] })).toBe('signature-mismatch');
  });

  test.each(['payload', 'signature'] as const)('whose %s was changed: denied', async (tamper) => {
    const image = await signedBy([alice], { format, tamper });
    expect(await verdictOn(image, { keys: [alice] })).not.toBe('verified');
    await sign(world.destination, { ...image, key: alice, format });
    expect(await verdictOn(image, { keys: [alice] })).toBe('verified');
  });

  test('copied from another image: denied', async () => {
    const from = await newImage();
    const digest = await makeImage(world.destination, from.repository, 'other', { label: `${from.repository} other` });
    await sign(world.destination, { repository: from.repository, digest: from.digest, key: alice, format });
    await copySignatures(world.destination, from.repository, from.digest, digest);
    const copy = { image: `${host}/${from.repository}:other` };
    // A message signature is over the image's bytes themselves, so a copy of it is a signature of nothing here.
    const reason = format === 'message-bundle' ? 'signature-mismatch' : 'other-image';
    expect(await verdictOn(copy, { keys: [alice] })).toBe(reason);
    expect(await verdictOn(from, { keys: [alice] })).toBe('verified');
  });

  test('of an index: the index is what is signed, its children are not', async () => {
    const { repository, digest: child } = await newImage();
    const index = await makeIndex(world.destination, repository, 'index', [{ digest: child }]);
    await sign(world.destination, { repository, digest: index, key: alice, format });
    expect(await verdictOn({ image: `${host}/${repository}:index` }, { keys: [alice] })).toBe('verified');
    expect(await verdictOn({ image: `${host}/${repository}@${child}` }, { keys: [alice] })).toBe('no-signature');
    expect(world.records.at(-1)?.images[0]?.image).toContain(child);
  });

  test('in another repository counts where the policy says so', async () => {
    const image = await signedBy([alice], { format, storeIn: 'signatures/all' });
    const repository = `${host}/signatures/all`;
    expect(await verdictOn(image, { keys: [alice] })).toBe('no-signature');
    expect(await verdictOn(image, { keys: [alice], entry: [`repository: ${repository}`] })).toBe('verified');
    expect(await verdictOn(image, { keys: [bob], entry: [`repository: ${repository}`] })).toBe('signature-mismatch');
    const perAttestor = [set(undefined, byKey(alice, { repository }))];
    expect(await verdictOn(image, { attestors: perAttestor })).toBe('verified');
  });
});

test.each(['sig', 'bundle', 'oci11'] as const)(
  'a signature (%s) that claims another digest: denied',
  async (format) => {
    const image = await signedBy([alice], { format, claim: { digest: `sha256:${'ab'.repeat(32)}` } });
    expect(await verdictOn(image, { keys: [alice] })).toBe('other-image');
    await sign(world.destination, { ...image, key: alice, format });
    expect(await verdictOn(image, { keys: [alice] })).toBe('verified');
  },
);

describe('annotations', () => {
  const annotations = { env: 'prod', team: 'a' };
  test.each(['sig', 'bundle'] as const)(
    '%s: those that the rule names must be signed, with their values',
    async (format) => {
      const image = await signedBy([alice], { format, annotations });
      const bare = await signedBy([alice], { format });
      const asked = (text: string) => ({ keys: [alice], entry: [`annotations: ${text}`] });
      expect(await verdictOn(image, asked('{env: prod}'))).toBe('verified');
      expect(await verdictOn(image, asked('{env: prod, team: a}'))).toBe('verified');
      expect(await verdictOn(image, asked('{env: dev}'))).toBe('annotation-mismatch');
      expect(await verdictOn(image, asked('{env: prod, more: x}'))).toBe('annotation-mismatch');
      expect(await verdictOn(image, asked('{constructor: x}'))).toBe('annotation-mismatch');
      expect(await verdictOn(bare, asked('{env: prod}'))).toBe('annotation-mismatch');
      expect(await verdictOn(bare, { keys: [alice] })).toBe('verified');
    },
  );

  test('one signature has to have them all', async () => {
    const image = await signedBy([alice], { annotations: { env: 'prod' } });
    await sign(world.destination, { ...image, key: alice, annotations: { team: 'a' } });
    const entry = ['annotations: {env: prod, team: a}'];
    expect(await verdictOn(image, { keys: [alice], entry })).toBe('annotation-mismatch');
    await sign(world.destination, { ...image, key: alice, annotations });
    expect(await verdictOn(image, { keys: [alice], entry })).toBe('verified');
  });

  test('an attestor’s own stand in place of the entry’s', async () => {
    const image = await signedBy([alice], { annotations: { env: 'dev' } });
    const entry = ['annotations: {env: prod}'];
    const own = [set(undefined, byKey(alice, { annotations: { env: 'dev' } }))];
    expect(await verdictOn(image, { attestors: own, entry })).toBe('verified');
    expect(await verdictOn(image, { keys: [alice], entry })).toBe('annotation-mismatch');
  });
});

describe('count', () => {
  const two = (count?: number) => ({ attestors: [set(count, byKey(alice), byKey(bob))] });
  const bundleOf = (count?: number) => ({
    attestors: [set(count, byKey(`${alice.publicKeyPem}${bob.publicKeyPem}`))],
  });

  test.each(['sig', 'bundle'] as const)('%s: two attestors with count 1, 2 and unset', async (format) => {
    const one = await signedBy([bob], { format });
    const both = await signedBy([alice, bob], { format });
    const none = await signedBy([carol], { format });
    expect([
      await verdictOn(one, two(1)),
      await verdictOn(one, two(2)),
      await verdictOn(one, two()),
      await verdictOn(both, two(1)),
      await verdictOn(both, two(2)),
      await verdictOn(both, two()),
      await verdictOn(none, two(1)),
    ]).toEqual([
      'verified',
      'too-few-attestors',
      'too-few-attestors',
      'verified',
      'verified',
      'verified',
      'too-few-attestors',
    ]);
  });

  test('a PEM of two keys is two attestors: count 1 takes either, unset takes both', async () => {
    const one = await signedBy([bob]);
    const both = await signedBy([alice, bob]);
    expect(await verdictOn(one, bundleOf(1))).toBe('verified');
    expect(await verdictOn(one, bundleOf())).toBe('too-few-attestors');
    expect(await verdictOn(both, bundleOf())).toBe('verified');
  });

  test('the same signer twice is not two', async () => {
    const twice = { attestors: [set(2, byKey(alice), byKey(alice), byKey(bob))] };
    const image = await signedBy([alice, alice]);
    await sign(world.destination, { ...image, key: alice, format: 'sig' });
    expect(await verdictOn(image, twice)).toBe('too-few-attestors');
    await sign(world.destination, { ...image, key: bob });
    expect(await verdictOn(image, twice)).toBe('verified');
  });

  test('one key in two encodings is one', async () => {
    const spaced = alice.publicKeyPem.replace('\n', '\n\n').trim();
    const image = await signedBy([alice]);
    expect(await verdictOn(image, { attestors: [set(2, byKey(alice), byKey(spaced), byKey(bob))] })).toBe(
      'too-few-attestors',
    );
  });

  test('two signatures of two kinds add up', async () => {
    const image = await newImage();
    await sign(world.destination, { ...image, key: alice, format: 'sig' });
    await sign(world.destination, { ...image, key: bob, format: 'bundle' });
    expect(await verdictOn(image, two())).toBe('verified');
  });

  test('a count over the entries is refused when the policy is loaded, with its line', () => {
    expect(() => world.policies(policy({ images: '*', ...two(3) }))).toThrow(/Count cannot exceed length of entries/);
  });
});

describe('attestor sets', () => {
  test('several sets must all be satisfied', async () => {
    const attestors = [set(undefined, byKey(alice)), set(1, byKey(bob), byKey(carol))];
    expect(await verdictOn(await signedBy([alice, carol]), { attestors })).toBe('verified');
    expect(await verdictOn(await signedBy([alice]), { attestors })).toBe('too-few-attestors');
    expect(await verdictOn(await signedBy([bob, carol]), { attestors })).toBe('signature-mismatch');
  });

  test('a nested set counts as one attestor', async () => {
    const attestors = [set(2, byKey(alice), { attestor: set(1, byKey(bob), byKey(carol)) })];
    expect(await verdictOn(await signedBy([alice, carol]), { attestors })).toBe('verified');
    expect(await verdictOn(await signedBy([alice, bob, carol]), { attestors })).toBe('verified');
    expect(await verdictOn(await signedBy([bob, carol]), { attestors })).toBe('too-few-attestors');
    expect(await verdictOn(await signedBy([alice]), { attestors })).toBe('too-few-attestors');
  });

  test('nested twice, either side', async () => {
    const either = { attestor: set(1, byKey(carol), { attestor: set(undefined, byKey(alice), byKey(bob)) }) };
    expect(await verdictOn(await signedBy([alice, bob]), { attestors: [set(undefined, either)] })).toBe('verified');
    expect(await verdictOn(await signedBy([carol]), { attestors: [set(undefined, either)] })).toBe('verified');
    expect(await verdictOn(await signedBy([alice]), { attestors: [set(undefined, either)] })).toBe('too-few-attestors');
  });

  test('the same key beside and inside a nested set is not two', async () => {
    const attestors = [set(2, byKey(alice), { attestor: set(1, byKey(alice), byKey(bob)) })];
    expect(await verdictOn(await signedBy([alice]), { attestors })).toBe('too-few-attestors');
    expect(await verdictOn(await signedBy([alice, bob]), { attestors })).toBe('verified');
  });

  test('two entries of a rule that cover the image must both be satisfied, and its denial says which failed', async () => {
    const image = await signedBy([alice]);
    const entries = (key: SigningKey) =>
      policy({ images: `${host}/attestors/*`, keys: [alice] }).concat(
        `        - imageReferences: ["*"]\n          attestors: ${JSON.stringify([set(undefined, byKey(key))])}\n`,
      );
    world.policies(entries(bob));
    expect(await world.send('/mutate', review(pod([image.image])))).toMatchObject({ code: 403 });
    world.policies(entries(alice));
    expect(await world.send('/mutate', review(pod([image.image])))).toMatchObject({ allowed: true });
  });

  test('a denial names each attestor tried, and why', async () => {
    const { image } = await signedBy([alice]);
    const attestors = [set(2, byKey(alice), byKey(bob), { attestor: set(undefined, byKey(carol), byKey(bob)) })];
    world.policies(policy({ images: '*', attestors }));
    const { message } = await world.send('/mutate', review(pod([image])));
    const tried = [...message.matchAll(/- (ok|no) (attestors\S+):/g)].map(([, mark, path]) => `${mark} ${path}`);
    expect(tried).toEqual([
      'no attestors[0]',
      'ok attestors[0].entries[0]',
      'no attestors[0].entries[1]',
      'no attestors[0].entries[2].attestor',
      'no attestors[0].entries[2].attestor.entries[0]',
      'no attestors[0].entries[2].attestor.entries[1]',
    ]);
  });
});

describe('type', () => {
  test('absent or Cosign takes both ways of storing; SigstoreBundle only bundles', async () => {
    for (const format of formats) {
      const image = await signedBy([alice], { format });
      expect(await verdictOn(image, { keys: [alice] })).toBe('verified');
      expect(await verdictOn(image, { keys: [alice], entry: ['type: Cosign'] })).toBe('verified');
      const isBundle = format === 'bundle' || format === 'message-bundle';
      const reason = await verdictOn(image, { keys: [alice], entry: ['type: SigstoreBundle'] });
      expect([format, reason]).toEqual([format, isBundle ? 'verified' : 'no-signature']);
    }
  });

  test('an attestation is never a signature, signed by the right key or not', async () => {
    for (const format of ['att', 'bundle'] as const) {
      const image = await newImage();
      const predicateType = 'https://slsa.dev/provenance/v1';
      await attest(world.destination, { ...image, key: alice, predicateType, predicate: {}, format });
      expect(await verdictOn(image, { keys: [alice] })).toBe('only-attestations');
      await sign(world.destination, { ...image, key: alice });
      expect(await verdictOn(image, { keys: [alice] })).toBe('verified');
    }
  });

  test('a statement of another predicate that claims to be a signature’s bundle is an attestation', async () => {
    const image = await signedBy([alice], { claim: { predicateType: 'https://slsa.dev/provenance/v1' } });
    expect(await verdictOn(image, { keys: [alice] })).toBe('only-attestations');
  });
});

describe('the transparency log', () => {
  const withRekor = (rekor?: object) => ({
    attestors: [{ entries: [{ keys: { publicKeys: alice.publicKeyPem, ...(rekor === undefined ? {} : { rekor }) } }] }],
  });

  const unnamed = [undefined, {}, { ignoreTlog: false }, { url: 'https://rekor.sigstore.dev' }];

  test('asked for without a log key, it is one of the trust root', async () => {
    const image = await signedBy([alice]);
    for (const rekor of unnamed) expect(await verdictOn(image, withRekor(rekor))).toBe('log-entry-missing');
  });

  test('without a trust root: invalid, saying what to set, and no request is sent', async () => {
    await using rootless = await openWorld({ core: { roots: noRoots } });
    const image = `${rootless.registry.host}/attestors/app:1`;
    for (const rekor of unnamed) {
      rootless.policies(policy({ images: '*', ...withRekor(rekor) }));
      const answer = await rootless.send('/mutate', review(pod([image])));
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('invalid (trust-missing)');
      expect(answer.message).toContain('set rekor.pubkey, or rekor.ignoreTlog: true');
    }
    expect(rootless.registry.requests).toEqual([]);
  });

  test('asked for with a key, and the signature has no entry', async () => {
    const image = await signedBy([alice]);
    expect(await verdictOn(image, withRekor({ pubkey: newKey().publicKeyPem }))).toBe('log-entry-missing');
    expect(await verdictOn(image, withRekor({ ignoreTlog: true }))).toBe('verified');
  });
});

test('a skipped image is not looked at, one beside it is', async () => {
  const skipped = await newImage();
  const other = await newImage();
  const entry = [`skipImageReferences: ["${host}/${skipped.repository}:*"]`];
  world.policies(policy({ images: `${host}/attestors/*`, keys: [alice], entry }));
  world.registry.requests.length = 0;
  expect(await world.send('/mutate', review(pod([skipped.image])))).toMatchObject({ allowed: true, patch: [] });
  expect(world.registry.requests).toEqual([]);
  expect(await world.send('/mutate', review(pod([skipped.image, other.image])))).toMatchObject({ code: 403 });
});

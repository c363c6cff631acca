import type { RegistryOptions } from '../../local/registry/server.ts';
import { type AttestRequest, attest, makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import type { AttachedItem, Image } from '../../shared/registry/registry.ts';
import { about, admit, all, by, equals } from '../e2e/attested.ts';
import { openWorld, type World } from '../e2e/harness.ts';
import { dsseEnvelope, dsseItem, envelopeOf, inToto, makeItem, paeOf, statementOf } from '../fixtures/attached.ts';
import { makeSigner, type TestSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

// The published flaws of attestations, by keys, in every form in which a statement is attached. Each with a twin that passes. By
// certificates: identities.test.ts.

const name = 'acme/app';
const predicateType = 'https://example.test/review/v1';
const honest = { predicateType, predicate: { approved: true } };
const alice = makeSigner();
const mallory = makeSigner();
const conditions = [all(equals('{{ approved }}', true))];
let world: World;

beforeEach(async () => {
  world = await openWorld();
  wanting([alice]);
});
afterEach(() => world.close());

function wanting(signers: readonly TestSigner[], set: object = {}): void {
  const attestors = attestorsOf(signers).map((one) => ({ ...set, ...one }));
  world.policies(about(world, { keys: [], attestations: [{ type: predicateType, attestors, conditions }] }));
}

const pushed = async () => imageIn(world, name, await makeImage(world.destination, name));
const attach = ({ digest }: Pick<Image, 'digest'>, ...items: readonly AttachedItem[]) =>
  attachItems(world, name, digest, items);

/** `pass`, or the reason of a denial that blocks. */
async function answer({ digest }: Pick<Image, 'digest'>, purpose: 'mutate' | 'validate' = 'mutate'): Promise<string> {
  const { allowed, code, message } = await admit(world, `${world.registry.host}/${name}@${digest}`, purpose);
  if (allowed) return 'pass';
  expect(code).toBe(403);
  return /\((\S+)\): /.exec(message)?.[1] ?? message;
}

interface Attaching {
  readonly payloadType?: string;
  readonly signature?: Uint8Array;
}

type Form = (statement: Uint8Array, signer: TestSigner, parts?: Attaching) => AttachedItem;

const bare =
  (source: AttachedItem['source']): Form =>
  (statement, signer, { payloadType = inToto, signature = signer.sign(paeOf(statement, payloadType)) } = {}) =>
    makeItem(dsseEnvelope, envelopeOf(statement, signature, payloadType), { source });
const forms: Readonly<Record<string, Form>> = {
  'the .att tag': bare('att-tag'),
  'a bare referrer': bare('referrer'),
  'a bundle': (statement, signer, parts) => dsseItem(statement, signer, parts),
};
const everyForm = Object.entries(forms);

describe('P1 (policy-controller #1894): attestations are believed without a look at their signature', () => {
  test.each<[string, RegistryOptions, AttestRequest['format']]>([
    ['the .att tag', {}, 'att'],
    ['a bare referrer', {}, 'oci11'],
    ['a bundle', {}, 'bundle'],
    ['a bundle, in pages of one', { pageSize: 1 }, 'bundle'],
    ['a bundle, with bare descriptors', { referrerDescriptors: 'bare' }, 'bundle'],
    ['a bundle, by the fallback tag, no API', { referrers: 'off' }, 'bundle'],
    ['a bundle, by the fallback tag beside an empty list (Kyverno #16678)', { referrers: 'empty' }, 'bundle'],
    ['a bare referrer, by the fallback tag, no API', { referrers: 'off' }, 'oci11'],
  ])('%s: forgeries are denied, the honest statement among them is found', async (_, settings, format = 'bundle') => {
    Object.assign(world.registry.settings, settings);
    const { destination, team, stranger } = world;
    world.policies(
      about(world, { keys: [], attestations: [{ type: predicateType, attestors: by(team), conditions }] }),
    );
    const digest = await makeImage(destination, name);
    const request: AttestRequest = { repository: name, digest, key: team, ...honest, format };
    await attest(destination, { ...request, key: stranger });
    await attest(destination, { ...request, tamper: 'signature' });
    await attest(destination, { ...request, tamper: 'payload' });
    expect(await answer({ digest })).toBe('attestation-untrusted');
    await attest(destination, request);
    expect(await answer({ digest })).toBe('pass');
  });

  test.each(everyForm)(
    '%s: an envelope by another key, over another statement, or with hardly a signature',
    async (_, form) => {
      const image = await pushed();
      const statement = statementOf(image, honest);
      const other = statementOf(image, { ...honest, predicate: { approved: true, more: 1 } });
      const forgeries = [mallory.sign(paeOf(statement)), alice.sign(paeOf(other)), Buffer.from('AAAA', 'base64')];
      const items = forgeries.map((signature) => form(statement, alice, { signature }));
      attach(image, ...items);
      expect(await answer(image)).toBe('attestation-untrusted');
      attach(image, ...items, form(statement, alice));
      expect(await answer(image)).toBe('pass');
    },
  );
});

describe.each(everyForm)('P2 CVE-2022-35930, CVE-2022-35929: an attestation of another type counts: %s', (_, form) => {
  test('by the right key, and although what it is stored as says the type', async () => {
    const image = await pushed();
    const other = form(statementOf(image, { ...honest, predicateType: 'https://example.test/review/v2' }), alice);
    attach(image, other);
    expect(await answer(image)).toBe('attestation-missing');
    const annotations = { predicateType, 'dev.sigstore.bundle.predicateType': predicateType };
    attach(image, { ...other, layer: { ...other.layer, annotations } });
    expect(await answer(image)).toMatch(/^attestation-(?:missing|untrusted)$/);
    attach(image, other, form(statementOf(image, honest), alice));
    expect(await answer(image)).toBe('pass');
  });
});

describe.each(everyForm)('P3 CVE-2026-39395: a payload that does not parse is a success: %s', (_, form) => {
  test.each([
    '{',
    'null',
    '[]',
    '{}',
    'no JSON',
    '\ufeff{}',
    '{"_type":"https://in-toto.io/Statement/v1"}',
    `{"_type":"https://in-toto.io/Statement/v1","predicateType":"${predicateType}","predicate":{"approved":true}}`,
    `{"_type":"https://in-toto.io/Statement/v1","predicateType":"${predicateType}","subject":[],"predicate":{"approved":true}}`,
  ])('%j', async (text) => {
    const image = await pushed();
    attach(image, form(Buffer.from(text), alice));
    expect(await answer(image)).toMatch(/^attestation-(?:missing|untrusted)$/);
  });

  test('one that was cut short is denied, the whole one passes', async () => {
    const [cut, whole] = [await pushed(), await pushed()];
    attach(cut, form(statementOf(cut, honest).subarray(0, -1), alice));
    expect(await answer(cut)).toMatch(/^attestation-(?:missing|untrusted)$/);
    attach(whole, form(statementOf(whole, honest), alice));
    expect(await answer(whole)).toBe('pass');
  });
});

describe('P4 (Kyverno #17130, #17105, #17109): the second admission answers otherwise than the first', () => {
  const send = ({ digest }: Pick<Image, 'digest'>, purpose: 'mutate' | 'validate') =>
    admit(world, `${world.registry.host}/${name}@${digest}`, purpose);

  test.each(
    everyForm.flatMap(([title, form]) => (['mutate', 'validate'] as const).map((each) => [title, each, form] as const)),
  )('%s, %s: what is admitted is admitted in the same words, without a request', async (_, purpose, form) => {
    const image = await pushed();
    attach(image, form(statementOf(image, honest), alice));
    const first = await send(image, purpose);
    expect(first.allowed).toBe(true);
    world.registry.requests.length = 0;
    const second = await send(image, purpose);
    expect(second.body).toBe(first.body.replaceAll('\\"source\\":\\"registry\\"', '\\"source\\":\\"ledger\\"'));
    expect(world.registry.count()).toBe(0);
  });

  test.each(everyForm)(
    '%s: what conditions deny is denied in the same words, and is fetched each time',
    async (_, form) => {
      const image = await pushed();
      attach(image, form(statementOf(image, { ...honest, predicate: { approved: false } }), alice));
      const first = await send(image, 'mutate');
      const asked = world.registry.count();
      const second = await send(image, 'mutate');
      expect([second.body, second.code]).toEqual([first.body, 403]);
      expect(world.registry.count()).toBe(2 * asked);
    },
  );

  test.each(everyForm)('%s: what nobody signed never comes to conditions, on a hit neither', async (_, form) => {
    const image = await pushed();
    attach(image, form(statementOf(image, honest), alice));
    expect(await answer(image)).toBe('pass');
    // What is there now says the opposite; nobody announced it, and whom the rule trusts did not say it.
    const forged = form(statementOf(image, { ...honest, predicate: { approved: false } }), mallory);
    attach(image, forged, form(statementOf(image, honest), alice));
    expect(await answer(image)).toBe('pass');
    world.now += 3_600_000;
    expect(await answer(image)).toBe('pass');
  });
});

describe.each(everyForm)('B2 CVE-2026-31830, A8: a statement about X admits Y: %s', (_, form) => {
  test.each(['mutate', 'validate'] as const)('%s', async (purpose) => {
    const [image, other] = [await pushed(), await pushed()];
    attach(other, form(statementOf(image, honest), alice));
    expect(await answer(other, purpose)).toBe('attestation-untrusted');
    attach(other, form(statementOf(image, { ...honest, others: [other] }), alice));
    expect(await answer(other, purpose)).toBe('pass');
  });

  test.each<[string, object]>([
    ['sha512', { sha512: 'a'.repeat(128) }],
    ['an upper-case digest', {}],
    ['a name', { name: '' }],
  ])('a subject that tells the image by %s alone is about another one', async (what, made) => {
    const [image, twin] = [await pushed(), await pushed()];
    const hex = (digest: Digest) => digest.replace('sha256:', '');
    const about = (digest: object) =>
      Buffer.from(
        JSON.stringify({
          _type: 'https://in-toto.io/Statement/v1',
          subject: [{ name: image.digest, digest }],
          ...honest,
        }),
      );
    attach(
      image,
      form(about(what === 'an upper-case digest' ? { sha256: hex(image.digest).toUpperCase() } : made), alice),
    );
    expect(await answer(image)).not.toBe('pass');
    attach(twin, form(about({ ...made, sha256: hex(twin.digest) }), alice));
    expect(await answer(twin)).toBe('pass');
  });
});

describe.each(everyForm)('B4 CVE-2026-48758: the payload type can change: %s', (_, form) => {
  /** What Node's `ascii` makes the same bytes of: U+016E and `n`. */
  const lookalike = inToto.replace('json', 'jso\u016e');

  test.each([
    [lookalike, inToto],
    [lookalike, lookalike],
    [inToto, lookalike],
    ['text/plain', 'text/plain'],
  ])('%s, signed as %s', async (payloadType, signedAs) => {
    const [image, twin] = [await pushed(), await pushed()];
    const statement = statementOf(image, honest);
    attach(image, form(statement, alice, { payloadType, signature: alice.sign(paeOf(statement, signedAs)) }));
    expect(await answer(image)).toMatch(/^attestation-(?:missing|untrusted)$/);
    attach(twin, form(statementOf(twin, honest), alice));
    expect(await answer(twin)).toBe('pass');
  });
});

describe.each(everyForm)('B8 (CVE-2026-49834): one attestor is counted several times: %s', (_, form) => {
  test('whoever attests twice is one of two', async () => {
    const [twice, both] = [await pushed(), await pushed()];
    wanting([alice, mallory], { count: 2 });
    const again = { ...honest, predicate: { approved: true, again: true } };
    attach(twice, form(statementOf(twice, honest), alice), form(statementOf(twice, again), alice));
    expect(await answer(twice)).toBe('attestation-untrusted');
    attach(both, form(statementOf(both, honest), alice), form(statementOf(both, honest), mallory));
    expect(await answer(both)).toBe('pass');
  });

  test('a statement that fails is not outvoted by a good one of the same attestor', async () => {
    const [mixed, two] = [await pushed(), await pushed()];
    wanting([alice, mallory], { count: 1 });
    const bad = { ...honest, predicate: { approved: false } };
    attach(mixed, form(statementOf(mixed, honest), alice), form(statementOf(mixed, bad), alice));
    expect(await answer(mixed)).toBe('condition-failed');
    attach(two, form(statementOf(two, honest), alice), form(statementOf(two, bad), mallory));
    expect(await answer(two)).toBe('pass');
  });
});

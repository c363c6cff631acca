import type { RegistryOptions } from '../../local/registry/server.ts';
import { attest, makeImage, type SignRequest, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import { cosignItem, dsseItem, makeItem, payloadOf, statementOf } from '../fixtures/attached.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

let world: World;
const name = 'team/app';
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const host = () => `${world.registry.host}/*`;
const trustTeam = (entry: readonly string[] = []) =>
  world.policies(policy({ images: host(), keys: [world.team], entry }));
const send = (digest: Digest, purpose: 'mutate' | 'validate' = 'mutate') =>
  world.send(`/${purpose}`, review(pod([`${world.registry.host}/${name}@${digest}`])));
const signAs = (digest: Digest, more: Partial<SignRequest> = {}) =>
  sign(world.destination, { repository: name, digest, key: world.team, ...more });

/** `pass`, or the reason of a denial that blocks. */
async function answer(digest: Digest): Promise<string> {
  const { allowed, code, message } = await send(digest);
  if (allowed) return 'pass';
  expect(code).toBe(403);
  return /\((\S+)\): /.exec(message)?.[1] ?? message;
}

describe('P1 (policy-controller #1894): what a referrer holds is believed without a look at its signature', () => {
  const paths: readonly [string, RegistryOptions, SignRequest['format']][] = [
    ['referrers API, bundle', {}, 'bundle'],
    ['referrers API, message bundle', {}, 'message-bundle'],
    ['referrers API, simple signing', {}, 'oci11'],
    ['referrers API in pages of one', { pageSize: 1 }, 'bundle'],
    ['referrers API with bare descriptors', { referrerDescriptors: 'bare' }, 'bundle'],
    ['fallback tag, no API', { referrers: 'off' }, 'bundle'],
    ['fallback tag beside an empty list (Kyverno #16678)', { referrers: 'empty' }, 'bundle'],
    ['.sig tag', {}, 'sig'],
  ];

  test.each(paths)('%s: forgeries are denied, the real signature among them is found', async (_, settings, format) => {
    Object.assign(world.registry.settings, settings);
    trustTeam();
    const digest = await makeImage(world.destination, name);
    const shape = format === undefined ? {} : { format };
    await signAs(digest, { ...shape, key: world.stranger });
    await signAs(digest, { ...shape, tamper: 'signature' });
    if (format !== 'message-bundle') await signAs(digest, { ...shape, tamper: 'payload' });
    expect(await answer(digest)).toBe('signature-mismatch');
    await signAs(digest, shape);
    expect(await answer(digest)).toBe('pass');
  });

  test('an envelope with no signature, or an empty one, is denied', async () => {
    const alice = makeSigner();
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    const answerFor = async (signatures: readonly object[]) => {
      const image = imageIn(world, name, await makeImage(world.destination, name));
      const { bytes, layer } = dsseItem(statementOf(image), alice);
      const bundle = JSON.parse(Buffer.from(bytes).toString()) as { dsseEnvelope: object };
      const content = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures } };
      attachItems(world, name, image.digest, [makeItem(layer.mediaType, content)]);
      return answer(image.digest);
    };
    expect(await answerFor([])).toBe('malformed-signature');
    expect(await answerFor([{}])).toBe('malformed-signature');
    expect(await answerFor([{ sig: '' }])).toBe('malformed-signature');
    expect(await answerFor([{ sig: 'AAAA' }])).toBe('signature-mismatch');
  });
});

describe('P2 CVE-2022-35930, CVE-2022-35929: something valid of another type counts', () => {
  const types = ['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document', 'https://sigstore.dev/cosign/sign/v2'];

  test.each(types)('an attestation of type %s by the right key is no signature', async (predicateType) => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    const request = { repository: name, digest, key: world.team, predicateType, predicate: {} };
    await attest(world.destination, { ...request, format: 'bundle' });
    expect(await answer(digest)).toBe('only-attestations');
    await signAs(digest);
    expect(await answer(digest)).toBe('pass');
  });

  test('an attestation under the .att tag is no signature', async () => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    const predicateType = types[0] ?? '';
    await attest(world.destination, {
      repository: name,
      digest,
      key: world.team,
      predicateType,
      predicate: {},
      format: 'att',
    });
    expect(await answer(digest)).toBe('only-attestations');
    await signAs(digest, { format: 'sig' });
    expect(await answer(digest)).toBe('pass');
  });

  test('an envelope under the .sig tag, or as a bare referrer, is no signature although it says so', async () => {
    const alice = makeSigner();
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    const image = imageIn(world, name, await makeImage(world.destination, name));
    const { dsseEnvelope } = JSON.parse(Buffer.from(dsseItem(statementOf(image), alice).bytes).toString());
    const envelope = 'application/vnd.dsse.envelope.v1+json';
    attachItems(world, name, image.digest, [makeItem(envelope, dsseEnvelope, { source: 'sig-tag' })]);
    expect(await answer(image.digest)).toBe('no-signature');
    attachItems(world, name, image.digest, [makeItem(envelope, dsseEnvelope)]);
    expect(await answer(image.digest)).toBe('only-attestations');
    attachItems(world, name, image.digest, [cosignItem(payloadOf(image), alice)]);
    expect(await answer(image.digest)).toBe('pass');
  });

  test('a rule for bundles does not take the older format', async () => {
    trustTeam(['type: SigstoreBundle']);
    const digest = await makeImage(world.destination, name);
    await signAs(digest, { format: 'sig' });
    expect(await answer(digest)).toBe('no-signature');
    await signAs(digest, { format: 'bundle' });
    expect(await answer(digest)).toBe('pass');
  });
});

describe('P3 CVE-2026-39395: a payload that does not parse is a success', () => {
  const payloads = [
    '{',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"critical":{}}',
    'not json',
    '\ufeff{}',
    '{"_type":"https://in-toto.io/Statement/v1"}',
  ];
  const cases = (['sig', 'oci11', 'bundle'] as const).flatMap((format) =>
    payloads.map((text) => [format, text] as const),
  );

  test.each(cases)('%s of %j, signed by the right key, is denied', async (format, text) => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    await signAs(digest, { format, claim: { payload: Buffer.from(text) } });
    expect(await answer(digest)).toBe('malformed-signature');
  });

  test.each(['sig', 'oci11', 'bundle'] as const)(
    '%s of a payload that was cut short is denied, the whole one admitted',
    async (format) => {
      const alice = makeSigner();
      world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
      const image = imageIn(world, name, await makeImage(world.destination, name));
      const item = (cut: number) => {
        if (format === 'bundle') return dsseItem(statementOf(image).subarray(0, cut), alice);
        const signed = cosignItem(payloadOf(image).subarray(0, cut), alice);
        return { ...signed, source: format === 'sig' ? ('sig-tag' as const) : ('referrer' as const) };
      };
      attachItems(world, name, image.digest, [item(-1)]);
      expect(await answer(image.digest)).toBe('malformed-signature');
      attachItems(world, name, image.digest, [item(Number.POSITIVE_INFINITY)]);
      expect(await answer(image.digest)).toBe('pass');
    },
  );
});

describe('P4 (Kyverno #17130, #17105, #17109): the second admission answers otherwise than the first', () => {
  test.each(['mutate', 'validate'] as const)(
    '%s: what is admitted is admitted in the same words, without a request',
    async (purpose) => {
      trustTeam();
      const digest = await makeImage(world.destination, name);
      await signAs(digest);
      const first = await send(digest, purpose);
      expect(first.allowed).toBe(true);
      world.registry.requests.length = 0;
      const second = await send(digest, purpose);
      const fromLedger = first.body.replaceAll('\\"source\\":\\"registry\\"', '\\"source\\":\\"ledger\\"');
      expect(second.body).toBe(fromLedger);
      expect(world.registry.count()).toBe(0);
    },
  );

  test('what is denied is denied in the same words, and is asked for each time', async () => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    await signAs(digest, { key: world.stranger });
    const first = await send(digest);
    const asked = world.registry.count();
    const second = await send(digest);
    expect(second.body).toBe(first.body);
    expect(second).toMatchObject({ allowed: false, code: 403 });
    expect(world.registry.count()).toBe(2 * asked);
    await signAs(digest);
    expect((await send(digest)).allowed).toBe(true);
  });

  test('a verified image stays verified when its signature is swapped for junk under the same check, and useCache: false looks again', async () => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    const { layer } = await signAs(digest, { format: 'sig' });
    expect((await send(digest)).allowed).toBe(true);
    world.registry.store.putBlob(name, Buffer.from('{}'), layer);
    expect((await send(digest)).allowed).toBe(true);
    trustTeam(['useCache: false']);
    expect(await send(digest)).toMatchObject({ allowed: false, code: 403 });
  });

  test('ignoreTlog is honoured: without it, and without a log key, an entry of the public log is asked for', async () => {
    trustTeam();
    const digest = await makeImage(world.destination, name);
    await signAs(digest);
    expect(await answer(digest)).toBe('pass');
    const publicKeys = world.team.publicKeyPem;
    world.policies(policy({ images: host(), attestors: [{ entries: [{ keys: { publicKeys } }] }] }));
    expect(await answer(digest)).toBe('log-entry-missing');
    world.policies(
      policy({ images: host(), attestors: [{ entries: [{ keys: { publicKeys, rekor: { ignoreTlog: false } } }] }] }),
    );
    expect(await answer(digest)).toBe('log-entry-missing');
  });
});

import { copySignatures, makeImage, type SignRequest, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import type { AttachedItem, Image } from '../../shared/registry/registry.ts';
import { byKey, openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import {
  bundleV01,
  bundleV03,
  cosignItem,
  dsseItem,
  inToto,
  messageItem,
  paeOf,
  payloadOf,
  statementOf,
} from '../fixtures/attached.ts';
import { type EntryKind, type LogEntry, makeLog } from '../fixtures/log.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

let world: World;
const name = 'team/app';
const alice = makeSigner();
const bob = makeSigner();
const log = await makeLog();
const otherLog = await makeLog('https://other-log.test');

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const host = () => `${world.registry.host}/*`;
const admit = (digest: Digest, purpose: 'mutate' | 'validate' = 'mutate') =>
  world.send(`/${purpose}`, review(pod([`${world.registry.host}/${name}@${digest}`])));
const unsigned = async (): Promise<Image> => imageIn(world, name, await makeImage(world.destination, name));

/** `pass`, or the reason that the denial gives; and that it blocks. */
async function answer(digest: Digest, purpose: 'mutate' | 'validate' = 'mutate'): Promise<string> {
  const { allowed, code, message } = await admit(digest, purpose);
  if (allowed) return 'pass';
  expect(code).toBe(403);
  return /\((\S+)\): /.exec(message)?.[1] ?? message;
}

/** What a fresh image with these items is answered under the policy in force. */
async function answerFor(items: (image: Image) => readonly AttachedItem[] | Promise<readonly AttachedItem[]>) {
  const image = await unsigned();
  attachItems(world, name, image.digest, await items(image));
  return answer(image.digest);
}

describe('B1 CVE-2026-22703, CVE-2022-36056, CVE-2022-23649: a log entry that is about something else', () => {
  const loggedBy = ({ pem, url }: { pem: string; url: string }) =>
    policy({ images: host(), attestors: attestorsOf([alice], { pubkey: pem, url }) });

  interface Carrier {
    readonly kind: EntryKind;
    readonly by: 'promise' | 'proof';
    readonly format: 'payload' | 'dsse' | 'manifest';
  }
  const carriers: readonly Carrier[] = [
    { format: 'payload', kind: 'hashedrekord 0.0.1', by: 'promise' },
    { format: 'manifest', kind: 'hashedrekord 0.0.1', by: 'proof' },
    { format: 'manifest', kind: 'hashedrekord 0.0.2', by: 'proof' },
    { format: 'dsse', kind: 'dsse 0.0.1', by: 'promise' },
    { format: 'dsse', kind: 'dsse 0.0.1', by: 'proof' },
    { format: 'dsse', kind: 'intoto 0.0.2', by: 'promise' },
    { format: 'dsse', kind: 'intoto 0.0.2', by: 'proof' },
    { format: 'dsse', kind: 'hashedrekord 0.0.2', by: 'proof' },
    { format: 'dsse', kind: 'dsse 0.0.2', by: 'proof' },
  ];

  describe.each(carriers)('$format, $kind by $by', ({ format, kind, by }) => {
    const messageOf = (image: Image) =>
      format === 'payload' ? payloadOf(image) : format === 'dsse' ? statementOf(image) : Buffer.from(image.bytes);
    const signed = (image: Image) => alice.sign(format === 'dsse' ? paeOf(messageOf(image)) : messageOf(image));
    const record = (image: Image, signature: Buffer, { signer = alice, of = log } = {}) =>
      of.record(kind, { message: messageOf(image), signature, signer, envelope: format === 'dsse' });

    function item(image: Image, signature: Buffer, entry: LogEntry): AttachedItem {
      if (format === 'payload') return cosignItem(payloadOf(image), alice, { signature, log: entry.annotation });
      const tlogEntries = [by === 'promise' ? entry.promised : entry.proved];
      const parts = { signature, tlogEntries, mediaType: by === 'promise' ? bundleV01 : bundleV03 };
      return format === 'dsse' ? dsseItem(statementOf(image), alice, parts) : messageItem(image, alice, parts);
    }

    test('its own entry is admitted, that of another signature by the same key over the same bytes is not', async () => {
      world.policies(loggedBy(log));
      // ECDSA signatures differ each time.
      const otherOnes = async (image: Image) => [item(image, signed(image), await record(image, signed(image)))];
      expect(await answerFor(otherOnes)).toBe('log-entry-mismatch');
      expect(
        await answerFor(async (image) => {
          const signature = signed(image);
          return [item(image, signature, await record(image, signature))];
        }),
      ).toBe('pass');
    });

    test('the entry of another image, of another key, of another log: denied', async () => {
      world.policies(loggedBy(log));
      const other = await unsigned();
      const swapped = (changes: (image: Image, signature: Buffer) => Promise<LogEntry>) =>
        answerFor(async (image) => {
          const signature = signed(image);
          return [item(image, signature, await changes(image, signature))];
        });
      expect(await swapped(() => record(other, signed(other)))).toBe('log-entry-mismatch');
      expect(await swapped((image, signature) => record(image, signature, { signer: bob }))).toBe('log-entry-mismatch');
      expect(await swapped((image, signature) => record(image, signature, { of: otherLog }))).toBe(
        'log-entry-mismatch',
      );
    });
  });
});

describe('B2 CVE-2026-31830: the subject of an envelope is checked and the result thrown away', () => {
  test('a signature that is about another image is denied wherever it is attached', async () => {
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    const other = await unsigned();
    expect(await answerFor(() => [dsseItem(statementOf(other), alice)])).toBe('other-image');
    expect(await answerFor(() => [cosignItem(payloadOf(other), alice)])).toBe('other-image');
    expect(await answerFor((image) => [dsseItem(statementOf(image), alice)])).toBe('pass');
  });
});

describe('B3 CVE-2026-48816, CVE-2024-55655, and B11 CVE-2024-54140: what the log did not sign counts', () => {
  const recorded = async (image: Image) => {
    const message = statementOf(image);
    const signature = alice.sign(paeOf(message));
    const entry = await log.record('dsse 0.0.1', { message, signature, signer: alice, envelope: true });
    return { message, signature, entry };
  };
  const withEntry = (change: (entry: LogEntry) => object, mediaType = bundleV03) =>
    answerFor(async (image) => {
      const { message, signature, entry } = await recorded(image);
      return [dsseItem(message, alice, { signature, mediaType, tlogEntries: [change(entry)] })];
    });
  beforeEach(() => {
    world.policies(policy({ images: host(), attestors: attestorsOf([alice], { pubkey: log.pem, url: log.url }) }));
  });

  test('where the log is ignored a forged entry decides nothing', async () => {
    const edited = ({ promised }: LogEntry) => ({ ...promised, integratedTime: '1' });
    expect(await withEntry(edited, bundleV01)).toBe('log-entry-mismatch');
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    expect(await withEntry(edited, bundleV01)).toBe('pass');
    expect(await answerFor((image) => [dsseItem(statementOf(image), bob)])).toBe('signature-mismatch');
  });

  test('of two entries by the trusted log both must be about the signature, and a signature without one is denied', async () => {
    const withEntries = (count: number) =>
      answerFor(async (image) => {
        const { message, signature, entry } = await recorded(image);
        const bad = await log.record('dsse 0.0.1', { message, signature, signer: bob, envelope: true });
        const tlogEntries = [entry.proved, bad.proved].slice(0, count);
        return [dsseItem(message, alice, { signature, tlogEntries })];
      });
    expect(await withEntries(2)).toBe('log-entry-mismatch');
    expect(await withEntries(0)).toBe('log-entry-missing');
    expect(await withEntries(1)).toBe('pass');
  });

  test('an edited time under a promise is denied', async () => {
    const edited = ({ promised }: LogEntry) => ({ ...promised, integratedTime: '1' });
    expect(await withEntry(edited, bundleV01)).toBe('log-entry-mismatch');
    expect(await withEntry(({ promised }) => promised, bundleV01)).toBe('pass');
  });

  test('a checkpoint that the log did not sign, and a proof of another tree, are denied', async () => {
    type Proof = { inclusionProof: { rootHash: string; checkpoint: { envelope: string } } };
    const proofOf = ({ proved }: LogEntry) => (proved as unknown as Proof).inclusionProof;
    const unsignedCheckpoint = (entry: LogEntry) => ({
      ...entry.proved,
      inclusionProof: {
        ...proofOf(entry),
        checkpoint: { envelope: proofOf(entry).checkpoint.envelope.replace(/— (\S+) (\S{8})\S+/, '— $1 $2AAAA') },
      },
    });
    // The root that counts is the one in the signed checkpoint: this one is another entry's.
    const other = await recorded(await unsigned());
    const anotherTree = (entry: LogEntry) => ({
      ...entry.proved,
      inclusionProof: { ...proofOf(entry), checkpoint: proofOf(other.entry).checkpoint },
    });
    expect(await withEntry(unsignedCheckpoint)).toBe('log-entry-mismatch');
    expect(await withEntry(anotherTree)).toBe('log-entry-mismatch');
    expect(await withEntry(({ proved }) => proved)).toBe('pass');
  });
});

describe('B4 CVE-2026-48758: an ASCII encoding of the payload type lets it change', () => {
  /** What Node's `ascii` makes the same bytes of: U+016E and `n`. */
  const lookalike = inToto.replace('json', 'jso\u016e');

  test('a payload type whose characters fold to those that were signed is denied', async () => {
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    const relabelled = (payloadType: string, signedAs: string) =>
      answerFor((image) => [
        dsseItem(statementOf(image), alice, {
          payloadType,
          signature: alice.sign(paeOf(statementOf(image), signedAs)),
        }),
      ]);
    expect(await relabelled(lookalike, inToto)).toBe('malformed-signature');
    expect(await relabelled(lookalike, lookalike)).toBe('malformed-signature');
    expect(await relabelled(inToto, lookalike)).toBe('signature-mismatch');
    expect(await relabelled(inToto, 'text/plain')).toBe('signature-mismatch');
    expect(await relabelled(inToto, inToto)).toBe('pass');
  });
});

describe('B5 CVE-2026-48815: a field that is accepted and ignored', () => {
  const signedBy =
    (more: Partial<SignRequest> = {}) =>
    async () => {
      const digest = await makeImage(world.destination, name);
      await sign(world.destination, { repository: name, digest, key: world.team, ...more });
      return digest;
    };
  const team = (more: Readonly<Record<string, unknown>> = {}) => [{ entries: [byKey(world.team, more)] }];
  const sets = () => [...team(), { entries: [byKey(world.stranger)] }];
  interface Row {
    readonly attestors?: () => readonly unknown[];
    readonly entry?: () => readonly string[];
    readonly bad: () => Promise<Digest>;
    readonly good: () => Promise<Digest>;
  }
  const rows: Readonly<Record<string, Row>> = {
    publicKeys: { bad: () => signedBy({ key: world.stranger })(), good: signedBy() },
    annotations: {
      entry: () => ['annotations: {env: prod}'],
      bad: signedBy({ annotations: { env: 'dev' } }),
      good: signedBy({ annotations: { env: 'prod' } }),
    },
    'an attestor entry: annotations': {
      attestors: () => team({ annotations: { env: 'prod' } }),
      bad: signedBy(),
      good: signedBy({ annotations: { env: 'prod' } }),
    },
    type: {
      entry: () => ['type: SigstoreBundle'],
      bad: signedBy({ format: 'sig' }),
      good: signedBy({ format: 'bundle' }),
    },
    repository: {
      entry: () => [`repository: ${world.registry.host}/team/sigs`],
      bad: signedBy(),
      good: signedBy({ storeIn: 'team/sigs' }),
    },
    'an attestor entry: repository': {
      attestors: () => team({ repository: `${world.registry.host}/team/sigs` }),
      bad: signedBy(),
      good: signedBy({ storeIn: 'team/sigs' }),
    },
    'an attestor entry: repository, beside one without': {
      attestors: () => [
        { entries: [byKey(world.team), byKey(world.stranger, { repository: `${world.registry.host}/team/sigs` })] },
      ],
      bad: async () => {
        const digest = await signedBy()();
        await sign(world.destination, { repository: name, digest, key: world.stranger });
        return digest;
      },
      good: async () => {
        const digest = await signedBy()();
        await sign(world.destination, { repository: name, digest, key: world.stranger, storeIn: 'team/sigs' });
        return digest;
      },
    },
    'a second attestor set': {
      attestors: sets,
      bad: signedBy(),
      good: async () => {
        const digest = await signedBy()();
        await sign(world.destination, { repository: name, digest, key: world.stranger });
        return digest;
      },
    },
    'a nested set with a count': {
      attestors: () => [{ entries: [{ attestor: { count: 2, entries: [byKey(world.team), byKey(world.stranger)] } }] }],
      bad: signedBy(),
      good: async () => {
        const digest = await signedBy()();
        await sign(world.destination, { repository: name, digest, key: world.stranger });
        return digest;
      },
    },
  };

  test.each(Object.entries(rows))('%s decides', async (_, { attestors = team, entry = () => [], bad, good }) => {
    world.policies(policy({ images: host(), attestors: attestors(), entry: entry() }));
    expect(await answer(await bad())).not.toBe('pass');
    expect(await answer(await good())).toBe('pass');
  });

  const refused: readonly [string, object][] = [
    ['certificateOIDs', { keys: { publicKeys: 'x', certificateOIDs: [] } }],
    ['keyles', { keyles: { subject: 'a', issuer: 'b' } }],
    ['keyless without what is believed', { keyless: { subject: 'a', issuer: 'b' } }],
    [
      'keyless.subjectRegexp',
      { keyless: { issuer: 'b', subjectRegexp: 'a', rekor: { url: 'https://rekor.example.com' } } },
    ],
    ['certificates without one', { certificates: { cert: 'x' } }],
    ['a kms that is not asked', { keys: { kms: 'gcpkms://projects/x' } }],
    ['secret', { keys: { secret: { name: 'a', namespace: 'b' } } }],
    ['a kms of AWS that names no key', { keys: { kms: 'awskms://alias/x' } }],
  ];
  test.each(refused)('an attestor with %s is refused at load and never read over', (_, attestor) => {
    expect(() => world.policies(policy({ images: host(), attestors: [{ entries: [attestor] }] }))).toThrow();
  });

  test.each([
    'attestations: [{conditions: []}]',
    'attestations: [{type: x, predicate: y}]',
    'validate: {deny: {conditions: [{key: a, operator: Equals, value: a}]}}',
    'imageRegistryCredentials: {secrets: [x]}',
    'validate: {deny: {}, message: x}',
    'verifydigest: true',
  ])('an entry with %s is refused at load', (line) => {
    expect(() => world.policies(policy({ images: host(), keys: [world.team], entry: [line] }))).toThrow();
    expect(() =>
      world.policies(policy({ images: host(), keys: [world.team], entry: ['verifyDigest: true'] })),
    ).not.toThrow();
  });
});

describe('B8 CVE-2026-49834, and thresholds that count signatures: one signer counted several times', () => {
  const two = (entries: readonly unknown[]) => policy({ images: host(), attestors: [{ count: 2, entries }] });
  const key = (signer: { pem: string }) => byKey(signer.pem);

  test('alice signs twice where two are needed: denied; alice and bob: admitted', async () => {
    world.policies(two([key(alice), key(bob)]));
    const twice = (image: Image) => [
      cosignItem(payloadOf(image), alice),
      cosignItem(payloadOf(image), alice),
      dsseItem(statementOf(image), alice),
      messageItem(image, alice),
    ];
    expect(await answerFor(twice)).toBe('too-few-attestors');
    const both = (image: Image) => [cosignItem(payloadOf(image), alice), dsseItem(statementOf(image), bob)];
    expect(await answerFor(both)).toBe('pass');
  });

  test('a policy that names alice twice does not make two of her, however her key is spelled', async () => {
    const spelledOtherwise = { pem: alice.pem.replace(/(.{20})\n/, '$1\n\n') };
    world.policies(two([key(alice), key(spelledOtherwise), key(bob)]));
    const alone = (image: Image) => [cosignItem(payloadOf(image), alice), dsseItem(statementOf(image), alice)];
    expect(await answerFor(alone)).toBe('too-few-attestors');
    expect(await answerFor((image) => [...alone(image), dsseItem(statementOf(image), bob)])).toBe('pass');
  });

  test('one log entry written twice is no second one', async () => {
    world.policies(policy({ images: host(), attestors: attestorsOf([alice], { pubkey: log.pem, url: log.url }) }));
    const times = (count: number) =>
      answerFor(async (image) => {
        const message = statementOf(image);
        const signature = alice.sign(paeOf(message));
        const { proved } = await log.record('dsse 0.0.1', { message, signature, signer: alice, envelope: true });
        return [dsseItem(message, alice, { signature, tlogEntries: Array.from({ length: count }, () => proved) })];
      });
    expect(await times(2)).toBe('log-entry-mismatch');
    expect(await times(1)).toBe('pass');
  });
});

describe('A8: the digest that was signed is not compared with the one that was resolved', () => {
  const formats = ['sig', 'oci11', 'bundle', 'message-bundle'] as const;

  test.each(formats)('%s: a signature of X copied to Y admits no Y, in mutate and in validate', async (format) => {
    world.policies(policy({ images: host(), keys: [world.team] }));
    const x = await makeImage(world.destination, name);
    const y = await makeImage(world.destination, name);
    await sign(world.destination, { repository: name, digest: x, key: world.team, format });
    await copySignatures(world.destination, name, x, y);
    const reason = format === 'message-bundle' ? 'signature-mismatch' : 'other-image';
    expect(await answer(y, 'validate')).toBe(reason);
    expect(await answer(y)).toBe(reason);
    expect(await answer(x, 'validate')).toBe('pass');
    expect(await answer(x)).toBe('pass');
  });

  test('a message signature whose digest is edited to name Y is denied', async () => {
    world.policies(policy({ images: host(), attestors: attestorsOf([alice]) }));
    const x = await unsigned();
    const posing = (image: Image) => messageItem(image, alice, { signature: alice.sign(x.bytes) });
    expect(await answerFor((image) => [posing(image)])).toBe('signature-mismatch');
    expect(await answerFor((image) => [messageItem(image, alice, { digest: Buffer.alloc(32) })])).toBe('other-image');
    expect(await answerFor((image) => [messageItem(image, alice)])).toBe('pass');
  });

  test('the reviewed tag is resolved to Y: a signature of X, the image that the tag named, is none of its', async () => {
    world.policies(policy({ images: host(), keys: [world.team] }));
    const x = await makeImage(world.destination, name, 'v1');
    await sign(world.destination, { repository: name, digest: x, key: world.team });
    const y = await makeImage(world.destination, name, 'v1');
    const byTag = () => world.send('/mutate', review(pod([`${world.registry.host}/${name}:v1`])));
    expect(await byTag()).toMatchObject({ allowed: false, patch: [] });
    await sign(world.destination, { repository: name, digest: y, key: world.team });
    expect((await byTag()).patch[0]?.value).toBe(`${world.registry.host}/${name}:v1@${y}`);
  });
});

import { ask, askOf, now, reasonOf } from '../../test/fixtures/ask.ts';
import {
  bundleV03,
  cosignItem,
  dsseItem,
  makeImage,
  makeItem,
  messageItem,
  paeOf,
  payloadOf,
  repository,
  simpleSigning,
  slsaProvenance,
  statementOf,
} from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../test/fixtures/entries.ts';
import { makeLog } from '../../test/fixtures/log.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { readEvidence } from '../evidence/read.ts';
import type { Entry } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { buildCheck } from '../trust/build.ts';
import { verify } from './verify.ts';

const image = makeImage();
const other = makeImage('other');
const alice = makeSigner();
const mallory = makeSigner();
const byAlice = entryOf([setOf([keysOf(alice)])]);
const good = cosignItem(payloadOf(image), alice);
const provenance = dsseItem(statementOf(image, { predicateType: slsaProvenance }), alice);
const asked = (items: readonly AttachedItem[], entry: Entry = byAlice) => reasonOf(ask(entry, image, items));

// A8, B2: what a signature is of must be this image, always.
describe('a signature of another image', () => {
  test.each([
    ['payload', cosignItem(payloadOf(other), alice), good],
    ['DSSE', dsseItem(statementOf(other), alice), dsseItem(statementOf(image), alice)],
  ])('%s, copied here: denied, naming what it is for', (_, copied, own) => {
    expect(asked([own])).toBe('pass');
    const outcome = ask(byAlice, image, [copied]);
    expect(outcome).toMatchObject({ pass: false, reason: 'other-image' });
    expect(outcome.pass || outcome.message).toContain(other.digest);
    expect(asked([copied, own])).toBe('pass');
  });

  test('a message signature, copied here: it is over other bytes', () => {
    expect(asked([messageItem(image, alice)])).toBe('pass');
    expect(asked([messageItem(other, alice)])).toBe('signature-mismatch');
  });
});

describe('a payload changed after it was signed', () => {
  test('payload', () => {
    const signature = alice.sign(payloadOf(other));
    expect(asked([cosignItem(payloadOf(image), alice, { signature })])).toBe('signature-mismatch');
  });

  test('statement', () => {
    const signature = alice.sign(paeOf(statementOf(other)));
    expect(asked([dsseItem(statementOf(image), alice, { signature })])).toBe('signature-mismatch');
  });

  // B4 (CVE-2026-48758): a payload type outside ASCII once shared its encoding with another.
  test('payload type', () => {
    const statement = statementOf(image);
    const types = [
      'application/vnd.in-toto+json',
      'application/vnd.in-tot\u016f+json',
      'application/vnd.in-tot\u006f\u030a+json',
    ];
    for (const signedType of types) {
      for (const payloadType of types) {
        const item = dsseItem(statement, alice, { payloadType, signature: alice.sign(paeOf(statement, signedType)) });
        expect(asked([item]) === 'pass').toBe(signedType === types[0] && payloadType === types[0]);
      }
    }
  });
});

// P1, P2: an attestation is never a signature, however it came.
describe('attestations', () => {
  const envelope = JSON.parse(Buffer.from(dsseItem(statementOf(image), alice).bytes).toString()).dsseEnvelope;
  test.each([
    ['a bundle', provenance],
    ['a bare envelope, which says that it is a signature', makeItem('application/vnd.dsse.envelope.v1+json', envelope)],
    ['a forged bundle', dsseItem(statementOf(image, { predicateType: slsaProvenance }), mallory)],
  ])('%s', (_, item) => {
    expect(asked([item])).toBe('only-attestations');
    expect(asked([item, good])).toBe('pass');
    expect(asked([item], entryOf([setOf([keysOf(alice)])], { type: 'SigstoreBundle' }))).toBe('only-attestations');
  });

  test('they neither hide nor are hidden by signatures of either format', () => {
    expect(asked([provenance, good])).toBe('pass');
    expect(asked([provenance, dsseItem(statementOf(image), alice)])).toBe('pass');
    expect(asked([dsseItem(statementOf(image), mallory), good])).toBe('pass');
  });
});

describe('annotations', () => {
  const formats = [
    ['payload', (annotations: Record<string, unknown>) => cosignItem(payloadOf(image, annotations), alice)],
    ['DSSE', (annotations: Record<string, unknown>) => dsseItem(statementOf(image, { annotations }), alice)],
  ] as const;
  const wanting = (annotations: Record<string, string>) => entryOf([setOf([keysOf(alice)])], { annotations });

  test.each(formats)('%s: every one, with exactly its value', (_, item) => {
    const entry = wanting({ env: 'prod', team: 'a b' });
    expect(asked([item({ env: 'prod', team: 'a b', more: 'x' })], entry)).toBe('pass');
    expect(asked([item({ env: 'prod' })], entry)).toBe('annotation-mismatch');
    expect(asked([item({ env: 'production', team: 'a b' })], entry)).toBe('annotation-mismatch');
    expect(asked([item({ env: ['prod'], team: 'a b' })], entry)).toBe('annotation-mismatch');
    expect(asked([item({})], entry)).toBe('annotation-mismatch');
    expect(asked([item({ env: 'prod' }), item({ team: 'a b' })], entry)).toBe('annotation-mismatch');
  });

  test.each(formats)('%s: an inherited name is no annotation', (_, item) => {
    expect(asked([item({})], wanting({ constructor: '' }))).toBe('annotation-mismatch');
    expect(asked([item({ constructor: '' })], wanting({ constructor: '' }))).toBe('pass');
    const polluting = cosignItem(
      Buffer.from(payloadOf(image, {}).toString().replace('{}', '{"__proto__":{"env":"prod"}}')),
      alice,
    );
    expect(asked([polluting], wanting({ env: 'prod' }))).toBe('annotation-mismatch');
  });

  test('a message signature has none', () => {
    expect(asked([messageItem(image, alice)], wanting({ env: 'prod' }))).toBe('annotation-mismatch');
  });

  test('of another subject, or of a signature by someone else, do not count', () => {
    const statement = JSON.parse(statementOf(image).toString());
    const [name = '', hex = ''] = other.digest.split(':');
    statement.subject.push({ digest: { [name]: hex }, annotations: { env: 'prod' } });
    expect(asked([dsseItem(Buffer.from(JSON.stringify(statement)), alice)], wanting({ env: 'prod' }))).toBe(
      'annotation-mismatch',
    );
    const foreign = cosignItem(payloadOf(image, { env: 'prod' }), mallory);
    expect(asked([good, foreign], wanting({ env: 'prod' }))).toBe('annotation-mismatch');
  });

  test("an attestor's replace the entry's", () => {
    const entry = entryOf([setOf([keysOf(alice, { annotations: { team: 'a' } })])], { annotations: { env: 'prod' } });
    expect(asked([cosignItem(payloadOf(image, { team: 'a' }), alice)], entry)).toBe('pass');
    expect(asked([cosignItem(payloadOf(image, { env: 'prod' }), alice)], entry)).toBe('annotation-mismatch');
  });
});

test('a signature counts only in the repository that the attestor reads', () => {
  const sigs = { registry: 'sigs.test', path: 'all' };
  const there = cosignItem(payloadOf(image), alice, { repository: sigs });
  const asking = entryOf([setOf([keysOf(alice, { repository: sigs })])]);
  expect(asked([there], asking)).toBe('pass');
  expect(asked([good], asking)).not.toBe('pass');
  expect(asked([there])).not.toBe('pass');
  const mixed = entryOf([setOf([keysOf(alice, { repository: sigs }), keysOf(mallory)])]);
  expect(asked([there, cosignItem(payloadOf(image), mallory)], mixed)).toBe('pass');
  expect(asked([good, dsseItem(statementOf(image), mallory, { repository: sigs })], mixed)).toBe('too-few-attestors');
});

describe('why there is no signature', () => {
  const malformed = makeItem(simpleSigning, Buffer.from('{}'), { source: 'sig-tag' });
  test.each([
    ['nothing attached', [], 'no-signature'],
    ['an attestation', [provenance], 'only-attestations'],
    ['something that is none', [malformed], 'malformed-signature'],
    ['an attestation and something that is none', [provenance, malformed], 'only-attestations'],
    ['signatures by others', [cosignItem(payloadOf(image), mallory), malformed], 'signature-mismatch'],
  ])('%s', (_, items, reason) => {
    expect(asked(items)).toBe(reason);
    const two = entryOf([setOf([keysOf(alice), keysOf(makeSigner())])]);
    expect(asked(items, two)).toBe(reason === 'signature-mismatch' ? 'too-few-attestors' : reason);
  });

  test('a .sig where the type counts bundles alone', () => {
    const outcome = ask(entryOf([setOf([keysOf(alice)])], { type: 'SigstoreBundle' }), image, [good]);
    expect(reasonOf(outcome)).toBe('no-signature');
    expect(outcome.pass || outcome.message).toContain('Sigstore bundle');
  });

  test('what was left unread, as the rule counts nothing like it: told by what it is stored as', () => {
    const leftUnread = (as: 'signature' | 'attestation', ...types: readonly string[]) => {
      const unread = types.map((mediaType) => ({ repository, layer: image.digest, mediaType, as }));
      return askOf({ evidence: [], rejected: [], unread }, byAlice, image);
    };
    expect(leftUnread('signature', 'application/cose', 'application/jose+json')).toMatchObject({
      reason: 'no-signature',
      message:
        "no signature in cosign's older format or Sigstore bundle is attached to the image, and the rule's type counts nothing else (2 as Notary signatures)",
    });
    expect(reasonOf(leftUnread('attestation', bundleV03))).toBe('only-attestations');
  });

  test('the signature that came furthest tells why', () => {
    const entry = entryOf([setOf([keysOf(alice)])], { annotations: { env: 'prod' } });
    const foreign = cosignItem(payloadOf(image), mallory);
    const copied = cosignItem(payloadOf(other, { env: 'prod' }), alice);
    expect(asked([foreign], entry)).toBe('signature-mismatch');
    expect(asked([foreign, copied], entry)).toBe('other-image');
    expect(asked([copied, foreign], entry)).toBe('other-image');
    expect(asked([good, copied, foreign], entry)).toBe('annotation-mismatch');
  });

  test('the message is one line that names the key and what was tried', () => {
    const outcome = ask(byAlice, image, [cosignItem(payloadOf(image), mallory), dsseItem(statementOf(image), mallory)]);
    expect(outcome.pass || outcome.message).toBe(
      `no signature verifies with key sha256:${alice.spki.slice(0, 16)} (2 signatures tried)`,
    );
  });
});

describe('sources that could not be read', () => {
  const cut = new Refusal('body-cut-short', 'the referrers ended early');
  const bound = new Refusal('too-many-signatures', 'over 50 signatures are attached');

  test('spoil no pass', () => {
    expect(reasonOf(ask(byAlice, image, [good], { unreadable: [cut, bound] }))).toBe('pass');
  });

  test.each([
    ['nothing else', []],
    ['signatures by others', [cosignItem(payloadOf(image), mallory)]],
    ['attestations', [provenance]],
  ])('decide a denial, beside %s: our failures first, then bounds', (_, items) => {
    expect(ask(byAlice, image, items, { unreadable: [bound, cut] })).toMatchObject({
      reason: 'body-cut-short',
      message: cut.message,
    });
    expect(ask(byAlice, image, items, { unreadable: [bound] })).toMatchObject({
      reason: 'too-many-signatures',
      message: bound.message,
    });
    expect(ask(byAlice, image, items, { unreadable: [bound] }).attestors).toHaveLength(1);
  });
});

describe('what cannot be', () => {
  const evidence = readEvidence([good]);
  const check = buildCheck(byAlice);
  const input = { check, image, repository, evidence, unreadable: [], now };

  test('a check of nothing passes nothing', () => {
    expect(reasonOf(verify(input))).toBe('pass');
    expect(reasonOf(verify({ ...input, check: { ...check, sets: [] } }))).not.toBe('pass');
    const [set] = check.sets;
    for (const empty of [
      { need: 'all' as const, anchors: [] },
      { need: 0, anchors: set?.anchors ?? [] },
    ]) {
      expect(
        reasonOf(verify({ ...input, check: { ...check, sets: [{ kind: 'set', path: 'x', ...empty }] } })),
      ).not.toBe('pass');
    }
  });

  test('whatever throws inside is a no', () => {
    const hostile = {
      get evidence(): never {
        throw new Error('thrown inside');
      },
      rejected: [],
      unread: [],
    };
    expect(verify({ ...input, evidence: hostile })).toMatchObject({ pass: false, reason: 'internal-error' });
  });
});

// "Ignore the log" means that its entries decide nothing at all, neither for nor against.
test('where the log is ignored a forged promise is neither believed nor minded', async () => {
  const log = await makeLog();
  const payload = payloadOf(image);
  const signature = alice.sign(payload);
  const { annotation } = await log.record('hashedrekord 0.0.1', { message: payload, signature, signer: alice });
  const forged = annotation.replace(/"integratedTime":\d+/, '"integratedTime":1');
  const item = cosignItem(payload, alice, { signature, log: forged });
  expect(asked([item])).toBe('pass');
  const asking = entryOf([setOf([keysOf(alice, { rekor: { ignoreTlog: false, pubkey: log.pem, url: log.url } })])]);
  expect(asked([item], asking)).toBe('log-entry-mismatch');
  expect(asked([cosignItem(payload, alice, { signature, log: annotation })], asking)).toBe('pass');
});

test('time stamps beside a signature by a key are not looked at', () => {
  const item = dsseItem(statementOf(image), alice);
  const bundle = JSON.parse(Buffer.from(item.bytes).toString());
  bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] };
  expect(asked([makeItem(bundleV03, bundle)])).toBe('pass');
});

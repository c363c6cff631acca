import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import fc from 'fast-check';
import { ask } from '../../test/fixtures/ask.ts';
import { inToto, statementOf } from '../../test/fixtures/attached.ts';
import { makeAuthority } from '../../test/fixtures/authority/authority.ts';
import { extension, githubClaims, serverAuth } from '../../test/fixtures/authority/certificate.ts';
import { flip, makeKey } from '../../test/fixtures/authority/keys.ts';
import { type LogEntry, promisedOnly, proved } from '../../test/fixtures/authority/log.ts';
import {
  type BundleOptions,
  bundleItem,
  bundleOf,
  certificateFor,
  type LeafChanges,
  type SigningOptions,
  signContent,
} from '../../test/fixtures/authority/signing.ts';
import { trustIn } from '../../test/fixtures/carriers.ts';
import { entryOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { byWorkflow, image, usual } from '../../test/fixtures/twins.ts';

// Sigstore's own verifier judges the same material: what it refuses we refuse, and the reverse, but for the gaps that are named here.

const other = makeAuthority();
const root = trustIn(usual);
const material = toTrustMaterial(TrustedRoot.fromJSON(usual.trustedRoot()), () => {
  throw new Error('no keys are trusted');
});
const entry = entryOf([setOf([byWorkflow])]);
const signer = makeSigner();
const moment = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);
const minute = 60_000;

interface Variation {
  readonly name: string;
  readonly signing?: Omit<SigningOptions, 'certificate'>;
  readonly certificate?: LeafChanges;
  readonly bundle?: BundleOptions;
  readonly shape?: Partial<Shape>;
  /** Only one of both refuses it, which is right for the reason that is given. */
  readonly refusedBy?: 'us' | 'them';
}

interface Shape {
  readonly content: 'envelope' | 'message';
  readonly version: '0.1' | '0.2' | '0.3';
  readonly log: 'rekor1' | 'rekor2';
  readonly by: 'both' | 'promise' | 'proof';
  readonly stamped: boolean;
}

const edit = (changes: (one: LogEntry) => Partial<LogEntry>): SigningOptions => ({
  entry: (one) => ({ ...one, ...changes(one) }),
});
const checkpoint = (changes: object): SigningOptions => ({ record: { checkpoint: changes } });
const { certificateLog } = usual;
const sct = (changes: object): LeafChanges => ({ logs: [{ log: certificateLog, changes }] });
const stamp = (...changes: NonNullable<SigningOptions['stamps']>): Omit<SigningOptions, 'certificate'> => ({
  stamps: changes,
});

const variations: readonly Variation[] = [
  { name: 'nothing' },
  { name: 'another signature', signing: { signature: (bytes) => flip(bytes) } },
  { name: 'another CA', certificate: { issuer: { key: makeKey() } } },
  { name: 'a damaged certificate', certificate: { signature: (bytes) => flip(bytes) } },
  { name: 'another validity', certificate: { notBefore: moment(2 * minute) } },
  { name: 'a certificate that had expired', certificate: { notAfter: moment(minute / 2) } },
  { name: 'no SCT', certificate: { logs: [] } },
  { name: 'an SCT of another log', certificate: { logs: [other.certificateLog] } },
  { name: 'an SCT by another key', certificate: sct({ key: makeKey() }) },
  { name: 'an SCT of another certificate', certificate: sct({ tbs: Buffer.from('x') }) },
  { name: 'an SCT for another issuer', certificate: sct({ issuer: Buffer.from('x') }) },
  { name: 'an SCT with extensions', certificate: sct({ extensions: Buffer.from('x') }) },
  { name: 'a certificate by SHA-1', certificate: { hash: 'sha1' } },
  { name: 'other claims', certificate: { claims: githubClaims({ ref: 'refs/tags/v1' }) } },
  { name: 'another log', signing: { logs: [other.rekor1] } },
  { name: 'no log', signing: { logs: [] } },
  { name: 'an entry by another key', signing: { record: { key: makeKey() } } },
  { name: 'leaves after it', signing: { record: { after: 11 } } },
  {
    name: 'another time',
    signing: edit(({ integratedTime, ...one }) => ({
      ...one,
      ...(integratedTime === undefined ? {} : { integratedTime: integratedTime + 1 }),
    })),
  },
  { name: 'another body', signing: edit(({ body }) => ({ body: Buffer.concat([body, Buffer.from(' ')]) })) },
  { name: 'an entry of another signature', signing: { recorded: { signature: Buffer.from('x') } } },
  { name: 'an entry of other bytes', signing: { recorded: { message: Buffer.from('x') } } },
  { name: 'a checkpoint by another key', signing: checkpoint({ key: makeKey() }) },
  { name: 'a damaged checkpoint', signing: checkpoint({ signature: (bytes: Buffer) => flip(bytes) }) },
  { name: 'a checkpoint under another name', signing: checkpoint({ name: 'x.test' }) },
  { name: 'a checkpoint of another root', signing: checkpoint({ root: Buffer.alloc(32) }) },
  { name: 'a later time', signing: { at: moment(11 * minute) } },
  { name: 'an earlier time', signing: { at: moment(-minute) } },
  { name: 'a stamp', signing: stamp({}) },
  { name: 'a stamp after the end', signing: stamp({ at: moment(11 * minute) }) },
  { name: 'a stamp with milliseconds', signing: stamp({ fraction: '.123' }) },
  { name: 'a stamp by SHA-512', signing: stamp({ hash: 'sha512', imprintHash: 'sha512' }) },
  { name: 'Rekor v2', shape: { log: 'rekor2', by: 'proof', stamped: true, version: '0.3' } },
  { name: 'Rekor v2 without a stamp', shape: { log: 'rekor2', by: 'proof', stamped: false, version: '0.3' } },
  { name: 'a proof alone', shape: { by: 'proof', version: '0.2' } },
  { name: 'a proof with a stamp', shape: { by: 'proof', version: '0.3', stamped: true } },
  { name: 'a promise alone', shape: { by: 'promise', version: '0.1' } },
  { name: 'a message', shape: { content: 'message' } },

  // It compares no key of the entry with the signer's (CVE-2026-22703's kind).
  {
    name: 'an entry of another certificate',
    signing: { recorded: { verifier: { certificate: certificateFor(usual, signer).der } } },
    refusedBy: 'us',
  },
  // It asks for no purpose, and passes over critical extensions.
  { name: 'for servers', certificate: { purposes: [serverAuth] }, refusedBy: 'us' },
  {
    name: 'an unknown critical extension',
    certificate: { extensions: [extension('1.2.3.4', Buffer.alloc(2), true)] },
    refusedBy: 'us',
  },
  // Who signed is left to its caller where no policy is handed in.
  {
    name: 'another issuer',
    certificate: { claims: githubClaims({ issuer: 'https://accounts.test' }) },
    refusedBy: 'us',
  },
  { name: 'another subject', certificate: { names: [{ email: 'a@x.test' }] }, refusedBy: 'us' },
  // A log that signs what another says of its tree.
  { name: 'a checkpoint of another origin', signing: checkpoint({ origin: 'x.test' }), refusedBy: 'us' },
  // What is there and of nobody who is trusted: it fails for it, here it says nothing.
  {
    name: 'a second SCT of another log',
    certificate: { logs: [certificateLog, other.certificateLog] },
    refusedBy: 'them',
  },
  {
    name: 'a second stamp of another authority',
    signing: stamp({}, { by: other.timestampAuthority }),
    refusedBy: 'them',
  },
  { name: 'a second entry of another log', signing: { logs: [usual.rekor1, other.rekor1] }, refusedBy: 'them' },
  // Version 0.3 has one certificate by its specification, and cosign 3.1.3 writes a chain into it.
  { name: 'a chain', bundle: { chain: usual.ca.chain }, refusedBy: 'them' },
  // It may count them, where here one is enough.
  { name: 'two SCTs of one log', certificate: { logs: [certificateLog, certificateLog] }, refusedBy: 'them' },
  // It reads three digits of a fraction or none.
  { name: 'a stamp with two digits', signing: stamp({ fraction: '.99' }), refusedBy: 'them' },
];

const usualShape: Shape = { content: 'envelope', version: '0.3', log: 'rekor1', by: 'both', stamped: false };

function make(chosen: readonly Variation[]) {
  const shape: Shape = Object.assign({}, usualShape, ...chosen.map((one) => one.shape));
  const signing = chosen.reduce<SigningOptions>((so, { signing: more = {} }) => merged(so, more), {
    logs: [usual[shape.log]],
    ...(shape.stamped ? { stamps: [{}] } : {}),
  });
  const certificate: LeafChanges = Object.assign({}, ...chosen.map((one) => one.certificate));
  const form = { promise: promisedOnly, proof: proved, both: (one: LogEntry) => one }[shape.by];
  const message =
    shape.content === 'message' ? { message: image.bytes } : { message: statementOf(image), payloadType: inToto };
  const signed = signContent(usual, message, {
    ...signing,
    certificate,
    entry: (one) => form(signing.entry?.(one) ?? one),
  });
  const options: BundleOptions = Object.assign({ version: shape.version }, ...chosen.map(({ bundle }) => bundle));
  return { signed, options, message };
}

function merged(so: SigningOptions, more: SigningOptions): SigningOptions {
  const { entry: first, record } = so;
  const { entry: second } = more;
  const entries = first !== undefined && second !== undefined ? { entry: (one: LogEntry) => second(first(one)) } : {};
  const checkpoints = { ...record?.checkpoint, ...more.record?.checkpoint };
  const records = more.record === undefined ? {} : { record: { ...record, ...more.record, checkpoint: checkpoints } };
  return { ...so, ...more, ...entries, ...records };
}

function verdicts(chosen: readonly Variation[]): {
  readonly ours: boolean;
  readonly theirs: boolean;
  readonly why: string;
} {
  const { signed, options, message } = make(chosen);
  const outcome = ask(entry, image, [bundleItem(signed, options)], { root });
  let theirs = true;
  let why = outcome.pass ? 'we pass' : `we: ${outcome.reason}: ${outcome.message}`;
  try {
    const bundle = bundleFromJSON(bundleOf(signed, options));
    const data = 'payloadType' in message ? undefined : Buffer.from(message.message);
    new Verifier(material).verify(toSignedEntity(bundle, data));
  } catch (thrown) {
    theirs = false;
    why += `; they: ${String(thrown)}`;
  }
  return { ours: outcome.pass, theirs, why };
}

const gaps = variations.filter(({ refusedBy }) => refusedBy !== undefined);
const common = variations.filter(({ refusedBy }) => refusedBy === undefined);

test.each(gaps)('a gap: $name', (variation) => {
  const { ours, theirs } = verdicts([variation]);
  expect([ours, theirs]).toEqual(variation.refusedBy === 'us' ? [false, true] : [true, false]);
});

test.each(common)('$name: the same verdict', (variation) => {
  const { ours, theirs, why } = verdicts([variation]);
  expect([ours, why]).toEqual([theirs, why]);
});

test('up to four at once: the same verdict, and a gap opens none for what else is wrong', () => {
  const some = fc.uniqueArray(fc.constantFrom(...variations), { minLength: 2, maxLength: 4 });
  const agree = fc.property(some, (chosen) => {
    const { ours, theirs, why } = verdicts(chosen);
    const told = `${chosen.map(({ name }) => name).join(', ')}: ${why}`;
    if (!chosen.some(({ refusedBy }) => refusedBy === 'them') && ours) expect([theirs, told]).toEqual([true, told]);
    if (!chosen.some(({ refusedBy }) => refusedBy === 'us') && theirs) expect([ours, told]).toEqual([true, told]);
  });
  fc.assert(agree, { seed: 20_260_101, numRuns: 400 });
});

import {
  bundleV03,
  cosignItem,
  dsseItem,
  makeImage,
  makeItem,
  messageItem,
  payloadOf,
  statementOf,
} from '../../../test/fixtures/attached.ts';
import { makeLog } from '../../../test/fixtures/log.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import { readEvidence } from '../read.ts';

const signer = makeSigner();
const image = makeImage();
const payload = payloadOf(image);
const log = await makeLog();
const signature = signer.sign(payload);
const recorded = await log.record('hashedrekord 0.0.1', { message: payload, signature, signer });
const { annotation } = recorded;

interface Proof {
  readonly checkpoint: { readonly envelope: string };
}
const { inclusionProof } = recorded.proved as { readonly inclusionProof: Proof };
const proof = {
  ...inclusionProof,
  hashes: ['A'.repeat(43).concat('=')],
};
const envelopeBundle = JSON.parse(
  Buffer.from(
    dsseItem(statementOf(image), signer, {
      tlogEntries: [{ ...recorded.promised, inclusionProof: proof }],
    }).bytes,
  ).toString(),
);
const bundle = {
  ...envelopeBundle,
  verificationMaterial: {
    ...envelopeBundle.verificationMaterial,
    timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] },
  },
};
const messageBundle = JSON.parse(Buffer.from(messageItem(image, signer).bytes).toString());

type Path = readonly (string | number)[];
type Json = Record<string | number, unknown>;

function put(into: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(into)) return into.map((one, index) => (index === step ? put(one, rest, value) : one));
  return { ...(into as Json), [step]: put((into as Json | undefined)?.[step], rest, value) };
}

function readOne(item: AttachedItem): string {
  const { evidence, rejected } = readEvidence([item]);
  return rejected[0]?.message ?? evidence[0]?.kind ?? 'nothing';
}
const read = (path: Path, value: unknown, whole: unknown = bundle) =>
  readOne(makeItem(bundleV03, put(whole, path, value) as object));
const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');

const material = 'verificationMaterial';
const entry = [material, 'tlogEntries', 0] as const;
const kibi = 1024;
const passes = 'sigstore-bundle';

test.each([
  ['log index', [...entry, 'logIndex']],
  ['time', [...entry, 'integratedTime']],
  ['proof’s log index', [...entry, 'inclusionProof', 'logIndex']],
  ['tree size', [...entry, 'inclusionProof', 'treeSize']],
] as const)('the %s of a log entry has at most 20 digits', (_, path) => {
  for (const good of ['0', '9'.repeat(20), 7, undefined, null]) expect(read(path, good)).toBe(passes);
  for (const bad of ['9'.repeat(21), '9'.repeat(1e6), '-1', '0x1', '', '1e3', 1e21, 1.5, {}, [], true, ' 1'])
    expect(read(path, bad)).toMatch(/ of a log entry is no number of at most 20 digits$/);
});

test('a checkpoint has 16 KiB at most, and the log size in it 20 digits', () => {
  const path = [...entry, 'inclusionProof', 'checkpoint', 'envelope'];
  const [origin, , ...rest] = proof.checkpoint.envelope.split('\n');
  const sized = (size: string) => [origin, size, ...rest].join('\n');
  expect(read(path, sized('9'.repeat(20)))).toBe(passes);
  expect(read(path, sized('9'.repeat(21)))).toBe('the log size of a checkpoint has over 20 digits');
  expect(read(path, sized('9'.repeat(15_000_000)))).toBe("a log's checkpoint is over 16384 characters");
  expect(read(path, sized('1').padEnd(16 * kibi, '\n'))).toBe(passes);
  expect(read(path, sized('1').padEnd(16 * kibi + 1, '\n'))).toBe("a log's checkpoint is over 16384 characters");
});

const chain = [material, 'x509CertificateChain', 'certificates'] as const;
const stamps = [material, 'timestampVerificationData', 'rfc3161Timestamps'] as const;
test.each<readonly [string, Path, number, unknown]>([
  ["a log entry's body", [...entry, 'canonicalizedBody'], 64 * kibi, bundle],
  ["a log entry's promise", [...entry, 'inclusionPromise', 'signedEntryTimestamp'], 16 * kibi, bundle],
  ["a log's ID", [...entry, 'logId', 'keyId'], 32, bundle],
  ["a proof's root hash", [...entry, 'inclusionProof', 'rootHash'], 32, bundle],
  ["a proof's hash", [...entry, 'inclusionProof', 'hashes', 0], 32, bundle],
  ['a time stamp', [...stamps, 0, 'signedTimestamp'], 64 * kibi, bundle],
  ['a certificate', [material, 'certificate', 'rawBytes'], 16 * kibi, bundle],
  ['a certificate', [...chain, 0, 'rawBytes'], 16 * kibi, put(bundle, chain, [{ rawBytes: 'AAAA' }])],
  ['a signature', ['dsseEnvelope', 'signatures', 0, 'sig'], 16 * kibi, bundle],
  ['the signature', ['messageSignature', 'signature'], 16 * kibi, messageBundle],
  ['the message digest', ['messageSignature', 'messageDigest', 'digest'], 64, messageBundle],
])('%s at %j has so many bytes at most, and is text', (what, path, most, whole) => {
  const told = `${what} is no base64 of at most ${most} bytes`;
  expect(read(path, base64(most), whole)).toBe(passes);
  expect(read(path, base64(most + 3), whole)).toBe(told);
  // A list as long as that would be made of it, and memory filled with zeros.
  for (const bad of [{ length: 1e10 }, { length: 10 }, [1, 2], 7, true]) expect(read(path, bad, whole)).toBe(told);
});

test.each<readonly [string, Path, number, unknown]>([
  ['a proof has over 64 hashes', [...entry, 'inclusionProof', 'hashes'], 64, base64(32)],
  ['the bundle has over 32 time stamps', stamps, 32, { signedTimestamp: 'AAAA' }],
  ['the bundle has over 32 certificates', chain, 32, { rawBytes: 'AAAA' }],
  ['the bundle has over 32 log entries', [material, 'tlogEntries'], 32, bundle[material].tlogEntries[0]],
])('%s', (told, path, most, one) => {
  expect(read(path, Array(most).fill(one))).toBe(passes);
  expect(read(path, Array(most + 1).fill(one))).toBe(told);
});

test("a log entry in cosign's annotation has the same bounds", () => {
  const readLog = (change: (entry: Json) => unknown) =>
    readOne(cosignItem(payload, signer, { signature, log: JSON.stringify(change(JSON.parse(annotation))) }));
  const body = (bytes: number) => Buffer.from(`{"kind":"x","apiVersion":"y"}`.padEnd(bytes)).toString('base64');
  const withBody = (bytes: number) => (log: Json) => ({
    ...log,
    Payload: { ...(log['Payload'] as Json), body: body(bytes) },
  });
  expect(readLog(withBody(64 * kibi))).toBe('cosign-signature');
  expect(readLog(withBody(64 * kibi + 3))).toBe("a log entry's body is no base64 of at most 65536 bytes");
  const withPromise = (bytes: number) => (log: Json) => ({ ...log, SignedEntryTimestamp: base64(bytes) });
  expect(readLog(withPromise(16 * kibi))).toBe('cosign-signature');
  expect(readLog(withPromise(16 * kibi + 3))).toBe("a log entry's promise is no base64 of at most 16384 bytes");
});

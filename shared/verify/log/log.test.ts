import { ask, reasonOf } from '../../../test/fixtures/ask.ts';
import {
  bundleV01,
  cosignItem,
  dsseItem,
  makeImage,
  messageItem,
  paeOf,
  payloadOf,
  statementOf,
} from '../../../test/fixtures/attached.ts';
import { entryOf, keysOf, setOf } from '../../../test/fixtures/entries.ts';
import { type EntryKind, type LogEntry, makeLog, type TestLog } from '../../../test/fixtures/log.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import type { AttachedItem, Image } from '../../registry/registry.ts';

const signer = makeSigner();
const other = makeSigner();
const image = makeImage();
const otherImage = makeImage('other');
const log: TestLog = await makeLog();
const otherLog = await makeLog('https://other-log.test');

/** Each way in which a log entry comes along with a signature: format, kind of entry, promise or proof. */
interface Carrier {
  readonly name: string;
  readonly kind: EntryKind;
  message(of: Image): Buffer;
  readonly envelope: boolean;
  item(entry: LogEntry | undefined, signature: Buffer): AttachedItem;
}

const inBundle = (kind: EntryKind, by: 'promise' | 'proof'): Carrier => ({
  name: `DSSE, ${kind}, ${by}`,
  kind,
  envelope: true,
  message: (of) => statementOf(of),
  item: (entry, signature) =>
    dsseItem(statementOf(image), signer, {
      signature,
      mediaType: by === 'promise' ? bundleV01 : 'application/vnd.dev.sigstore.bundle.v0.3+json',
      tlogEntries: entry === undefined ? [] : [by === 'promise' ? entry.promised : entry.proved],
    }),
});

const carriers: readonly Carrier[] = [
  {
    name: 'payload, hashedrekord 0.0.1, promise',
    kind: 'hashedrekord 0.0.1',
    envelope: false,
    message: payloadOf,
    item: (entry, signature) =>
      cosignItem(payloadOf(image), signer, entry === undefined ? { signature } : { signature, log: entry.annotation }),
  },
  {
    name: 'manifest, hashedrekord 0.0.1, proof',
    kind: 'hashedrekord 0.0.1',
    envelope: false,
    message: (of) => Buffer.from(of.bytes),
    item: (entry, signature) =>
      messageItem(image, signer, { signature, tlogEntries: entry === undefined ? [] : [entry.proved] }),
  },
  {
    name: 'manifest, hashedrekord 0.0.2, proof',
    kind: 'hashedrekord 0.0.2',
    envelope: false,
    message: (of) => Buffer.from(of.bytes),
    item: (entry, signature) =>
      messageItem(image, signer, { signature, tlogEntries: entry === undefined ? [] : [entry.proved] }),
  },
  inBundle('dsse 0.0.1', 'promise'),
  inBundle('dsse 0.0.1', 'proof'),
  inBundle('intoto 0.0.2', 'promise'),
  inBundle('intoto 0.0.2', 'proof'),
  inBundle('hashedrekord 0.0.2', 'proof'),
  inBundle('dsse 0.0.2', 'proof'),
];

const withLog = (of: TestLog = log) =>
  entryOf([setOf([keysOf(signer, { rekor: { ignoreTlog: false, pubkey: of.pem, url: of.url } })])]);
const ignoring = entryOf([setOf([keysOf(signer)])]);
const asked = (item: AttachedItem, entry = withLog()) => reasonOf(ask(entry, image, [item]));

// B1 (CVE-2026-22703, CVE-2022-36056): a valid entry counts only for the signature, the bytes and the key that it is about.
describe.each(carriers)('$name', ({ kind, envelope, message, item }) => {
  const signed = (of: Image) => signer.sign(envelope ? paeOf(message(of)) : message(of));
  const signature = signed(image);
  const record = (changes: object = {}, of: TestLog = log) =>
    of.record(kind, { message: message(image), signature, signer, envelope, ...changes });

  test('its own entry: verified, and not by a rule for another log', async () => {
    const good = item(await record(), signature);
    expect(asked(good)).toBe('pass');
    expect(asked(good, withLog(otherLog))).toBe('log-entry-mismatch');
  });

  test('no entry: denied where the log is asked for, verified where it is ignored', () => {
    expect(asked(item(undefined, signature))).toBe('log-entry-missing');
    expect(asked(item(undefined, signature), ignoring)).toBe('pass');
  });

  test('the entry of another image, signed by the same key', async () => {
    const entry = await record({ message: message(otherImage), signature: signed(otherImage) });
    expect(asked(item(entry, signature))).toBe('log-entry-mismatch');
    expect(asked(item(entry, signature), ignoring)).toBe('pass');
  });

  test('an entry of these bytes with another signature by the same key', async () => {
    const entry = await record({ signature: signed(image) });
    expect(asked(item(entry, signature))).toBe('log-entry-mismatch');
  });

  test('an entry of this signature with other bytes', async () => {
    const entry = await record({ message: message(otherImage) });
    expect(asked(item(entry, signature))).toBe('log-entry-mismatch');
  });

  test('an entry that names another key, all else equal', async () => {
    const outcome = ask(withLog(), image, [item(await record({ signer: other }), signature)]);
    expect(reasonOf(outcome)).toBe('log-entry-mismatch');
    expect(JSON.stringify(outcome)).toContain('names another key');
  });

  test('an entry of a log that only calls itself the trusted one', async () => {
    const forger = await makeLog(log.url);
    const [trusted, forged] = [await record(), await record({}, forger)];
    const posing = JSON.parse(JSON.stringify(forged).replaceAll(logIdOf(forged), logIdOf(trusted)));
    expect(asked(item(forged, signature))).toBe('log-entry-mismatch');
    expect(asked(item(posing, signature))).toBe('log-entry-mismatch');
  });

  test('an entry changed after the log wrote it', async () => {
    const good = await record();
    const changed = good.annotation.replace(/"integratedTime":(\d)/, (_, digit) => `"integratedTime":${digit}9`);
    const { promised, proved } = good;
    const body = Buffer.from(`${Buffer.from(String(proved['canonicalizedBody']), 'base64').toString()} `).toString(
      'base64',
    );
    const bad = {
      annotation: changed,
      promised: { ...promised, integratedTime: '1' },
      proved: { ...proved, canonicalizedBody: body },
    };
    expect(asked(item(bad, signature))).toBe('log-entry-mismatch');
    expect(asked(item(bad, signature), ignoring)).toBe('pass');
  });

  test('a signature that does not verify is not saved by its entry', async () => {
    const wrong = other.sign(envelope ? paeOf(message(image)) : message(image));
    expect(asked(item(await record({ signature: wrong, signer: other }), wrong))).toBe('signature-mismatch');
  });
});

function logIdOf({ promised }: LogEntry): string {
  return (promised as { logId: { keyId: string } }).logId.keyId;
}

describe('several entries', () => {
  const statement = statementOf(image);
  const signature = signer.sign(paeOf(statement));
  const recorded = { message: statement, signature, signer, envelope: true };
  const bundle = (tlogEntries: readonly object[]) => dsseItem(statement, signer, { signature, tlogEntries });

  test("another log's entry beside the trusted one's does no harm, and no good alone", async () => {
    const foreign = (await otherLog.record('dsse 0.0.1', recorded)).proved;
    const own = (await log.record('dsse 0.0.1', recorded)).proved;
    expect(asked(bundle([foreign, own]))).toBe('pass');
    expect(asked(bundle([foreign]))).toBe('log-entry-mismatch');
  });

  // B8: one entry written twice is one entry, and no way to slip in a second.
  test('the same entry twice is refused', async () => {
    const { proved } = await log.record('dsse 0.0.1', recorded);
    expect(asked(bundle([proved, proved]))).toBe('log-entry-mismatch');
    expect(asked(bundle([proved]))).toBe('pass');
  });

  test('of two entries by the trusted log both have to be about the signature', async () => {
    const good = (await log.record('dsse 0.0.1', recorded)).proved;
    const bad = (await log.record('dsse 0.0.1', { ...recorded, signer: other })).proved;
    expect(asked(bundle([good, bad]))).toBe('log-entry-mismatch');
  });

  test('an entry with neither promise nor proof does not count', async () => {
    const { promised } = await log.record('dsse 0.0.1', recorded);
    const item = dsseItem(statement, signer, {
      signature,
      mediaType: bundleV01,
      tlogEntries: [{ ...promised, inclusionPromise: { signedEntryTimestamp: '' } }],
    });
    expect(asked(item)).toBe('log-entry-mismatch');
  });
});

test('an entry that names a certificate of the key counts as naming the key', async () => {
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const make = (name: string) =>
    X509CertificateGenerator.createSelfSigned({
      name,
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2027-01-01'),
    });
  const certificate = await make('CN=signer');
  const der = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const payload = payloadOf(image);
  const { createPrivateKey, sign } = await import('node:crypto');
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const signature = sign('sha256', payload, createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const holder = { ...signer, pem, der };
  const entry = entryOf([setOf([keysOf(holder, { rekor: { ignoreTlog: false, pubkey: log.pem, url: log.url } })])]);
  const record = async (named: string) =>
    (await log.record('hashedrekord 0.0.1', { message: payload, signature, signer: { ...holder, pem: named } }))
      .annotation;
  expect(asked(cosignItem(payload, holder, { signature, log: await record(certificate.toString('pem')) }), entry)).toBe(
    'pass',
  );
  expect(asked(cosignItem(payload, holder, { signature, log: await record('nobody') }), entry)).toBe(
    'log-entry-mismatch',
  );
});

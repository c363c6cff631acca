import { createHash } from 'node:crypto';
import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { readTrustRoot } from './read.ts';

const authority = makeAuthority();
const start = authority.ca.root.notBefore;
const bytesOf = (document: unknown) => Buffer.from(JSON.stringify(document));
const document = () => structuredClone(authority.trustedRoot());
type Path = readonly (string | number)[];
/** The usual document with another value at a path; `undefined`: with none. */
const read = (path: Path, value?: unknown) => readTrustRoot(bytesOf(put(document(), path, value)));

function put(into: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(into)) return into.map((one, index) => (index === step ? put(one, rest, value) : one));
  return { ...(into as object), [step]: put((into as Record<string, unknown>)[step], rest, value) };
}

test('everything that it lists, with the time in which it is trusted', () => {
  const bytes = bytesOf(document());
  const { root, unread } = readTrustRoot(bytes);
  expect(unread).toEqual([]);
  const validFor = { start: start.getTime(), end: Number.POSITIVE_INFINITY };
  const { ca, timestampAuthority, certificateLog, rekor1, rekor2 } = authority;
  expect(root.authorities.map((one) => [one.root.der, one.intermediates.map(({ der }) => der), one.validFor])).toEqual([
    [ca.root.der, [ca.intermediate.der], validFor],
  ]);
  expect(
    root.timestampAuthorities.map((one) => [one.root.der, one.intermediates.map(({ der }) => der), one.validFor]),
  ).toEqual([[timestampAuthority.root.der, [timestampAuthority.leaf.der], validFor]]);
  expect(
    root.certificateLogs.map(({ keyId, publicKey }) => [keyId, publicKey.equals(certificateLog.key.publicKey)]),
  ).toEqual([[certificateLog.keyId, true]]);
  expect(
    root.transparencyLogs.map(({ keyId, baseUrl, publicKey }) => [
      keyId,
      baseUrl,
      publicKey.export({ format: 'der', type: 'spki' }),
    ]),
  ).toEqual([rekor1, rekor2].map((log) => [log.logId, log.baseUrl, log.key.spki]));
  expect(root.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('an end is an end', () => {
  const end = '2026-01-01T00:00:00.000Z';
  const log = read(['tlogs', 0, 'publicKey', 'validFor', 'end'], end).root.transparencyLogs[0];
  const own = read(['certificateAuthorities', 0, 'validFor', 'end'], end).root.authorities[0];
  expect([log?.validFor.end, own?.validFor.end]).toEqual([Date.parse(end), Date.parse(end)]);
});

const key = ['tlogs', 0, 'publicKey'] as const;
const own = ['certificateAuthorities', 0] as const;
test.each<[string, Path, unknown, RegExp]>([
  [
    'an authority without a beginning',
    [...own, 'validFor'],
    undefined,
    /^certificateAuthorities\[0\]: it does not say since when/,
  ],
  [
    'an authority without certificates',
    [...own, 'certChain'],
    undefined,
    /^certificateAuthorities\[0\]: an authority without certificates/,
  ],
  [
    'an authority with a damaged certificate',
    [...own, 'certChain', 'certificates', 0, 'rawBytes'],
    'AAAA',
    /^certificateAuthorities\[0\]: /,
  ],
  ['a log without a beginning', [...key, 'validFor'], undefined, /^tlogs\[0\]: it does not say since when/],
  ['a log without a key', [...key, 'rawBytes'], undefined, /^tlogs\[0\]: a log without a key/],
  ['a log without an ID', ['tlogs', 0, 'logId'], undefined, /^tlogs\[0\]: a log without an ID/],
  ['a log whose ID is nothing', ['tlogs', 0, 'logId', 'keyId'], '', /^tlogs\[0\]: a log without an ID/],
  ['a log with a key of no kind', [...key, 'rawBytes'], 'AAAA', /^tlogs\[0\]: /],
  [
    'a certificate log without a beginning',
    ['ctlogs', 0, 'publicKey', 'validFor'],
    {},
    /^ctlogs\[0\]: it does not say since when/,
  ],
  [
    'a time-stamp authority without a beginning',
    ['timestampAuthorities', 0, 'validFor'],
    {},
    /^timestampAuthorities\[0\]: /,
  ],
])('%s is not trusted, and told', (_, path, value, message) => {
  const { root, unread } = read(path, value);
  expect(unread).toHaveLength(1);
  expect(unread[0]).toMatch(message);
  const listed = [root.authorities, root.transparencyLogs, root.certificateLogs, root.timestampAuthorities].flat();
  expect(listed).toHaveLength(4);
});

test('a date that is none is never now', () => {
  const { root } = read([...own, 'validFor'], { start: 'once' });
  expect(root.authorities.every(({ validFor }) => Number.isNaN(validFor.start))).toBe(true);
});

test.each<[string, string | Uint8Array]>([
  ['nothing', ''],
  ['no JSON', '{'],
  ['null', 'null'],
  ['a list', '[]'],
  ['an object', '{}'],
  ['another media type', JSON.stringify({ ...document(), mediaType: 'application/json' })],
  ['a bundle', JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' })],
  ['one of nothing', JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' })],
  ['one of what is not read', JSON.stringify({ ...document(), tlogs: [{}], certificateAuthorities: [{}] })],
  ['over a megabyte', Buffer.alloc(1024 * 1024 + 1, ' ')],
])('%s is no trusted root', (_, content) => {
  expect(() => readTrustRoot(Buffer.from(content))).toThrow();
});

test('a time-stamp authority and certificate logs alone are nothing to trust', () => {
  const only = {
    mediaType: document()['mediaType'],
    ctlogs: document()['ctlogs'],
    timestampAuthorities: document()['timestampAuthorities'],
  };
  expect(() => readTrustRoot(bytesOf(only))).toThrow('it names no authority and no log');
  expect(readTrustRoot(bytesOf({ ...only, tlogs: document()['tlogs'] })).unread).toEqual([]);
});

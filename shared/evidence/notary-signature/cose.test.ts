import { encode, Tagged } from 'cborg';
import { coseTime, type EnvelopeChanges, type EnvelopeRequest } from '../../../local/signer/notary.ts';
import { makeItem } from '../../../test/fixtures/attached.ts';
import { makeNotaryChain, notaryItem, signedAt, withEntries } from '../../../test/fixtures/notary.ts';
import type { Evidence } from '../evidence.ts';
import { readEvidence } from '../read.ts';
import { loadNotaryReader } from './lazy.ts';

beforeAll(loadNotaryReader);

const { signer } = makeNotaryChain();

const read = (changes: EnvelopeChanges, request: Partial<EnvelopeRequest> = {}) =>
  outcomeOf(readEvidence([notaryItem({ signer, changes, format: 'cose', ...request })]));
const readBytes = (bytes: Uint8Array) => outcomeOf(readEvidence([makeItem('application/cose', Buffer.from(bytes))]));

function outcomeOf({ evidence: [one], rejected: [no] }: ReturnType<typeof readEvidence>): Evidence | string {
  return one ?? no?.message ?? 'nothing';
}

const good = { kind: 'notary-signature' };
const signingTime = 'io.cncf.notary.signingTime';
const timestampName = 'io.cncf.notary.timestampSignature';
const notCbor = /is not CBOR in the form that COSE signers write/;

test('an envelope as notation writes it', () => {
  const token = Buffer.from('a token');
  const read = outcomeOf(readEvidence([notaryItem({ signer, format: 'cose', timestamp: () => token })]));
  expect(read).toMatchObject({ ...good, signed: { format: 'notary', algorithm: 'ES256' } });
  const signed = typeof read !== 'string' && read.kind === 'notary-signature' ? read.signed : undefined;
  if (signed?.format !== 'notary') throw new Error('it is read');
  expect(Buffer.from(signed.timestampToken ?? []).equals(token)).toBe(true);
  expect(signed.material.certificates.map((each) => Buffer.from(each))).toEqual(
    signer.chain.map((each) => Buffer.from(each)),
  );
});

describe('the envelope is a COSE_Sign1', () => {
  const parts = (edit: (parts: unknown[]) => unknown): EnvelopeChanges => ({ cose: edit });
  const tagged = (edit: (parts: unknown[]) => unknown): EnvelopeChanges => ({
    cose: (own) => new Tagged(18, edit(own)),
  });
  const none = /the envelope is no COSE_Sign1 with its tag/;
  const rules: readonly [string, EnvelopeChanges, RegExp][] = [
    ['without its tag', parts((own) => own), none],
    ['with the tag of a time', parts((own) => new Tagged(1, own)), none],
    ['with its tag twice', parts((own) => new Tagged(18, new Tagged(18, own))), none],
    ['with the tag of COSE_Sign', parts((own) => new Tagged(98, own)), notCbor],
    ['of three parts', tagged((own) => own.slice(0, 3)), none],
    ['of five parts', tagged((own) => [...own, null]), none],
    ['that is a map', tagged((own) => new Map([[1, own]])), none],
    ['whose protected header is a map itself', tagged(([, ...rest]) => [new Map(), ...rest]), /is no byte string/],
    ['whose payload is detached', tagged(([a, b, , d]) => [a, b, null, d]), /the payload is detached/],
    ['whose payload is a text', tagged(([a, b, , d]) => [a, b, '{}', d]), /the payload is no byte string/],
    ['whose signature is a text', tagged(([a, b, c]) => [a, b, c, 'x']), /the signature is no byte string/],
    ['whose signature is empty', { signature: () => Buffer.alloc(0) }, /the signature is no byte string/],
    ['whose signature is large', { signature: () => Buffer.alloc(1025) }, /the signature has over 1024 bytes/],
    ['whose unprotected header is a list', tagged(([a, , c, d]) => [a, [], c, d]), /unprotected header is no map/],
  ];
  test.each(rules)('not one %s', (_, changes, message) => {
    expect(read({})).toMatchObject(good);
    expect(read(tagged((own) => own))).toMatchObject(good);
    expect(read(changes)).toMatch(message);
  });

  test('and nothing behind it', () => {
    const bytes = notaryItem({ signer, format: 'cose' }).bytes;
    expect(readBytes(bytes)).toMatchObject(good);
    expect(readBytes(Buffer.concat([bytes, Buffer.from([0])]))).toMatch(notCbor);
    expect(readBytes(bytes.subarray(0, -1))).toMatch(notCbor);
    expect(readBytes(Buffer.alloc(0))).toMatch(notCbor);
  });
});

describe('CBOR in another form than the shortest', () => {
  const bytes = Buffer.from(notaryItem({ signer, format: 'cose' }).bytes);

  test('an outer list of indefinite length', () => {
    expect(bytes.subarray(0, 2).toString('hex')).toBe('d284');
    const indefinite = Buffer.concat([Buffer.from([0xd2, 0x9f]), bytes.subarray(2), Buffer.from([0xff])]);
    expect(readBytes(indefinite)).toMatch(notCbor);
  });

  test('a length or a tag in more bytes than it takes', () => {
    expect(readBytes(Buffer.concat([Buffer.from([0xd2, 0x98, 4]), bytes.subarray(2)]))).toMatch(notCbor);
    expect(readBytes(Buffer.concat([Buffer.from([0xd8, 18]), bytes.subarray(1)]))).toMatch(notCbor);
  });

  test('a protected header of indefinite length', () => {
    const indefinite = (signed: Buffer) =>
      Buffer.concat([Buffer.from([0xbf]), signed.subarray(1), Buffer.from([0xff])]);
    expect(read({ signedBytes: (signed) => signed })).toMatchObject(good);
    expect(read({ signedBytes: indefinite })).toMatch(notCbor);
  });

  test('a protected header with something behind it, or that is empty', () => {
    expect(read({ signedBytes: (signed) => Buffer.concat([signed, Buffer.from([0])]) })).toMatch(notCbor);
    expect(read({ signedBytes: () => Buffer.alloc(0) })).toMatch(notCbor);
    expect(read({ signedBytes: () => Buffer.from([0xa0]) })).toMatch(/algorithm is none/);
  });

  test('a label twice, signed or not', () => {
    // One more entry in a map of fewer than 23: label 1 again.
    const twice = (map: Buffer) =>
      Buffer.concat([Buffer.from([(map[0] ?? 0) + 1]), map.subarray(1), Buffer.from([1, 0x26])]);
    expect(read({ signedBytes: twice })).toMatch(notCbor);
    const chain = Buffer.from(encode(signer.chain.map((each) => new Uint8Array(each))));
    const unsigned = (...entries: readonly Buffer[]) =>
      Buffer.concat([
        Buffer.from([0xa0 + entries.length]),
        ...entries.flatMap((entry) => [Buffer.from([0x18, 33]), entry]),
      ]);
    const whole = (map: Buffer): EnvelopeChanges => ({
      cose: ([head, , payload, signature]) =>
        Buffer.concat([
          Buffer.from([0xd2, 0x84]),
          ...[head, undefined, payload, signature].map((part) =>
            part === undefined ? map : Buffer.from(encode(part)),
          ),
        ]),
    });
    expect(read(whole(unsigned(chain)))).toMatchObject(good);
    expect(read(whole(unsigned(chain, chain)))).toMatch(notCbor);
  });

  test.each([
    ['a fraction', 1.5, /has a fraction/],
    ['undefined', undefined, notCbor],
    ['another tag', new Tagged(0, '2026-01-01T00:00:00Z'), notCbor],
  ])('an attribute that is %s', (_, value, message) => {
    const set = (header: ReadonlyMap<string | number, unknown>) => new Map(header).set('com.acme', value);
    expect(read({ signed: withEntries(['com.acme', 'text']) })).toMatchObject(good);
    expect(read({ signed: set })).toMatch(message);
  });

  test('text that is not UTF-8', () => {
    const broken = (signed: Buffer) => {
      const at = signed.indexOf('com.acme');
      const changed = Buffer.from(signed);
      changed[at] = 0xff;
      return changed;
    };
    const attributes = [{ name: 'com.acme', value: 'x' }];
    expect(read({}, { attributes })).toMatchObject(good);
    expect(read({ signedBytes: broken }, { attributes })).toMatch(/text that is not UTF-8/);
  });

  test('more values than any envelope has, or deeper ones', () => {
    const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x81), Buffer.from([0])]);
    expect(readBytes(nested(1000))).toMatch(/no COSE_Sign1/);
    expect(readBytes(nested(1024 * 1024 - 1))).toMatch(/the envelope holds over 2000 values/);
    expect(readBytes(Buffer.from(encode(Array(3000).fill(0))))).toMatch(/the envelope holds over 2000 values/);
    // Of lengths that nothing is behind.
    expect(readBytes(Buffer.from('9affffffff', 'hex'))).toMatch(notCbor);
    expect(readBytes(Buffer.from('5affffffff', 'hex'))).toMatch(notCbor);
    expect(readBytes(Buffer.from('bb7fffffffffffffff', 'hex'))).toMatch(notCbor);
  });
});

describe('a time is whole seconds with tag 1', () => {
  const at = (value: unknown) => read({ signed: withEntries([signingTime, value]) });
  test.each([
    ['as it is', coseTime(signedAt), signedAt.getTime()],
    ['before 1970', new Tagged(1, -1), -1000],
  ])('%s', (_, value, time) => {
    expect(at(value)).toMatchObject({ signed: { attributes: { signingTime: time } } });
  });
  test.each([
    ['without a tag', 1_767_225_600, /signingTime is no time in whole seconds with CBOR tag 1/],
    ['as text', '2026-01-01T00:00:00Z', /signingTime is no time/],
    ['as text with tag 1', new Tagged(1, '2026-01-01T00:00:00Z'), /signingTime is no time/],
    ['with tag 0', new Tagged(0, '2026-01-01T00:00:00Z'), notCbor],
    ['with tag 18', new Tagged(18, 1_767_225_600), /signingTime is no time/],
    ['with a fraction', new Tagged(1, 1_767_225_600.5), /has a fraction/],
    ['beyond what is a time', new Tagged(1, 8.64e12 + 1), /signingTime is no time/],
    ['with its tag twice', new Tagged(1, new Tagged(1, 1)), /signingTime is no time/],
  ])('not %s', (_, value, message) => {
    expect(at(value)).toMatch(message);
  });

  test('nor a whole number that is written as a fraction', () => {
    const asFraction = (signed: Buffer) => {
      const time = Buffer.from('c11a', 'hex');
      const at = signed.indexOf(time);
      const seconds = Buffer.alloc(8);
      seconds.writeDoubleBE(signed.readUInt32BE(at + 2));
      return Buffer.concat([signed.subarray(0, at), Buffer.from('c1fb', 'hex'), seconds, signed.subarray(at + 6)]);
    };
    expect(read({ signedBytes: asFraction })).toMatch(/has a fraction/);
  });
});

describe('the headers', () => {
  test('numbers are names as texts are, and no number is a text', () => {
    const attributes = [
      { name: 77, value: 'x', critical: true },
      { name: '77', value: 'y' },
      { name: -70_000, value: 1 },
    ];
    const { extended = [] } = attributesOf(read({}, { attributes }));
    expect(extended).toHaveLength(3);
    expect(extended).toEqual(
      expect.arrayContaining([
        { name: 'label 77', value: 'x', critical: true },
        { name: '77', value: 'y', critical: false },
        { name: 'label -70000', value: undefined, critical: false },
      ]),
    );
    expect(read({ signed: withEntries([2, ['io.cncf.notary.signingScheme', 77]]) })).toMatch(/that it does not have/);
  });

  test.each([
    ['a list', [1]],
    ['bytes', new Uint8Array(1)],
  ])('a name is none that is %s', (_, name) => {
    const set = (header: ReadonlyMap<string | number, unknown>) => new Map<unknown, unknown>(header).set(name, 1);
    expect(read({ signedBytes: (signed) => signed, unsigned: (header) => set(header) as typeof header })).toMatch(
      /a name in the unprotected header is none/,
    );
  });

  test('a number beyond what is exact is no name, and no time', () => {
    const large = 2n ** 60n;
    const set = (header: ReadonlyMap<string | number, unknown>) => new Map<unknown, unknown>(header).set(large, 1);
    expect(read({ unsigned: (header) => set(header) as typeof header })).toMatch(notCbor);
    expect(read({ signed: withEntries([signingTime, new Tagged(1, large)]) })).toMatch(notCbor);
  });

  const [first = new Uint8Array(0)] = signer.chain.map((each) => new Uint8Array(each));
  const unsigned = (name: string | number, value: unknown): EnvelopeChanges => ({
    unsigned: withEntries([name, value]),
  });
  const rules: readonly [string, EnvelopeChanges, RegExp][] = [
    ['no certificates', unsigned(33, undefined), /the envelope has no certificates/],
    ['an empty list of them', unsigned(33, []), /the envelope has no certificates/],
    ['one that is in no list', unsigned(33, first), /the certificates are no list/],
    ['one that is a text', unsigned(33, ['x']), /a certificate is no byte string/],
    ['eleven', unsigned(33, Array(11).fill(first)), /over 10 certificates/],
    ['a large one', unsigned(33, [new Uint8Array(16 * 1024 + 1)]), /a certificate has over 16384 bytes/],
    ['what is critical', unsigned(2, [33]), /the unprotected header says what is critical/],
    ['what is signed as well', unsigned(1, -7), /have the same name/],
    ['a time stamp that is a text', unsigned(timestampName, 'x'), /timestampSignature is no byte string/],
    ['a large time stamp', unsigned(timestampName, new Uint8Array(64 * 1024 + 1)), /the time stamp has over 65536/],
  ];
  test.each(rules)('%s', (_, changes, message) => {
    expect(read(unsigned(33, Array(10).fill(first)))).toMatchObject(good);
    expect(read(changes)).toMatch(message);
  });
});

function attributesOf(read: Evidence | string) {
  if (typeof read === 'string' || read.kind !== 'notary-signature' || read.signed.format !== 'notary') {
    throw new Error(typeof read === 'string' ? read : read.kind);
  }
  return read.signed.attributes;
}

import type { EnvelopeChanges, EnvelopeRequest } from '../../../local/signer/notary.ts';
import { makeItem } from '../../../test/fixtures/attached.ts';
import { makeNotaryChain, notaryItem, withEntries } from '../../../test/fixtures/notary.ts';
import type { Evidence } from '../evidence.ts';
import { readEvidence } from '../read.ts';

const chain = makeNotaryChain();
const { signer } = chain;
const [first = Buffer.alloc(0)] = signer.chain;

const read = (changes: EnvelopeChanges, request: Partial<EnvelopeRequest> = {}) =>
  outcomeOf(readEvidence([notaryItem({ signer, changes, ...request })]));
const readBytes = (bytes: Uint8Array | string) =>
  outcomeOf(readEvidence([makeItem('application/jose+json', Buffer.from(bytes))]));

function outcomeOf({ evidence: [one], rejected: [no] }: ReturnType<typeof readEvidence>): Evidence | string {
  return one ?? no?.message ?? 'nothing';
}

const good = { kind: 'notary-signature' };
const timestampName = 'io.cncf.notary.timestampSignature';

test('an envelope as notation writes it: the message is what is signed, the certificates and the time stamp are beside it', () => {
  const token = Buffer.from('a token');
  const item = notaryItem({ signer, timestamp: () => token });
  const { payload, protected: signed } = JSON.parse(item.bytes.toString());
  expect(outcomeOf(readEvidence([item]))).toMatchObject({
    ...good,
    layer: item.layer.digest,
    signed: {
      format: 'notary',
      algorithm: 'ES256',
      message: Buffer.from(`${signed}.${payload}`),
      timestampToken: token,
      material: { certificates: signer.chain.map((each) => Buffer.from(each)), timestamps: [], logEntries: [] },
    },
  });
});

test('another time stamp, or another certificate, is other evidence', () => {
  const hashes = [
    notaryItem({ signer }),
    notaryItem({ signer, timestamp: () => Buffer.from('a') }),
    notaryItem({ signer, timestamp: () => Buffer.from('b') }),
    notaryItem({ signer: { ...signer, chain: signer.chain.slice(0, 2) } }),
  ].map((item) => {
    const one = outcomeOf(readEvidence([item]));
    return typeof one === 'string' ? one : one.hash;
  });
  expect(new Set(hashes).size).toBe(4);
});

describe('the envelope', () => {
  const without = (name: string) => (members: Record<string, unknown>) => ({ ...members, [name]: undefined });
  const rules: readonly [string, EnvelopeChanges, RegExp][] = [
    ['no payload', { jws: without('payload') }, /the payload is not base64url/],
    ['no protected header', { jws: without('protected') }, /the protected header is not base64url/],
    ['no signature', { jws: without('signature') }, /the signature is not base64url/],
    ['no header', { jws: without('header') }, /header is no object/],
    ['a header that is a list', { jws: (members) => ({ ...members, header: [] }) }, /header is no object/],
    ['a fifth member', { jws: (members) => ({ ...members, signatures: [] }) }, /has other members/],
    ['a member in another case', { jws: (members) => ({ ...members, Payload: '' }) }, /has other members/],
    ['a list', { jws: (members) => [members] }, /the envelope is no JSON object/],
    [
      'compact serialization',
      { jws: ({ payload, signature, ...rest }) => Buffer.from(`${rest['protected']}.${payload}.${signature}`) },
      /the envelope is not JSON/,
    ],
    [
      'a member twice',
      { jws: (members) => Buffer.from(JSON.stringify(members).replace('{', '{"payload":"e30",')) },
      /the envelope has a name twice/,
    ],
    [
      'certificates twice',
      { jws: (members) => Buffer.from(JSON.stringify(members).replace('"x5c":', '"x5c":[],"x5c":')) },
      /the envelope has a name twice/,
    ],
    ['a signature without bytes', { signature: () => Buffer.alloc(0) }, /the signature is not base64url/],
    [
      'a signature of many bytes',
      { signature: () => Buffer.alloc(2048) },
      /the signature is no base64 of at most 1024/,
    ],
    ['a signature that is no text', { jws: (members) => ({ ...members, signature: { length: 9 } }) }, /the signature/],
  ];
  test.each(rules)('%s', (_, changes, message) => {
    expect(read({})).toMatchObject(good);
    expect(read(changes)).toMatch(message);
  });

  test.each(['payload', 'protected', 'signature'])('%s is base64url without padding, in its one form', (name) => {
    const change = (edit: (text: string) => string) =>
      read({ jws: (members) => ({ ...members, [name]: edit(String(members[name])) }) });
    expect(change((text) => text)).toMatchObject(good);
    for (const edit of [
      (text: string) => `${text}=`,
      (text: string) => ` ${text}`,
      (text: string) => `${text}\n`,
      (text: string) => `${text}+`,
      (text: string) => text.padEnd(text.length + ((5 - (text.length % 4)) % 4), 'A'),
    ]) {
      expect(change(edit)).toMatch(/is not base64url/);
    }
  });

  test('the last letter has no bits that say nothing', () => {
    // One byte more than a multiple of three leaves four bits.
    const signature = Buffer.alloc(64, 1);
    const written = signature.toString('base64url');
    expect(read({ jws: (members) => ({ ...members, signature: written }) })).toMatchObject(good);
    const other = `${written.slice(0, -1)}R`;
    expect(Buffer.from(other, 'base64url')).toEqual(signature);
    expect(read({ jws: (members) => ({ ...members, signature: other }) })).toMatch(/the signature is not base64url/);
  });
});

describe('the protected header', () => {
  const edited = (edit: (text: string) => string): EnvelopeChanges => ({
    signedBytes: (bytes) => Buffer.from(edit(bytes.toString())),
  });
  test('is a JSON object', () => {
    expect(read(edited((text) => text))).toMatchObject(good);
    expect(read(edited(() => '[]'))).toMatch(/the protected header is no JSON object/);
    expect(read(edited((text) => `${text} x`))).toMatch(/the protected header is not JSON/);
    expect(read({ signedBytes: (bytes) => Buffer.concat([bytes, Buffer.from([0xff])]) })).toMatch(/is not UTF-8/);
  });

  test.each([
    ['as it is', '"alg":"none",'],
    ['with an escape', String.raw`"\u0061lg":"none",`],
    ['inside of an attribute', '"com.acme":{"a":1,"a":2},'],
    ['of an attribute', '"com.acme":1,"com.acme":1,'],
  ])('has no name twice: %s', (_, member) => {
    expect(read(edited((text) => text.replace('{', `{${member}`)))).toMatch(/the protected header has a name twice/);
  });

  test('what looks like a name in a text is none', () => {
    const attributes = [{ name: 'com.acme', value: '"a":1,"a":2,\\"alg\\":' }];
    expect(read({}, { attributes })).toMatchObject(good);
  });
});

describe('the header that is not signed', () => {
  const unsigned = (name: string, value: unknown): EnvelopeChanges => ({ unsigned: withEntries([name, value]) });
  const base64 = Buffer.from(first).toString('base64');
  const rules: readonly [string, EnvelopeChanges, RegExp][] = [
    ['no certificates', unsigned('x5c', undefined), /the envelope has no certificates/],
    ['an empty list of them', unsigned('x5c', []), /the envelope has no certificates/],
    ['no list of them', unsigned('x5c', base64), /x5c is no list/],
    ['a certificate that is no text', unsigned('x5c', [7]), /a certificate is no base64/],
    [
      'a certificate in base64url',
      unsigned('x5c', [Buffer.alloc(3, 0xff).toString('base64url')]),
      /of x5c is not base64/,
    ],
    ['a certificate without padding', unsigned('x5c', ['AA']), /of x5c is not base64/],
    ['eleven certificates', unsigned('x5c', Array(11).fill(base64)), /over 10 certificates/],
    ['a large certificate', unsigned('x5c', ['A'.repeat(32 * 1024)]), /a certificate is no base64 of at most 16384/],
    ['what is critical', unsigned('crit', ['x5c']), /the unprotected header says what is critical/],
    ['what is signed as well', unsigned('alg', 'ES256'), /have the same name/],
    ['a time stamp that is no text', unsigned(timestampName, 1), /the time stamp is no base64/],
    ['a time stamp in base64url', unsigned(timestampName, '_-8='), /timestampSignature is not base64/],
    ['a large time stamp', unsigned(timestampName, 'A'.repeat(128 * 1024)), /the time stamp is no base64 of at most/],
  ];
  test.each(rules)('%s', (_, changes, message) => {
    expect(read(changes)).toMatch(message);
  });

  test('ten certificates, the agent in the spelling of old, and names of others are let be', () => {
    expect(read(unsigned('x5c', Array(10).fill(base64)))).toMatchObject(good);
    expect(read(unsigned('io.cncf.notary.SigningAgent', 'notation/1.0.0'))).toMatchObject(good);
    expect(read(unsigned('com.acme', { any: ['thing'] }))).toMatchObject(good);
    expect(read(unsigned(timestampName, 'AAAA'))).toMatchObject(good);
  });
});

test.each(['', '{', '{}', 'null', '"x"', '\u0000'])('what is no envelope at all: %j', (text) => {
  expect(readBytes(text)).toMatch(/the envelope|the signature|header/);
});

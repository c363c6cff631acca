import { createHash } from 'node:crypto';
import { attItem, dsseItem, makeImage, messageItem, statementOf } from '../../test/fixtures/attached.ts';
import { makeNotaryChain, notaryItem } from '../../test/fixtures/notary.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import { atOnce } from '../slices.ts';
import type { Stated } from './evidence.ts';
import { predicateOf, readPredicate } from './predicate.ts';
import { readEvidence } from './read.ts';

const signer = makeSigner();
const image = makeImage();
const type = 'https://example.test/review/v1';

/** What was kept of a statement with this text as its predicate member, name and colon included. */
function stated(members: string, make: typeof attItem | typeof dsseItem = attItem): Stated {
  const text = statementOf(image, { predicateType: type }).toString().replace('"predicate":{}', members);
  const { evidence, rejected } = readEvidence([make(Buffer.from(text), signer)], () => true);
  const [one] = evidence;
  if (one?.kind !== 'attestation' || one.stated === undefined) throw new Error(`not kept: ${rejected[0]?.message}`);
  return one.stated;
}
const bytesOf = (members: string) => Buffer.from(atOnce(predicateOf(stated(members))).bytes).toString();
const parsed = (text: string) => atOnce(readPredicate(Buffer.from(text)));

test.each([attItem, dsseItem])('is found as it was signed, and known by its hash', (make) => {
  const text = '{"b": [1,2.50] ,"a":"\\u0041"}';
  const { bytes, hash } = atOnce(predicateOf(stated(`"predicate": \n\t${text}\r `, make)));
  expect(Buffer.from(bytes).toString()).toBe(text);
  expect(hash).toBe(createHash('sha256').update(text).digest('hex'));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
  expect(atOnce(readPredicate(bytes))).toEqual({ b: [1, 2.5], a: 'A' });
});

test.each(['"text"', 'null', '7', '[]', 'true', '{"predicate":{"predicate":1}}', '"\\"predicate\\":{}"'])(
  '%s is any JSON',
  (text) => {
    expect(bytesOf(`"predicate":${text}`)).toBe(text);
    expect(parsed(text)).toEqual(JSON.parse(text));
  },
);

test('a name that is written with escapes is the name', () => {
  expect(bytesOf('"pred\\u0069cate":{"a":1}')).toBe('{"a":1}');
});

test.each([
  ['none', '"other":{}', 'the statement has no predicate'],
  ['one that only begins like it', '"predicates":{}', 'the statement has no predicate'],
  ['one that is inside of another member', '"other":{"predicate":{}}', 'the statement has no predicate'],
  ['two', '"predicate":{"safe":true},"predicate":{"safe":false}', 'the statement has more than one predicate'],
  ['two, one in disguise', '"predicate":{},"pred\\u0069cate":{}', 'the statement has more than one predicate'],
])('%s is refused', (_, members, message) => {
  expect(() => bytesOf(members)).toThrow(message);
});

test('an attestation by its type is not asked for a predicate', () => {
  expect(stated('"other":{}').claims).toHaveLength(1);
});

test('what is signed is a statement', () => {
  const [one] = readEvidence([messageItem(image, signer)]).evidence;
  if (one === undefined || one.kind === 'attestation') throw new Error('no signature');
  expect(() => atOnce(predicateOf(one))).toThrow('what is signed is no statement');
});

test('whatever is written into it is its own', () => {
  const value = parsed('{"__proto__":{"polluted":1},"constructor":2,"a":1,"a":3}') as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'a']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(value['a']).toBe(3);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('cosign’s type `custom` stays as it is', () => {
  const custom = { Data: '{"any":1}', Timestamp: '2026-01-01T00:00:00Z' };
  expect(parsed(JSON.stringify(custom))).toEqual(custom);
});

describe('bounds', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const values = (count: number) => `[${'1,'.repeat(count - 1)}1]`;

  test('64 deep', () => {
    expect(parsed(nested(64))).toEqual(JSON.parse(nested(64)));
    expect(() => parsed(nested(65))).toThrow('the predicate is nested over 64 deep');
  });

  test('500,000 values', () => {
    expect(parsed(values(500_000))).toHaveLength(500_000);
    expect(() => parsed(values(500_001))).toThrow('the predicate holds over 500000 values');
  });

  test('100,000 fields of one object', () => {
    const fields = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [at, 0])));
    expect(Object.keys(Object(parsed(fields(100_000))))).toHaveLength(100_000);
    expect(parsed(`[${fields(90_000)},${fields(90_000)}]`)).toHaveLength(2);
    expect(() => parsed(fields(100_001))).toThrow('the predicate has an object of over 100000 fields');
  });

  test('16 MiB', () => {
    const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    const most = 16 * 1024 * 1024;
    expect(parsed(text(most))).toHaveLength(most - 2);
    expect(() => parsed(text(most + 1))).toThrow('the predicate is over 16777216 bytes');
  });

  test.each(['', '{', '{"a":}', 'undefined', '\ufeff{}', '{}{}'])('%j is not JSON', (text) => {
    expect(() => parsed(text)).toThrow('the predicate is not JSON');
  });

  test('bytes that are no UTF-8', () => {
    expect(() => atOnce(readPredicate(Buffer.from([0x22, 0xff, 0x22])))).toThrow('the predicate is not UTF-8');
  });

  test('what broke the statement’s predicate alone is found here', () => {
    const one = stated('"predicate":{"a":01}');
    const { bytes } = atOnce(predicateOf(one));
    expect(() => atOnce(readPredicate(bytes))).toThrow('the predicate is not JSON');
  });

  test('a large one is found and read in slices', () => {
    const text = JSON.stringify(Array.from({ length: 240_000 }, (_, index) => ({ n: index })));
    const one = stated(`"predicate":${text}`);
    let slices = 0;
    const found = predicateOf(one);
    for (let step = found.next(); ; step = found.next()) {
      if (step.done) break;
      slices += 1;
    }
    expect(slices).toBeGreaterThan(3);
  });
});

test('of a Notary attestation it is the layer as it is, and of another Notary signature there is none', () => {
  const item = notaryItem({ signer: makeNotaryChain().signer });
  const bytes = Buffer.from(' {"a":1}\n');
  const manifest = { digest: item.manifest, mediaType: 'application/x', size: 9 };
  const attested = { type, manifest, subject: image.digest, layer: item.layer.digest, bytes };
  const [of, signature] = readEvidence([{ ...item, attested }, item]).evidence;
  if (of?.kind !== 'attestation' || of.stated === undefined) throw new Error('it is an attestation');
  const hash = createHash('sha256').update(bytes).digest('hex');
  expect(atOnce(predicateOf(of.stated))).toEqual({ bytes, hash });
  if (signature?.kind !== 'notary-signature') throw new Error('it is a signature');
  expect(() => atOnce(predicateOf(signature))).toThrow('what is signed is no statement');
});

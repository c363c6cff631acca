import { encode, Tagged } from 'cborg';
import { makeItem } from '../../../test/fixtures/attached.ts';
import { cpuOf } from '../../../test/fixtures/cpu.ts';
import { makeNotaryChain, notaryItem } from '../../../test/fixtures/notary.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import { readEvidence } from '../read.ts';
import { loadCbor } from './cbor.ts';
import { notarySignature } from './kind.ts';

beforeAll(loadCbor);

const { signer } = makeNotaryChain();
const most = notarySignature.maxBytes;
/** Bytes that are three quarters of an envelope, which base64 makes a whole one. */
const inner = 0.7 * most;

const jws = (signed: string, payload = 'e30', header: object = { x5c: [] }) =>
  makeItem('application/jose+json', {
    payload,
    protected: Buffer.from(signed).toString('base64url'),
    header,
    signature: 'AAAA',
  });
const cose = (signed: Uint8Array, payload = new Uint8Array(1)) =>
  makeItem('application/cose', encode(new Tagged(18, [signed, new Map(), payload, new Uint8Array(1)])));
const filled = (text: string, of: number) => text.repeat(Math.floor(of / text.length));
const namesOf = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${at}`.padEnd(length, 'ſ'), 0]));

/** As large as they may be, and made to take long. */
const largest: readonly [string, () => AttachedItem][] = [
  ['a text without end', () => makeItem('application/jose+json', Buffer.alloc(most, '"'))],
  ['lists in lists', () => makeItem('application/jose+json', Buffer.alloc(most, '['))],
  ['a signed text of colons', () => jws(JSON.stringify({ alg: filled(':', inner) }))],
  ['a signed text of escapes', () => jws(`{"alg":"${filled('\\"', inner)}"}`)],
  ['signed lists in lists', () => jws(filled('[', inner))],
  ['many signed names', () => jws(JSON.stringify(namesOf(9_000, 30)))],
  ['long signed names', () => jws(JSON.stringify(namesOf(60, 5_000)))],
  ['many critical names', () => jws(JSON.stringify({ crit: Array.from({ length: 9_900 }, (_, at) => `name ${at}`) }))],
  ['a time of many digits', () => jws(JSON.stringify({ 'io.cncf.notary.expiry': filled('2', inner) }))],
  ['a payload of base64url', () => jws('{}', filled('A', most - 200))],
  ['a certificate', () => jws('{}', 'e30', { x5c: [filled('A', most - 200)] })],
  ['many certificates', () => jws('{}', 'e30', { x5c: Array(9_000).fill('AAAA') })],
  [
    'an honest envelope with large metadata',
    () => notaryItem({ signer, annotations: { text: filled('a', inner / 2) } }),
  ],
  ['the same in COSE', () => notaryItem({ signer, format: 'cose', annotations: { text: filled('a', inner) } })],
  ['lists in lists of CBOR', () => makeItem('application/cose', Buffer.alloc(most, 0x81))],
  ['maps in maps of CBOR', () => makeItem('application/cose', Buffer.alloc(most, 0xa1))],
  ['empty texts of CBOR', () => makeItem('application/cose', Buffer.alloc(most, 0x60))],
  ['many signed labels', () => cose(encode(new Map(Object.entries(namesOf(990, 200)))))],
  ['a long signed text', () => cose(encode(new Map([[1, filled('ſ', inner / 2)]])))],
  ['a payload of CBOR', () => cose(encode(new Map()), new Uint8Array(most - 200))],
];

/** CPU milliseconds. Each takes under 25 outside of jest, whose globals are slow: there one with many texts takes forty times as long. */
const maxCpu = 600;

test.each(largest)('%s does not take long', (_, make) => {
  const item = make();
  expect(item.bytes.length).toBeLessThanOrEqual(most);
  expect(cpuOf(() => readEvidence([item]))).toBeLessThan(maxCpu);
  const { evidence, rejected } = readEvidence([item]);
  expect(evidence.length + rejected.length).toBe(1);
});

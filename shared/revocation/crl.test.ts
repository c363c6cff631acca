import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList } from '@peculiar/asn1-x509';
import { now } from '../../test/fixtures/ask.ts';
import { extension } from '../../test/fixtures/authority/certificate.ts';
import { explicit, nothing, oid, printable, sequence, setOf } from '../../test/fixtures/authority/der.ts';
import { flip, makeKey, signatureAlgorithm } from '../../test/fixtures/authority/keys.ts';
import {
  type CrlChanges,
  day,
  hour,
  issueRevocable,
  issuingPoint,
  makeCrl,
  makeRevoker,
} from '../../test/fixtures/authority/revocation.ts';
import { cpuOf, startCpu } from '../../test/fixtures/cpu.ts';
import { atOnce } from '../slices.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import { type Crl, checkContinues, checkScope, entriesOf, largestCrl, readCrl } from './crl.ts';
import { serialOf } from './signed.ts';

const at = new Date(now);
const revoker = makeRevoker(at);
const issuer = new Certificate(revoker.certificate.der);
const certificate = new Certificate(issueRevocable(revoker).der);
const serial = serialOf(certificate);
const later = (milliseconds: number) => new Date(now + milliseconds);

const read = (changes: CrlChanges = {}, by = issuer) => readCrl(makeCrl(revoker, changes), by, now);
const entries = (crl: Crl) => atOnce(entriesOf(crl, serial));

test('the lists of these tests are what others read as one', () => {
  const { tbsCertList } = AsnConvert.parse(makeCrl(revoker, { listed: [{ serial, reason: 1 }] }), CertificateList);
  const listed = tbsCertList.revokedCertificates?.map(({ userCertificate }) => Buffer.from(userCertificate));
  expect(listed).toEqual([serial]);
});

test('who is listed, with reason and date, and who is not', () => {
  const crl = read({ listed: [{ serial: Buffer.from([1]) }, { serial, reason: 1, invalidSince: later(-2 * day) }] });
  expect(entries(crl)).toEqual([{ reason: 1, since: now - day, invalidSince: now - 2 * day }]);
  expect(atOnce(entriesOf(crl, Buffer.from([1])))).toEqual([
    { reason: undefined, since: now - day, invalidSince: undefined },
  ]);
  expect(atOnce(entriesOf(crl, Buffer.from([2])))).toEqual([]);
  expect(entries(read())).toEqual([]);
  expect(crl).toMatchObject({ number: 10n, until: now + day, freshest: [], changesSince: undefined });
});

test('of years behind 2049 dates are written otherwise', () => {
  const crl = read({ nextUpdate: new Date('2051-01-01'), listed: [{ serial, since: new Date('1999-01-01') }] });
  expect(crl.until).toBe(Date.UTC(2051, 0, 1));
  expect(entries(crl)[0]?.since).toBe(Date.UTC(1999, 0, 1));
});

test.each<[string, CrlChanges, string]>([
  ['is of version 1', { version: 'none' }, 'no INTEGER'],
  ['is of version 3', { version: 2 }, 'of a version'],
  ['is signed by a stranger', { by: makeKey() }, 'does not verify'],
  ['is changed', { signature: (signature) => flip(signature) }, 'does not verify'],
  ['is signed with SHA-1', { hash: 'sha1' }, 'does not verify'],
  ['names two algorithms', { innerAlgorithm: signatureAlgorithm(revoker.key, 'sha512') }, 'two algorithms'],
  [
    'is of another issuer',
    { issuer: sequence(setOf(sequence(oid('2.5.4.3'), printable('x')))) },
    'not by the issuer of the certificate',
  ],
  ['is out of date', { nextUpdate: later(-1000) }, 'held until 2025-12-31T23:59:59.000Z'],
  ['is without end', { nextUpdate: 'none' }, 'until when'],
  ['is without end, and lists some', { nextUpdate: 'none', listed: [{ serial }] }, 'until when'],
  ['is from the future', { thisUpdate: later(hour) }, 'from the future'],
  [
    'has a critical extension that nobody knows',
    { extensions: [extension('1.2.3', nothing(), true)] },
    'critical extension: 1.2.3',
  ],
  ['lists some reasons only', { extensions: [issuingPoint([], 3)] }, 'some reasons'],
  ["lists others' certificates", { extensions: [issuingPoint([], 4)] }, 'other issuers'],
  ['lists attribute certificates', { extensions: [issuingPoint([], 5)] }, 'attribute'],
  ['has its number twice', { extensions: [extension('2.5.29.20', nothing())] }, 'twice'],
])('a list that %s is none', (_, changes, told) => {
  expect(() => read(changes)).toThrow(told);
});

test('who may not sign lists signs none', () => {
  const mute = makeRevoker(at, { usages: ['keyCertSign'] });
  expect(() => readCrl(makeCrl(mute), new Certificate(mute.certificate.der), now)).toThrow('not for signing CRLs');
});

test('an extension that is not critical and nobody knows is passed over', () => {
  expect(read({ extensions: [extension('1.2.3', nothing())] }).number).toBe(10n);
});

test('an entry with a critical extension that nobody knows says nothing', () => {
  const listed = [{ serial, extensions: [extension('1.2.3', nothing(), true)] }];
  expect(() => entries(read({ listed }))).toThrow('its entry has an unknown critical extension: 1.2.3');
  expect(atOnce(entriesOf(read({ listed }), Buffer.from([9])))).toEqual([]);
});

test('a list in which there is what is no entry says nothing', () => {
  expect(() => entries(read({ entries: Buffer.from([0x05, 0]) }))).toThrow();
  expect(() => entries(read({ entries: Buffer.from([0x30, 0x20, 0]) }))).toThrow('ends too early');
});

test('a list that says a hundred things of a certificate is heard, and one that says more is none', () => {
  const listed = (count: number) => read({ listed: Array.from({ length: count }, () => ({ serial, reason: 6 })) });
  expect(entries(listed(100))).toHaveLength(100);
  expect(() => entries(listed(101))).toThrow('over 100 things');
});

describe('which certificates a list is about', () => {
  const uris = ['http://crl.test/1', 'http://crl.test/2'];
  const authority = new Certificate(issueRevocable(revoker, { isAuthority: true }).der);
  const check = (who: Certificate, ...point: Parameters<typeof issuingPoint>) =>
    checkScope(read({ extensions: [issuingPoint(...point)] }), who, uris);

  test.each<[string, Certificate, Parameters<typeof issuingPoint>]>([
    ['all', certificate, [[]]],
    ['one of its own lists', certificate, [['http://crl.test/2']]],
    ['users', certificate, [[], 1]],
    ['authorities', authority, [[], 2]],
  ])('%s', (_, who, point) => {
    expect(() => check(who, ...point)).not.toThrow();
  });

  test.each<[string, Certificate, Parameters<typeof issuingPoint>, string]>([
    ['another list of the same issuer', certificate, [['http://crl.test/3']], 'another list'],
    ['users, of an authority', authority, [[], 1], 'other certificates'],
    ['authorities, of a user', certificate, [[], 2], 'other certificates'],
  ])('not: %s', (_, who, point, told) => {
    expect(() => check(who, ...point)).toThrow(told);
  });

  test('not: one that is named in part', () => {
    const part = sequence(explicit(0, explicit(1, sequence())));
    expect(() => read({ extensions: [extension('2.5.29.28', part, true)] })).toThrow('in full');
  });
});

test.each<[string, CrlChanges, CrlChanges, string | undefined]>([
  ['continue it', { number: 10 }, { number: 12, changesSince: 10 }, undefined],
  ['continue an older one', { number: 10 }, { number: 12, changesSince: 9 }, undefined],
  ['continue a newer one', { number: 10 }, { number: 12, changesSince: 11 }, 'a newer list'],
  ['are no newer', { number: 10 }, { number: 10, changesSince: 9 }, 'not newer'],
  ['are all there is', { number: 10 }, { number: 12 }, 'since when'],
  ['have no number', { number: 10 }, { number: 'none', changesSince: 10 }, 'no numbers'],
  ['are of a list without number', { number: 'none' }, { number: 12, changesSince: 10 }, 'no numbers'],
])('changes of a list: they %s', (_, base, delta, told) => {
  const check = () => checkContinues(read(base), read(delta));
  if (told === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(told);
});

test('a list of megabytes is searched in slices of a few milliseconds each', () => {
  const one = makeEntries(1);
  const count = Math.floor((largestCrl - 1024) / one.length);
  const bytes = makeCrl(revoker, { entries: Buffer.concat([makeEntries(count), entryOf(serial)]) });
  const crl = readCrl(bytes, issuer, now);
  expect(cpuOf(() => readCrl(bytes, issuer, now))).toBeLessThan(50);
  const longestSlice = () => {
    const slices = entriesOf(crl, serial);
    let longest = 0;
    for (let done: boolean | undefined = false; done !== true; ) {
      const spent = startCpu();
      done = slices.next().done;
      longest = Math.max(longest, spent());
    }
    return longest;
  };
  // The collector comes to one of them or another.
  expect(Math.min(longestSlice(), longestSlice(), longestSlice())).toBeLessThan(50);
  expect(entries(crl)).toHaveLength(1);
  expect(() => readCrl(Buffer.alloc(largestCrl + 1), issuer, now)).toThrow('over 8388608 bytes');
});

function entryOf(number: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x30, 2 + number.length + 15, 0x02, number.length]),
    number,
    Buffer.from('170d3235303130313030303030305a', 'hex'),
  ]);
}

function makeEntries(count: number): Buffer {
  const one = entryOf(Buffer.from(`01${'ab'.repeat(15)}`, 'hex'));
  return Buffer.concat(Array.from({ length: count }, () => one));
}

import { BasicOCSPResponse, OCSPRequest, OCSPResponse } from '@peculiar/asn1-ocsp';
import { AsnConvert } from '@peculiar/asn1-schema';
import { now } from '../../test/fixtures/ask.ts';
import { extension } from '../../test/fixtures/authority/certificate.ts';
import { nothing } from '../../test/fixtures/authority/der.ts';
import { flip, makeKey, signatureAlgorithm } from '../../test/fixtures/authority/keys.ts';
import {
  appointResponder,
  byKey,
  byName,
  day,
  hour,
  issueRevocable,
  makeRevoker,
  type OcspChanges,
  ocspAnswer,
} from '../../test/fixtures/authority/revocation.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import { readOcspAnswer } from './ocsp-answer.ts';
import { certificateId, ocspRequest } from './ocsp-request.ts';

const at = new Date(now);
const revoker = makeRevoker(at);
const other = makeRevoker(at);
const made = issueRevocable(revoker);
const issuer = new Certificate(revoker.certificate.der);
const id = certificateId(new Certificate(made.der), issuer);
const responder = appointResponder(revoker);
const later = (milliseconds: number) => new Date(now + milliseconds);

const read = (changes: OcspChanges = {}) => readOcspAnswer(ocspAnswer(revoker, made, changes), { id, issuer, now });

test('a request is what others read as one, about this certificate', () => {
  const { tbsRequest } = AsnConvert.parse(ocspRequest(id), OCSPRequest);
  const [only, another] = tbsRequest.requestList;
  expect(another).toBeUndefined();
  expect(only?.reqCert.hashAlgorithm.algorithm).toBe('1.3.14.3.2.26');
  expect(Buffer.from(only?.reqCert.serialNumber ?? new ArrayBuffer())).toEqual(made.serial);
});

test('the answers of these tests are what others read as one', () => {
  const { responseBytes } = AsnConvert.parse(ocspAnswer(revoker, made, responder.answers), OCSPResponse);
  const basic = AsnConvert.parse(responseBytes?.response.buffer ?? new ArrayBuffer(), BasicOCSPResponse);
  expect(basic.certs).toHaveLength(1);
  expect(basic.tbsResponseData.responses[0]?.certStatus.good).toBeNull();
});

const until = now + day;

test.each<[string, OcspChanges]>([
  ['the issuer, by its name', {}],
  ['the issuer, by its key', { responder: byKey(revoker.certificate) }],
  ['whom it appointed, by name', responder.answers],
  ['whom it appointed, by key', { ...responder.answers, responder: byKey(responder.certificate) }],
  [
    'a responder whose certificate stands behind others',
    { ...responder.answers, certificates: [made, responder.certificate] },
  ],
  ['whom it appointed without a keyUsage', appointResponder(revoker, { usages: [] }).answers],
  ['an issuer with another key type', { hash: 'sha512' }],
  ['a clock a little ahead', { thisUpdate: later(30_000) }],
  ['a nonce that was not asked for', { extensions: [extension('1.3.6.1.5.5.7.48.1.2', nothing(), true)] }],
])('good, by %s', (_, changes) => {
  expect(read(changes)).toEqual({ status: 'good', entries: [], until });
});

test('revoked, with its reason and since when it is not good', () => {
  const status = { since: later(-day), reason: 1, invalidSince: later(-2 * day) };
  expect(read({ status })).toEqual({
    status: 'revoked',
    entries: [{ reason: 1, since: now - day, invalidSince: now - 2 * day }],
    until,
  });
});

test('a responder says that it does not know', () => {
  expect(read({ status: 'unknown' })).toMatchObject({ status: 'unknown', entries: [] });
});

const stranger = makeKey();
const unfit = (parts: Parameters<typeof appointResponder>[1]) => appointResponder(revoker, parts).answers;

test.each<[string, OcspChanges, string]>([
  ['tries later', { failure: 3 }, 'it answers tryLater'],
  ['is not allowed', { failure: 6 }, 'it answers unauthorized'],
  ['has a status that is none', { failure: 9 }, 'it answers the status 9'],
  ['is of another form', { type: '1.3.6.1.5.5.7.48.1.99' }, 'a form that is not known'],
  ['is signed by a stranger', { by: stranger }, 'nobody whom the issuer'],
  [
    'is by a stranger under the name of the issuer',
    { by: other.key, certificates: [other.certificate] },
    'not by the issuer',
  ],
  ['is by whom another CA appointed', appointResponder(other).answers, 'not by the issuer'],
  ['is by a certificate of the issuer without that purpose', unfit({ purposes: [] }), 'not for signing OCSP'],
  ['is by one for another purpose', unfit({ purposes: ['1.3.6.1.5.5.7.3.3'] }), 'not for signing OCSP'],
  ['is by one that may not sign', unfit({ usages: ['keyEncipherment'] }), 'not for signatures'],
  ['is by one that is over', unfit({ notAfter: later(-hour) }), 'is not valid now'],
  [
    'is by one with a critical extension that nobody knows',
    unfit({ extensions: [extension('1.2.3', nothing(), true)] }),
    'unknown critical',
  ],
  ['names another responder', { ...responder.answers, responder: byName(made) }, 'nobody whom the issuer'],
  [
    'is by the signed certificate itself',
    { by: stranger, responder: byName(made), certificates: [made] },
    'not for signing OCSP',
  ],
  ['is changed', { ...responder.answers, signature: (signature) => flip(signature) }, 'does not verify'],
  ['is signed with SHA-1', { ...responder.answers, hash: 'sha1' }, 'does not verify'],
  [
    'names another algorithm',
    { ...responder.answers, algorithm: signatureAlgorithm(makeKey(), 'sha512') },
    'does not verify',
  ],
  ['is of another serial number', { about: { serial: Buffer.from([5]) } }, 'not about this certificate'],
  ['is of another issuer', { about: { nameHash: Buffer.alloc(20) } }, 'not about this certificate'],
  ["is of another issuer's key", { about: { keyHash: Buffer.alloc(20) } }, 'not about this certificate'],
  ['says it twice', { times: 2 }, 'two things'],
  ['says nothing', { times: 0 }, 'not about this certificate'],
  ['is from the future', { thisUpdate: later(hour) }, 'from the future'],
  ['is out of date', { nextUpdate: later(-1000) }, 'held until 2025-12-31T23:59:59.000Z'],
  ['is without end', { nextUpdate: 'none' }, 'until when'],
  [
    'has a critical extension that nobody knows',
    { extensions: [extension('1.2.3', nothing(), true)] },
    'unknown critical extension: 1.2.3',
  ],
  [
    'has one about the certificate',
    { singleExtensions: [extension('1.2.3', nothing(), true)] },
    'unknown critical extension: 1.2.3',
  ],
])('an answer that %s is none', (_, changes, told) => {
  expect(() => read(changes)).toThrow(told);
});

test('what is no answer is none', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('no'), ocspAnswer(revoker, made).subarray(0, -1)]) {
    expect(() => readOcspAnswer(bytes, { id, issuer, now })).toThrow();
  }
});

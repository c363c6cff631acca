import { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../../value.ts';
import { ask, refusal } from '../testing/ask.ts';
import {
  certificate,
  constrained,
  decodedCertificate,
  decodedRequest,
  elliptic,
  request,
  signedWithPss,
  workload,
} from './testing/certificates.ts';

function decoded(pem: string): JsonObject {
  return ask('x509_decode', [pem]) as JsonObject;
}

function withoutRaw(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith('Raw')));
}

test('a certificate is what Kyverno makes of it', () => {
  const fields = decoded(certificate);
  expect(withoutRaw(fields)).toEqual({ ...decodedCertificate, URIs: null });
  const { raw, publicKey } = new X509Certificate(certificate);
  expect(fields['Raw']).toBe(raw.toString('base64'));
  const key = publicKey.export({ format: 'der', type: 'spki' });
  expect(fields['RawSubjectPublicKeyInfo']).toBe(key.toString('base64'));
  expect(fields['RawIssuer']).toBe(fields['RawSubject']);
  expect(raw.toString('hex')).toContain(Buffer.from(String(fields['RawTBSCertificate']), 'base64').toString('hex'));
});

test('a request for one is, too', () => {
  const fields = decoded(request);
  expect(withoutRaw(fields)).toEqual({ ...decodedRequest, URIs: null });
  expect(fields['RawSubject']).toBe(decoded(certificate)['RawSubject']);
});

test('the first of several counts, and what stands around it does not', () => {
  expect(decoded(`junk\n${certificate}\n${workload}`)).toEqual(decoded(certificate));
});

test('the algorithm of a signature by PSS is in its parameters', () => {
  expect(decoded(signedWithPss)['SignatureAlgorithm']).toBe(14);
});

test('what is not read is left out, and null only where there is none', () => {
  const names = ['PermittedDNSDomains', 'PolicyMappings', 'RequireExplicitPolicy', 'InhibitAnyPolicy'];
  for (const name of names) expect(decoded(constrained)).not.toHaveProperty(name);
  expect(decoded(workload)).not.toHaveProperty('URIs');
  expect(decoded(workload)).toMatchObject({ PermittedDNSDomains: null, PolicyMappings: null, InhibitAnyPolicy: 0 });
  expect(decoded(constrained)['URIs']).toBeNull();
});

const body = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');

test.each([
  ['nothing', '', 'takes PEM'],
  ['no end', certificate.slice(0, 700), 'takes PEM'],
  ['no base64', certificate.replace('MII', '!!!'), 'takes PEM'],
  ['another label', certificate.replaceAll('CERTIFICATE', 'PUBLIC KEY'), 'a CERTIFICATE or a CERTIFICATE REQUEST'],
  ['a key that is none of RSA', elliptic, 'a key that is none of RSA'],
  ['a request said to be a certificate', request.replaceAll(' REQUEST', ''), 'takes a certificate'],
  ['a certificate said to be a request', certificate.replaceAll('ATE-----', 'ATE REQUEST-----'), 'takes a certificate'],
  ['something behind it', pemOf(Buffer.concat([Buffer.from(body, 'base64'), Buffer.from([0])])), 'stands behind'],
  ['too much', 'a'.repeat(100_000), '98304 characters at most'],
])('%s is an error', (_, pem, problem) => {
  expect(refusal('x509_decode', [pem])).toContain(problem);
});

test('a damaged one is an error whatever is damaged, or another certificate', () => {
  const whole = Buffer.from(body, 'base64');
  let errors = 0;
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x81, at);
    const answer = refusal('x509_decode', [pemOf(damaged)]);
    if (!answer.startsWith('no error')) errors += 1;
  }
  expect(errors).toBeGreaterThan(whole.length / 10);
});

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

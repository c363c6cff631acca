import { selfSigned } from '../../local/tls.ts';
import { CertificatesError, largestBundle, readCertificates } from './certificates.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
let valid: Awaited<ReturnType<typeof selfSigned>>;

beforeAll(async () => {
  valid = await selfSigned({ now: new Date('2026-01-01T00:00:00Z') });
});

const labelled = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
const read = (text: string) => readCertificates(Buffer.from(text), now);

test('all certificates of a bundle, without what stands around them', () => {
  const { pem, warnings } = read(`subject=one\r\n${valid.certPem}\nsubject=two\n${valid.certPem}`);
  expect(pem).toEqual([valid.certPem, valid.certPem]);
  expect(warnings).toEqual([]);
});

test.each<[string, () => string, RegExp]>([
  ['none', () => 'certificate', /^holds no certificate in PEM$/],
  ['a private key', () => valid.keyPem, /^holds a PRIVATE KEY: certificates alone belong there$/],
  ['an encrypted key', () => labelled('ENCRYPTED PRIVATE KEY'), /^holds an ENCRYPTED PRIVATE KEY: /],
  ['an EC key', () => labelled('EC PRIVATE KEY'), /^holds an EC PRIVATE KEY: /],
  ['an RSA key', () => labelled('RSA PRIVATE KEY'), /^holds an RSA PRIVATE KEY: /],
  ['a private key beside one', () => valid.certPem + valid.keyPem, /^holds a PRIVATE KEY/],
  ['one that does not parse', () => valid.certPem.replace(/\nMI/, '\nAA'), /its certificate 1 does not parse$/],
  ['too much', () => valid.certPem + ' '.repeat(largestBundle), /^is larger than 1048576 bytes$/],
])('a file with %s is refused', (_, text, message) => {
  expect(() => read(text())).toThrow(CertificatesError);
  expect(() => read(text())).toThrow(message);
});

test('one that is not valid now is told of, by its place', async () => {
  const past = await selfSigned({ now: new Date('2024-01-01T00:00:00Z') });
  const future = await selfSigned({ now: new Date('2027-03-04T00:00:00Z') });
  expect(read(valid.certPem + past.certPem + future.certPem).warnings).toEqual([
    'certificate 2 has expired on 2024-12-30',
    'certificate 3 is not valid before 2027-03-03',
  ]);
});

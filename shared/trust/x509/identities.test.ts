import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import {
  extension,
  githubClaims,
  githubIssuer,
  type SubjectName,
} from '../../../test/fixtures/authority/certificate.ts';
import { implicit, sequence, utf8 } from '../../../test/fixtures/authority/der.ts';
import { certificateFor, type LeafChanges } from '../../../test/fixtures/authority/signing.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import { Certificate } from './certificate.ts';
import { extensionText, issuerOf, subjectsOf } from './identities.ts';

const authority = makeAuthority();
const signer = makeSigner();
const certificate = (changes: LeafChanges) => new Certificate(certificateFor(authority, signer, changes).der);

test.each<[string, SubjectName, string[]]>([
  ['URI', { uri: 'https://a.test/b?c#d' }, ['https://a.test/b?c#d']],
  ['e-mail address', { email: 'a@b.test' }, ['a@b.test']],
  ['DNS name', { dns: '*.a.test' }, ['*.a.test']],
  ['user name', { otherName: 'ü' }, ['ü']],
  ['otherName of somebody else', { otherName: 'a', type: '1.2.3' }, []],
  ['IPv4', { ip: '10.0.255.1' }, ['10.0.255.1']],
  ['IPv6', { ip: '2001:db8:0:0:1:0:0:1' }, ['2001:db8::1:0:0:1']],
  ['IPv6, the longest zeros', { ip: '2001:0:0:1:0:0:0:1' }, ['2001:0:0:1::1']],
  ['IPv6, one zero', { ip: '2001:db8:0:1:1:1:1:1' }, ['2001:db8:0:1:1:1:1:1']],
  ['IPv6, nothing', { ip: '0:0:0:0:0:0:0:0' }, ['::']],
  ['IPv6, the end', { ip: '1:0:0:0:0:0:0:0' }, ['1::']],
  ['IPv6, the beginning', { ip: '0:0:0:0:0:0:0:a' }, ['::a']],
])('%s', (_, name, expected) => {
  expect(subjectsOf(certificate({ names: [name] }))).toEqual(expected);
});

test('all names in their order, and none of what names nobody', () => {
  const names = [{ dns: 'b.test' }, { uri: '' }, { email: 'a@b.test' }, { dns: 'a.test' }];
  expect(subjectsOf(certificate({ names }))).toEqual(['b.test', 'a@b.test', 'a.test']);
  expect(subjectsOf(certificate({ names: [] }))).toEqual([]);
  // registeredID, and an address of three bytes.
  const odd = sequence(
    implicit(8, Buffer.from([42])),
    implicit(7, Buffer.from([1, 2, 3])),
    implicit(2, Buffer.from('c.test')),
  );
  expect(subjectsOf(certificate({ names: [], extensions: [extension('2.5.29.17', odd)] }))).toEqual(['c.test']);
});

test('the issuer, in the newer extension first', () => {
  expect(issuerOf(certificate({}))).toBe(githubIssuer);
  expect(issuerOf(certificate({ claims: { 1: 'https://old.test', 8: 'https://new.test' } }))).toBe('https://new.test');
  expect(issuerOf(certificate({ claims: { 1: 'https://old.test' } }))).toBe('https://old.test');
  expect(issuerOf(certificate({ claims: {} }))).toBeUndefined();
});

test('extensions as text: the first six bare, others a UTF8String', () => {
  const own = certificate({ extensions: [extension('1.2.3', utf8('own')), extension('1.2.4', Buffer.from('bare'))] });
  expect(Object.entries(githubClaims()).map(([number]) => extensionText(own, `1.3.6.1.4.1.57264.1.${number}`))).toEqual(
    Object.values(githubClaims()),
  );
  expect(extensionText(own, '1.2.3')).toBe('own');
  expect(() => extensionText(own, '1.2.4')).toThrow();
  expect(extensionText(own, '1.2.5')).toBeUndefined();
  const older = (value: Buffer) => certificate({ claims: { 5: value, 8: value } });
  expect(extensionText(older(utf8('x')), '1.3.6.1.4.1.57264.1.5')).toBe('\f\u0001x');
  expect(() => issuerOf(older(Buffer.from('1301', 'hex')))).toThrow();
  expect(() => issuerOf(older(Buffer.from('130178', 'hex')))).toThrow('no UTF8String');
});

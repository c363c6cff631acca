import { X509Certificate } from 'node:crypto';
import { jest } from '@jest/globals';
import {
  extendedKeyUsage,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  nameOf,
} from '../../../test/fixtures/authority/certificate.ts';
import { makeKey } from '../../../test/fixtures/authority/keys.ts';
import type { Stamp } from '../../../test/fixtures/authority/signing.ts';
import { carriers, holdsSeveral, trustIn } from '../../../test/fixtures/carriers.ts';
import { decide, type Question, usual, workflow } from '../../../test/fixtures/twins.ts';

const { root } = usual.timestampAuthority;
const serial = Buffer.from([5]);
const mallory = makeKey();

/** What looks as if the authority had issued it. */
function madeUp(name: string): MadeCertificate {
  return makeCertificate({
    subject: nameOf({ organization: 'mallory', commonName: name }),
    issuer: root.subject,
    spki: mallory.spki,
    signer: makeKey('p384'),
    notBefore: root.notBefore,
    notAfter: root.notAfter,
    serial,
    extensions: [keyUsage('digitalSignature'), extendedKeyUsage(['1.3.6.1.5.5.7.3.8'], true)],
  });
}

const stampBy = (certificates: readonly MadeCertificate[]): Stamp => ({
  key: mallory,
  certificates,
  signer: { serial, issuer: root.subject },
  without: ['signingCertificate'],
});
/** The authority's root alone is listed, so that certificates of who stamps come along. */
const listed = trustIn(usual, {
  timestampAuthorities: [{ chain: [root], validFor: { start: root.notBefore } }],
});
const asked = (stamps: readonly Stamp[]): Question => ({
  ...workflow({ rekor: { ignoreTlog: true } }),
  root: listed,
  signing: { stamps },
});
const eight = <T>(make: (index: number) => T): T[] => Array.from({ length: 8 }, (_, index) => make(index));

describe.each(carriers.filter((carrier) => carrier.stamped && holdsSeveral(carrier)))('$name', (carrier) => {
  const checksOf = (question: Question, pass: boolean): number => {
    // What is checked once for all signatures is.
    decide(carrier, asked([{}]));
    const checks = jest.spyOn(X509Certificate.prototype, 'verify');
    try {
      expect(decide(carrier, question).pass).toBe(pass);
      return checks.mock.calls.length;
    } finally {
      checks.mockRestore();
    }
  };
  test('one made-up certificate, however often it comes along, is checked once', () => {
    const one = madeUp('one');
    const stamps = eight(() => stampBy([one, one, one, one, one]));
    expect(checksOf(asked(stamps), false)).toBeLessThanOrEqual(1);
  });

  test('of different ones so many are checked', () => {
    const stamps = eight((index) => stampBy(['a', 'b', 'c', 'd', 'e'].map((name) => madeUp(`${name}${index}`))));
    expect(checksOf(asked(stamps), false)).toBeLessThanOrEqual(16);
  });

  test('they do no harm to a good time stamp beside them', () => {
    expect(checksOf(asked([stampBy([madeUp('one')]), {}]), true)).toBeGreaterThan(0);
    expect(checksOf(asked(eight(() => ({}))), true)).toBeLessThanOrEqual(4);
  });
});

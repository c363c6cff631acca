import { now } from '../../../test/fixtures/ask.ts';
import { makeChain, validity } from '../../../test/fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  good,
  minute,
  type NotaryQuestion,
  type NotaryTwins,
  rootIn,
  testNotaryTwins,
} from '../../../test/fixtures/notary/decide.ts';

const twins = (
  name: string,
  reason: NotaryTwins['reason'],
  wrong: NotaryQuestion,
  message: string,
  right: NotaryQuestion = {},
): NotaryTwins => ({ name, reason, wrong, right, message: new RegExp(message) });
const { notBefore, notAfter } = validity;
const second = 1000;

describe('expiry', () => {
  const until = (expiry: number): NotaryQuestion => ({ signing: { attributes: { expiry } } });
  testNotaryTwins([
    twins('now', 'signature-expired', until(now), 'says that it holds until 2026-01-01', until(now + 1)),
    twins('before now', 'signature-expired', until(now - minute), 'and that is over', until(now + minute)),
  ]);
  test('bounds what is decided', () => {
    expect(decide(until(now + minute))).toMatchObject({ validUntil: now + minute });
  });
});

describe('as of now', () => {
  const at = (date: Date, after = 0): NotaryQuestion => ({ at: date.getTime() + after });
  const short = makeChain({ intermediate: { notAfter: new Date(now - second) } });
  testNotaryTwins([
    twins(
      'too early',
      'certificate-expired',
      at(notBefore, -1),
      'its certificate was not valid .*; no time-stamp authority is named by the trust policy "acme"',
      at(notBefore),
    ),
    twins('too late', 'certificate-expired', at(notAfter, 1), 'its certificate was not valid', at(notAfter)),
    twins(
      'a CA that is over',
      'certificate-expired',
      { signing: { chain: short }, statement: { stores: [rootIn('ca', short)] } },
      'a CA of its chain was not valid',
      { signing: { chain: short }, statement: { stores: [rootIn('ca', short)] }, at: now - minute },
    ),
  ]);
  test('what is decided ends with the first certificate', () => {
    const long = () => ({ ...good(), until: notAfter.getTime() + minute });
    expect(decide({ revocation: long })).toMatchObject({ validUntil: notAfter.getTime() });
  });
});

describe('as a signing authority says', () => {
  const signed = (authenticSigningTime: number, at = now): NotaryQuestion => ({
    signing: { attributes: { ...byAuthority, authenticSigningTime } },
    statement: { stores: [rootIn('signingAuthority')] },
    at,
  });
  const long = notAfter.getTime() + 1000 * minute;
  testNotaryTwins([
    twins(
      'too early',
      'certificate-expired',
      signed(notBefore.getTime() - second),
      'was made at 2024-12-31T23:59:59.000Z, when its certificate was not valid',
      signed(notBefore.getTime()),
    ),
    twins(
      'too late',
      'certificate-expired',
      signed(notAfter.getTime() + second, long),
      'when its certificate was not valid',
      signed(notAfter.getTime(), long),
    ),
  ]);
  test('it is good when the certificates are long over, without end', () => {
    const outcome = decide({
      ...signed(now, long),
      statement: { stores: [rootIn('signingAuthority')], levels: withoutRevocation },
    });
    expect(outcome).toMatchObject({ pass: true });
    expect(outcome).not.toHaveProperty('validUntil');
  });
  const withoutRevocation = {
    authenticity: 'enforce',
    authenticTimestamp: 'enforce',
    expiry: 'enforce',
    revocation: 'skip',
  } as const;
});

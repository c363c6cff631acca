import fc from 'fast-check';
import { at, parseDer } from '../../../shared/der.ts';
import { notaryLevels } from '../../../shared/policy/notary/trust-policy.ts';
import { Certificate } from '../../../shared/trust/x509/certificate.ts';
import type { Outcome } from '../../../shared/verify/outcome.ts';
import { now } from '../../fixtures/ask.ts';
import { bits, sequence } from '../../fixtures/authority/der.ts';
import { makeKey, signatureAlgorithm, signWith } from '../../fixtures/authority/keys.ts';
import { makeTimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { startCpu } from '../../fixtures/cpu.ts';
import { validity } from '../../fixtures/notary/chain.ts';
import { decide, type NotaryQuestion, rootIn, signPlainly, storeOf, usualChain } from '../../fixtures/notary/decide.ts';
import { damagedBytes } from './mutate.ts';
import { demand, type Target, target } from './target.ts';

const maxCpu = 50;
const ders = usualChain.certificates.map(({ der }) => der);

/** What is decided, which is no failure of ours, and what it costs: an input that is slow twice is slow. */
function decided(question: NotaryQuestion): Outcome {
  for (let again = false; ; again = true) {
    const spent = startCpu();
    const outcome = decide(question);
    const cpu = spent();
    if (!outcome.pass) demand(outcome.reason !== 'internal-error', outcome.message);
    if (cpu < maxCpu) return outcome;
    demand(!again, `it took ${cpu} ms of CPU`);
  }
}

/** A chain with a certificate that is damaged, or that its CA signed with damage in it; under a level that only warns of strangers as well. */
export function notaryChains(): Target {
  const places = ders.map((der, index) => {
    const issuer = usualChain.keys[Math.min(index + 1, ders.length - 1)] ?? makeKey();
    const issued = (tbs: Buffer) => sequence(tbs, signatureAlgorithm(issuer), bits(signWith(issuer, tbs)));
    return fc.oneof(
      damagedBytes(der).map((damage) => ({ index, damage, issued: false })),
      damagedBytes(new Certificate(der).tbs.raw).map((tbs) => ({ index, damage: issued(tbs), issued: true })),
    );
  });
  const levels = fc.constantFrom(notaryLevels.strict, notaryLevels.audit);
  const input = fc.tuple(fc.oneof(...places), levels);
  return target('certificates of Notary signatures', input, ([{ index, damage, issued }, levels]) => {
    const certificates = ders.map((der, place) => (place === index ? damage : der));
    const outcome = decided({ signing: { certificates }, statement: { levels } });
    const isChanged = !damage.equals(ders[index] ?? damage);
    if (isChanged && !issued) demand(!outcome.pass, 'a certificate that nobody issued passes');
  });
}

const stamper = makeTimestampAuthority(validity);
const stores = [rootIn('ca'), storeOf('tsa', [stamper.root])];
const message = Buffer.from('protected.payload');

/** A damaged token over the signature: the time that it says is the authority's, or nothing passes. */
export function notaryStamps(): Target {
  const [key = makeKey()] = usualChain.keys;
  const signature = signPlainly(message, key);
  const token = at(parseDer(stamper.stamp(signature, new Date(now))), 1).raw;
  const signing = { sign: () => signature };
  const late = validity.notAfter.getTime() + 1000;
  return target('time stamps of Notary signatures', damagedBytes(token), (damage) => {
    const outcome = decided({ signing: { ...signing, stamp: () => damage }, statement: { stores }, at: late });
    if (outcome.pass) demand(says(damage).equals(says(token)), 'a time that nobody stamped is believed');
  });
}

/** The bytes of the TSTInfo. */
function says(token: Buffer): Buffer {
  return at(parseDer(token), 1, 0, 2, 1, 0).octets;
}

import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { attempt } from '../attempt.ts';
import type { Signature } from '../signature.ts';
import type { Chain } from './chain.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';
import { stampOf } from './stamp.ts';
import { titleOf } from './statement.ts';

/** What lets the chain be valid when it signed. */
export interface Timely {
  /** Until when, in milliseconds since 1970; `undefined`: without end. */
  readonly until: number | undefined;
  /** Of whoever stamped the time, where that was relied on. */
  readonly stamper: Chain | undefined;
}

/** Why a signature says that it no longer holds. `now`: milliseconds since 1970. */
export function expiryObjection({ signed }: Intact, now: number): NotaryObjection | undefined {
  const { expiry } = signed.attributes;
  if (expiry === undefined || now < expiry) return undefined;
  return objection('signature-expired', `says that it holds until ${dateOf(expiry)}, and that is over`);
}

/**
 * Whether every certificate of the chain was valid when it signed: as a signing authority says, as a time stamp does, or, where none is
 * asked for, as of now.
 */
export function timeOf(
  { bytes }: Signature,
  { signed, chain }: Intact,
  statement: TrustedStatement,
  now: number,
): Timely | NotaryObjection {
  const { scheme, authenticSigningTime } = signed.attributes;
  if (scheme === 'notary.x509.signingAuthority') return byAuthority(chain, authenticSigningTime);
  const { tsa } = statement.stores;
  const needed = statement.verifyTimestamp === 'always' || chain.some(({ window }) => now > window.notAfter);
  if (tsa === undefined || !needed) return byNow(chain, statement, now);
  if (signed.timestampToken === undefined) return unstamped(statement);
  return byStamp(chain, signed.timestampToken, bytes, tsa);
}

function byAuthority(chain: Chain, time: number | undefined): Timely | NotaryObjection {
  if (time === undefined) return objection('certificate-expired', 'does not say when its signing authority signed');
  const invalid = firstInvalid(chain, time, time);
  if (invalid === undefined) return { until: undefined, stamper: undefined };
  return objection('certificate-expired', `was made at ${dateOf(time)}, when ${invalid}`);
}

function byNow(chain: Chain, statement: TrustedStatement, now: number): Timely | NotaryObjection {
  const invalid = firstInvalid(chain, now, now);
  if (invalid === undefined) {
    return { until: Math.min(...chain.map(({ window }) => window.notAfter)), stamper: undefined };
  }
  const why = statement.stores.tsa === undefined ? `; no time-stamp authority is named by ${titleOf(statement)}` : '';
  return objection('certificate-expired', `is judged as of now, when ${invalid}${why}`);
}

function unstamped(statement: TrustedStatement): NotaryObjection {
  const why = statement.verifyTimestamp === 'always' ? '' : ', as a certificate of its chain has expired';
  return objection('timestamp-missing', `carries no time stamp, and ${titleOf(statement)} asks for one${why}`);
}

function byStamp(
  chain: Chain,
  token: Uint8Array,
  bytes: Uint8Array,
  roots: readonly Certificate[],
): Timely | NotaryObjection {
  const stamp = attempt(() => stampOf(token, bytes, roots));
  if (typeof stamp === 'string') return objection('timestamp-mismatch', `has a time stamp, and ${stamp}`);
  if ('error' in stamp) return objection('timestamp-mismatch', 'has a time stamp, and it does not parse');
  const { earliest, latest } = stamp;
  const invalid = firstInvalid(chain, earliest, latest);
  if (invalid === undefined) return { until: undefined, stamper: stamp.chain };
  return objection(
    'certificate-expired',
    `was stamped between ${dateOf(earliest)} and ${dateOf(latest)}, when ${invalid}`,
  );
}

/** Which certificate is not valid from one time to another, both of which belong to it (RFC 5280 section 4.1.2.5). */
function firstInvalid(chain: Chain, from: number, to: number): string | undefined {
  const found = chain.findIndex(({ window }) => !(window.notBefore <= from && to <= window.notAfter));
  const window = chain[found]?.window;
  if (window === undefined) return undefined;
  const which = found === 0 ? 'its certificate' : 'a CA of its chain';
  return `${which} was not valid (valid from ${dateOf(window.notBefore)} to ${dateOf(window.notAfter)})`;
}

/** Dates of a certificate may be none. */
function dateOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'no time that there is' : date.toISOString();
}

import type { CertificateAuthority } from '../../trust/root/trust-root.ts';
import { attempt } from '../attempt.ts';
import type { Signature } from '../signature.ts';
import { StampCertificates } from './stamp-certificates.ts';
import { stampedAt } from './timestamp.ts';

/** One or two are made; each of them costs the check of several signatures. */
const mostStamps = 8;

/** What a signature's time stamps say, by the authorities that are believed. */
export interface Stamped {
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  /** Why one of them says nothing. */
  readonly problem: string | undefined;
}

/** Several anchors believe the same authorities, and what these say of a signature is the same for all of them. */
const known = new WeakMap<Signature, WeakMap<readonly CertificateAuthority[], Stamped>>();

/** When authorities that are believed saw the signature. */
export function stampsOf(signature: Signature, authorities: readonly CertificateAuthority[]): Stamped {
  const ofSignature = known.get(signature) ?? new WeakMap<readonly CertificateAuthority[], Stamped>();
  known.set(signature, ofSignature);
  let stamped = ofSignature.get(authorities);
  if (stamped === undefined) {
    stamped = readStamps(signature, authorities);
    ofSignature.set(authorities, stamped);
  }
  return stamped;
}

function readStamps(signature: Signature, authorities: readonly CertificateAuthority[]): Stamped {
  const times: number[] = [];
  let problem: string | undefined;
  const { material } = signature;
  if (authorities.length === 0) return { times, problem };
  if (material.timestamps.length > mostStamps) return { times, problem: `there are over ${mostStamps}` };
  const certificates = new StampCertificates();
  for (const response of material.timestamps) {
    const time = attempt(() => stampedAt(response, (hash) => signature.stamped(hash), authorities, certificates));
    if (typeof time === 'number') times.push(time);
    else problem ??= typeof time === 'string' ? time : 'it does not parse';
  }
  return { times, problem };
}

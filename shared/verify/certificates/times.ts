import type { CertificateAuthority } from '../../trust/root/trust-root.ts';
import type { Signature } from '../signature.ts';
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

/** When authorities that are believed saw the signature. A time stamp is over the signature's own bytes. */
export function stampsOf({ material, bytes }: Signature, authorities: readonly CertificateAuthority[]): Stamped {
  const times: number[] = [];
  let problem: string | undefined;
  if (authorities.length === 0) return { times, problem };
  if (material.timestamps.length > mostStamps) return { times, problem: `there are over ${mostStamps}` };
  for (const response of material.timestamps) {
    const time = attempt(() => stampedAt(response, bytes, authorities));
    if (typeof time === 'number') times.push(time);
    else problem ??= time;
  }
  return { times, problem };
}

function attempt(read: () => number | string): number | string {
  try {
    return read();
  } catch {
    return 'it does not parse';
  }
}

/** That a certificate was revoked, as who issued it says. */
export interface Entry {
  /** CRLReason (RFC 5280 section 5.3.1); `undefined`: none is told. */
  readonly reason: number | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Since when it is known or suspected not to have been good; `undefined`: it is not told. */
  readonly invalidSince: number | undefined;
}

/** What is known of one certificate, whoever asks: when it signed is not yet looked at. */
export type Word =
  | {
      readonly known: true;
      /** In the order in which they were said; none: it is not revoked. */
      readonly entries: readonly Entry[];
      /** `the OCSP responder ocsp.example`, `the CRL http://…`; `undefined`: it names nobody who could be asked. */
      readonly from: string | undefined;
      /** Milliseconds since 1970. */
      readonly until: number;
    }
  | { readonly known: false; readonly why: string; readonly until: number };

/** Milliseconds that the clock of whoever says something may be ahead of this one. */
export const mostAhead = 60_000;

/** Why there is no word: of whoever was asked, never of ours. */
export class NoWord extends Error {}

const certificateHold = 6;
export const removeFromCrl = 8;

/** As RFC 5280 section 5.3.1 names them. */
const reasonNames: readonly (string | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/**
 * The entry by which it is revoked. One that says that it was good when it signed does not count. A hold lasts until it is lifted: of these
 * the latest counts.
 */
export function revokedBy(entries: readonly Entry[], signedAt: number | undefined): Entry | undefined {
  let passing: Entry | undefined;
  for (const entry of entries) {
    const { invalidSince, reason, since } = entry;
    if (signedAt !== undefined && invalidSince !== undefined && invalidSince > signedAt) continue;
    if (reason !== certificateHold && reason !== removeFromCrl) return entry;
    if (passing === undefined || since >= passing.since) passing = entry;
  }
  return passing?.reason === certificateHold ? passing : undefined;
}

/** `since 2026-01-01T00:00:00.000Z (keyCompromise)`. */
export function inWords({ since, reason }: Entry): string {
  const name = reason === undefined ? undefined : reasonNames[reason];
  return `since ${iso(since)}${name === undefined ? '' : ` (${name})`}`;
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

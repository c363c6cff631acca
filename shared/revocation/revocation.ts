import type { Spending } from '../net/spending.ts';
import type { Certificate } from '../trust/x509/certificate.ts';

/** What has to be known of a signature before it counts, and changes after it was made. */
export type RevocationQuestion = ChainQuestion | SignerQuestion;

/** Whether any certificate of a chain has been revoked by who issued it (OCSP, RFC 6960; CRL, RFC 5280 section 5). */
export interface ChainQuestion {
  readonly what: 'chain';
  /** The signer's first, the root last; each is issued by the next. A root is asked about by nobody. */
  readonly chain: readonly Certificate[];
  /**
   * When it signed, in milliseconds since 1970, where an authority that is trusted for it says so: what became invalid later does not
   * count. `undefined`: any revocation does.
   */
  readonly signedAt: number | undefined;
}

/** Whether AWS Signer revoked a signing profile, a job or a certificate (`signer:GetRevocationStatus`). */
export interface SignerQuestion {
  readonly what: 'aws-signer';
  readonly profileVersionArn: string;
  readonly jobArn: string;
  /** Of the certificates, the signer's first: SHA-384 of its TBSCertificate and of that of the next, hex; of the root its own twice. */
  readonly certificateHashes: readonly string[];
  /** Milliseconds since 1970. */
  readonly signedAt: number;
}

export interface RevocationAnswer {
  /**
   * `unknown`: nobody could say; under a level that enforces, that is no pass. `too-many`: nobody was asked, since whoever attached
   * signatures brought about more questions than are asked.
   */
  readonly status: 'good' | 'revoked' | 'unknown' | 'too-many';
  /** What was asked of whom, and what was found: `the OCSP responder of CN=…`. For a `good` one: what was not asked, if anything. */
  readonly message: string;
  /** Until when it may be relied on, in milliseconds since 1970: 15 minutes at most. */
  readonly until: number;
}

/** Who asks responders, and remembers what they said. */
export interface Revocations {
  /**
   * Never rejects for what a responder does: that is `unknown`. Rejects with Refusal where the allowance ends first: `deadline`, or
   * `review-too-large`, which whoever attached all that the review had to read has brought about, and is no failure of a responder.
   */
  ask(question: RevocationQuestion, allowance: Spending): Promise<RevocationAnswer>;
}

/** What is known so far, as whoever judges sees it. Pure. */
export interface RevocationView {
  /** The answer; `undefined`: it is not known yet, and now it is noted that it was asked for. */
  of(question: RevocationQuestion): RevocationAnswer | undefined;
}

/** By which a question is told from others: the same question has the same name. */
export function questionName(question: RevocationQuestion): string {
  switch (question.what) {
    case 'chain':
      return JSON.stringify([
        question.what,
        question.signedAt ?? null,
        question.chain.map(({ der }) => der.toString('base64')),
      ]);
    case 'aws-signer':
      return JSON.stringify([
        question.what,
        question.profileVersionArn,
        question.jobArn,
        question.signedAt,
        question.certificateHashes,
      ]);
  }
}
